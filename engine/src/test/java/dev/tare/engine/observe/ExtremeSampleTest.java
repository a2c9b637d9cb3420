package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the definition: of the samples that hold the extreme, the one of the first origin. */
class ExtremeSampleTest {

  private static final int VALUES = 4 * 20;

  /** A sample that gives a tensor these values. */
  record Seen(Sample sample, SampleOrigin origin) {
    static Seen of(float... values) {
      return new Seen(ExtremeSampleTest.sample(values), ExtremeSampleTest.origin(values));
    }

    float[] values() {
      return sample.inputs().get("x").toFloatArray();
    }
  }

  /** What a tensor's values are like. */
  enum Kind {
    GAUSS {
      @Override
      float value(Random random) {
        return (float) random.nextGaussian();
      }
    },
    RELU {
      @Override
      float value(Random random) {
        return Math.max((float) random.nextGaussian(), random.nextBoolean() ? 0.0f : -0.0f);
      }
    },
    CLIPPED {
      @Override
      float value(Random random) {
        return Math.min(Math.max((float) random.nextGaussian(), -1.5f), 1.5f);
      }
    },
    NEAR_ONE {
      @Override
      float value(Random random) {
        return 1 - random.nextInt(4) * 0x1p-24f;
      }
    },
    NEGATIVE {
      @Override
      float value(Random random) {
        return -1 - random.nextInt(1000);
      }
    },
    HARDLY_FINITE {
      @Override
      float value(Random random) {
        return switch (random.nextInt(200)) {
          case 0 -> 3;
          case 1 -> -3;
          case 2 -> Float.MIN_VALUE;
          default -> random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
        };
      }
    },
    NEVER_FINITE {
      @Override
      float value(Random random) {
        return random.nextBoolean() ? Float.NaN : Float.POSITIVE_INFINITY;
      }
    };

    abstract float value(Random random);
  }

  /** Samples of which every fifth is the one before it, read elsewhere. */
  private static List<Seen> samples(Kind kind, int count, long seed) {
    Random random = new Random(seed);
    List<Seen> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] values = new float[VALUES];
      for (int k = 0; k < VALUES; k++) {
        values[k] = kind.value(random);
      }
      if (i % 5 == 4) {
        values = samples.get(i - 1).values();
      }
      samples.add(
          new Seen(
              sample(values),
              origin(values)
                  .at("file" + random.nextInt(3), OptionalLong.of(random.nextInt(1000)))));
    }
    return samples;
  }

  static SampleOrigin origin(float[] values) {
    return SampleOrigin.of(sample(values));
  }

  private static Sample sample(float... values) {
    return Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(values.length), values)));
  }

  private static Optional<SampleOrigin> definition(List<Seen> samples, float extreme) {
    return samples.stream()
        .filter(
            seen -> {
              for (float value : seen.values()) {
                if (value == extreme) {
                  return true;
                }
              }
              return false;
            })
        .map(Seen::origin)
        .sorted()
        .findFirst();
  }

  private static void observe(Observer observer, List<Seen> batch, boolean known) {
    float[] all = new float[batch.size() * VALUES];
    for (int i = 0; i < batch.size(); i++) {
      System.arraycopy(batch.get(i).values(), 0, all, i * VALUES, VALUES);
    }
    observer.observe(
        Floats.direct(all),
        Shape.of(batch.size(), VALUES / 20, 20),
        known ? batch.stream().map(Seen::origin).toList() : List.of());
  }

  private static Statistics observed(ObserverOptions options, List<Seen> samples, int batchSize) {
    Observer observer = Observer.create("x", options);
    for (int i = 0; i < samples.size(); i += batchSize) {
      observe(observer, samples.subList(i, Math.min(samples.size(), i + batchSize)), true);
    }
    return observer.statistics().whole().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void holdersAreThoseOfTheDefinitionForAnyBatchesAndOrder(Kind kind) {
    List<Seen> samples = samples(kind, 100, 17);
    for (ChannelMode mode : ChannelMode.values()) {
      for (int axis : new int[] {1, 2}) {
        for (int batchSize : new int[] {1, 3, 8, 100}) {
          Collections.shuffle(samples, new Random(batchSize));
          Statistics whole =
              observed(new ObserverOptions(10, mode, 5, OptionalInt.of(axis)), samples, batchSize);
          assertThat(whole.minSample())
              .as("%s, axis %d, batches of %d", mode, axis, batchSize)
              .isEqualTo(definition(samples, whole.min()));
          assertThat(whole.maxSample()).isEqualTo(definition(samples, whole.max()));
          assertThat(whole.minSample().isPresent()).isEqualTo(kind != Kind.NEVER_FINITE);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void mergeOfShuffledPartitionsKeepsTheHolders(int partitions) {
    for (Kind kind : Kind.values()) {
      List<Seen> samples = samples(kind, 60, 23);
      Statistics expected = observed(ObserverOptions.ofWhole(), samples, 8);
      Collections.shuffle(samples, new Random(partitions));
      Statistics merged = Statistics.empty(10);
      for (int i = 0; i < partitions; i++) {
        merged =
            observed(
                    ObserverOptions.ofWhole(),
                    samples.subList(60 * i / partitions, 60 * (i + 1) / partitions),
                    1 + i)
                .merge(merged);
      }
      assertThat(merged).as("%s", kind).isEqualTo(expected);
    }
  }

  @Test
  void unknownSamplesHoldAnExtremeUntilAKnownOneReachesIt() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    float[] low = new float[VALUES];
    low[3] = -2;
    float[] high = new float[VALUES];
    high[70] = 5;
    Seen lowest = Seen.of(low);
    Seen highest = Seen.of(high);
    observe(observer, List.of(lowest), true);
    observe(observer, List.of(highest), false);
    Statistics first = observer.statistics().whole().orElseThrow();
    assertThat(first.minSample()).contains(lowest.origin());
    assertThat(first.maxSample()).isEmpty();
    observe(observer, List.of(lowest), false);
    observe(observer, List.of(highest), true);
    Statistics second = observer.statistics().whole().orElseThrow();
    assertThat(second.minSample()).contains(lowest.origin());
    assertThat(second.maxSample()).contains(highest.origin());
  }

  @Test
  void aTensorThatHasNoEqualPartForEachSampleNamesNone() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    List<SampleOrigin> two = List.of(origin(new float[] {1}), origin(new float[] {2}));
    observer.observe(Floats.direct(1, 2, 3), Shape.of(3), two);
    observer.observe(Floats.direct(), Shape.of(2, 0), two);
    Statistics whole = observer.statistics().whole().orElseThrow();
    assertThat(whole.max()).isEqualTo(3);
    assertThat(whole.minSample()).isEmpty();
    assertThat(whole.maxSample()).isEmpty();
  }

  /** Reading is what costs; in a thousand batches of eight only few samples are read again. */
  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"GAUSS", "RELU", "CLIPPED"})
  void fewSamplesAreReadAgain(Kind kind) {
    int batchSize = 8;
    List<Seen> samples = samples(kind, 8000, 29);
    ExtremeSample search = new ExtremeSample();
    int[] tile = new int[VALUES];
    int[] read = new int[1];
    float max = Float.NEGATIVE_INFINITY;
    long inBin = 0;
    for (int i = 0; i < samples.size(); i += batchSize) {
      List<Seen> batch = samples.subList(i, i + batchSize);
      for (Seen seen : batch) {
        for (float value : seen.values()) {
          max = Math.max(max, value);
        }
      }
      int bin = FloatBins.of(10).bin(max);
      for (Seen seen : batch) {
        for (float value : seen.values()) {
          inBin += value > 0 && FloatBins.of(10).bin(value) == bin ? 1 : 0;
        }
      }
      search.update(
          max,
          inBin,
          (position, into, offset, length) -> {
            read[0]++;
            float[] values = batch.get(position / VALUES).values();
            for (int k = 0; k < length; k++) {
              into[offset + k] = Float.floatToRawIntBits(values[position % VALUES + k]);
            }
          },
          batchSize * VALUES,
          batch.stream().map(Seen::origin).toList(),
          tile);
    }
    assertThat(search.holderOf(max)).isEqualTo(definition(samples, max));
    assertThat(read[0]).isBetween(1, 150);
  }
}
