package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RescaledChannelsTest {

  private static final List<Float> FACTORS = List.of(.3f, 7f, 1.25f);

  private static Statistics rescaled(ChannelMode mode, float... values) {
    Observer observer = Observer.create("x", ObserverOptions.ofChannels(mode, -1));
    observer.observe(FloatBuffer.wrap(values), Shape.of(values.length / 3, 3));
    TensorStatistics result = RescaledChannels.of(observer.statistics(), FACTORS, List.of(), "y");
    assertThat(result.tensor()).isEqualTo("y");
    assertThat(result.channels()).isEmpty();
    return result.whole().orElseThrow();
  }

  private static float[] products(float... values) {
    float[] products = values.clone();
    for (int i = 0; i < values.length; i++) {
      products[i] *= FACTORS.get(i % 3);
    }
    return products;
  }

  private static Statistics observed(float... values) {
    Observer observer = Observer.create("y", ObserverOptions.ofWhole());
    observer.observe(FloatBuffer.wrap(values), Shape.of(values.length));
    return observer.statistics().whole().orElseThrow();
  }

  @Test
  void itIsNearWhatAnObserverOfTheProductsCounts() {
    Random random = new Random(3);
    float[] values = new float[3 * 4000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 17 == 0 ? 0 : (float) (random.nextGaussian() + i % 3);
    }
    Statistics actual = rescaled(ChannelMode.HISTOGRAM, values);
    Statistics expected = observed(products(values));
    assertThat(actual.min()).isEqualTo(expected.min());
    assertThat(actual.max()).isEqualTo(expected.max());
    assertThat(actual.count()).isEqualTo(expected.count());
    assertThat(actual.zeros()).isEqualTo(expected.zeros());
    for (double at = -6; at < 12; at += .37) {
      assertThat(below(actual, at)).isCloseTo(below(expected, at), within(.002));
    }
  }

  @Test
  void offsetsMoveWhatIsCounted() {
    Random random = new Random(4);
    float[] values = new float[3 * 4000];
    float[] shifted = new float[values.length];
    List<Float> offsets = List.of(-.2f, 3f, .001f);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
      shifted[i] = values[i] * FACTORS.get(i % 3) + offsets.get(i % 3);
    }
    Observer observer = Observer.create("x", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1));
    observer.observe(FloatBuffer.wrap(values), Shape.of(4000, 3));
    TensorStatistics statistics = observer.statistics();
    Statistics actual =
        RescaledChannels.of(statistics, FACTORS, offsets, "y").whole().orElseThrow();
    Statistics expected = observed(shifted);
    assertThat(actual.min()).isEqualTo(expected.min());
    assertThat(actual.max()).isEqualTo(expected.max());
    assertThat(actual.count()).isEqualTo(expected.count());
    for (double at = -6; at < 12; at += .37) {
      assertThat(below(actual, at)).isCloseTo(below(expected, at), within(.002));
    }
    Distribution channel = RescaledChannels.distributions(statistics, FACTORS, offsets).get(1);
    assertThat(channel.min()).isEqualTo(statistics.channels().get(1).min() * 7f + 3f);
  }

  private static double below(Statistics statistics, double value) {
    Distribution distribution = statistics.distribution();
    long below = 0;
    for (int i = 0; i < distribution.bins(); i++) {
      below += distribution.upper(i) <= value ? distribution.count(i) : 0;
    }
    return (double) below / distribution.total();
  }

  /** Single values, repeated values, zeros alone, both signs, and the smallest floats. */
  @Test
  void noValueIsLostOrMadeUp() {
    float tiny = Float.MIN_VALUE;
    for (float[] values :
        new float[][] {
          {1, 2, 3},
          {0, 0, 0},
          {-1, 0, 2, -1, 0, 2},
          {-1, -1, -1, -1.01f, -2, -3},
          {tiny, -tiny, tiny, 2 * tiny, -2 * tiny, 0},
          {-4, 4, 1e30f, -8, 8, -1e30f}
        }) {
      Statistics actual = rescaled(ChannelMode.HISTOGRAM, values);
      Statistics expected = observed(products(values));
      assertThat(actual.count()).isEqualTo(values.length);
      assertThat(actual.min()).isEqualTo(expected.min());
      assertThat(actual.max()).isEqualTo(expected.max());
    }
  }

  @Test
  void channelsWithExtremesGiveExtremes() {
    Statistics actual = rescaled(ChannelMode.EXTREMES, -1, 0, 2, 5, 3, 1);
    assertThat(actual.histogram()).isEmpty();
    assertThat(actual.min()).isEqualTo(-.3f);
    assertThat(actual.max()).isEqualTo(21);
    assertThat(actual.count()).isEqualTo(6);
  }

  @Test
  void otherNumberOfFactorsIsRefused() {
    TensorStatistics none =
        new TensorStatistics("x", Optional.of(observed(1)), OptionalInt.empty(), List.of());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RescaledChannels.of(none, FACTORS, List.of(), "y"))
        .withMessage("Cannot rescale tensor 'x': 0 channels vs 3 factors");
  }
}
