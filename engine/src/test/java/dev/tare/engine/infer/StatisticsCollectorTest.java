package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsCollectorTest {

  private static final TreeMap<String, ObserverOptions> OBSERVED = new TreeMap<>();

  static {
    OBSERVED.put("relu", ObserverOptions.ofWhole());
    OBSERVED.put("twice", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1));
  }

  @TempDir Path folder;

  /** The statistics by definition: each sample alone, without a model. */
  private static List<TensorStatistics> naive(List<Sample> samples) {
    Observer relu = Observer.create("relu", OBSERVED.get("relu"));
    Observer twice = Observer.create("twice", OBSERVED.get("twice"));
    for (Sample sample : samples) {
      float[] x = TestModels.values(sample);
      float[] positive = new float[x.length];
      float[] sum = new float[x.length];
      for (int i = 0; i < x.length; i++) {
        positive[i] = Math.max(x[i], 0);
        sum[i] = x[i] + x[i];
      }
      List<SampleOrigin> origin = List.of(SampleOrigin.of(sample));
      relu.observe(bytes(positive), Shape.of(1, x.length), origin);
      twice.observe(bytes(sum), Shape.of(1, x.length), origin);
    }
    return List.of(relu.statistics(), twice.statistics());
  }

  private static ByteBuffer bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }

  @Test
  void statisticsAreThoseOfTheMultisetOfSamples() {
    Random random = new Random(12);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      samples.add(TestModels.random(random, 7));
    }
    List<TensorStatistics> expected = naive(samples);
    Path file = TestModels.write(TestModels.elementwise(), folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      for (int batchSize : new int[] {1, 3, 8, 100}) {
        Collections.shuffle(samples, random);
        StatisticsCollector collector = new StatisticsCollector(inference, OBSERVED, batchSize);
        samples.forEach(collector::add);
        assertThat(collector.finish()).as("batches of %d", batchSize).isEqualTo(expected);
        assertThat(collector.samples()).isEqualTo(60);
        assertThat(collector.batches()).isEqualTo((60 + batchSize - 1) / batchSize);
        assertThat(collector.runNanos()).isPositive();
        assertThat(collector.observeNanos()).isPositive();
      }
    }
  }

  @Test
  void samplesOfDifferentShapesAreObservedTogether() {
    Random random = new Random(13);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      samples.add(TestModels.random(random, 1 + random.nextInt(5)));
    }
    TreeMap<String, ObserverOptions> whole = new TreeMap<>();
    whole.put("relu", ObserverOptions.ofWhole());
    Observer expected = Observer.create("relu", ObserverOptions.ofWhole());
    for (Sample sample : samples) {
      float[] x = TestModels.values(sample);
      for (int i = 0; i < x.length; i++) {
        x[i] = Math.max(x[i], 0);
      }
      expected.observe(bytes(x), Shape.of(x.length), List.of(SampleOrigin.of(sample)));
    }
    Path file = TestModels.write(TestModels.elementwise(), folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      StatisticsCollector collector = new StatisticsCollector(inference, whole, 4);
      samples.forEach(collector::add);
      assertThat(collector.finish()).containsExactly(expected.statistics());
    }
  }

  @Test
  void drainedStatisticsComeOnceEachAndNeedNoModel() {
    Random random = new Random(14);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      samples.add(TestModels.random(random, 7));
    }
    Path file = TestModels.write(TestModels.elementwise(), folder.resolve("m.onnx"));
    StatisticsCollector collector;
    Iterator<MergeableState> drained;
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      collector = new StatisticsCollector(inference, OBSERVED, 4);
      samples.forEach(collector::add);
      drained = collector.drain();
      assertThat(collector.batches()).as("with the last one").isEqualTo(3);
    }
    assertThat(drained)
        .toIterable()
        .containsExactlyElementsOf(
            naive(samples).stream().flatMap(s -> s.toBlocks().stream()).toList());
    assertThat(collector.drain()).isExhausted();
  }

  @Test
  void valuesChosenByValueAreCountedSampleBySampleEvenWhereSomeHaveNone() {
    ObserverOptions options = OBSERVED.get(OBSERVED.firstKey());
    Observer expected = Observer.create("chosen", options);
    List<Sample> samples = new ArrayList<>();
    for (float x : new float[] {-1, 2, -3, 4, 5}) {
      samples.add(TestModels.sample(x, -x, x + 3));
      float[] chosen = x > 0 ? new float[] {x, x + 3} : new float[] {-x, x + 3};
      int count = x + 3 > 0 ? 2 : 1;
      expected.observe(
          ByteBuffer.allocate(4 * count)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putFloat(chosen[0])
              .putFloat(4 * (count - 1), chosen[count - 1])
              .clear(),
          Shape.of(count),
          List.of(SampleOrigin.of(samples.get(samples.size() - 1))));
    }
    samples.add(TestModels.sample(-5, -6, -7));
    Path file = TestModels.write(TestModels.choosing(), folder.resolve("m.onnx"));
    SortedMap<String, ObserverOptions> chosen = new TreeMap<>(Map.of("chosen", options));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      StatisticsCollector collector = new StatisticsCollector(inference, chosen, 1);
      samples.forEach(collector::add);
      assertThat(collector.finish()).containsExactly(expected.statistics());
    }
  }

  @Test
  void batchesWhoseValuesCannotBeToldApartAreRefused() {
    ObserverOptions options = OBSERVED.get(OBSERVED.firstKey());
    Path file = TestModels.write(TestModels.choosing(), folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      StatisticsCollector collector =
          new StatisticsCollector(inference, new TreeMap<>(Map.of("chosen", options)), 2);
      collector.add(TestModels.sample(1, 2));
      collector.add(TestModels.sample(1, -2));
      collector.add(TestModels.sample(-1, -2));
      assertThatThrownBy(() -> collector.add(TestModels.sample(1, -2)))
          .isInstanceOf(InferenceException.class)
          .hasMessage(
              "The shape of 'chosen' in model 'm.onnx' depends on values: [3] and [1] for batches"
                  + " of equal shapes; its samples must run one at a time (a batch size of 1)");
    }
  }

  @Test
  void nothingSeenIsEmpty() {
    Path file = TestModels.write(TestModels.elementwise(), folder.resolve("m.onnx"));
    try (Session inference = OrtRuntime.INSTANCE.open(file, TestModels.OPTIONS)) {
      StatisticsCollector collector = new StatisticsCollector(inference, OBSERVED, 4);
      assertThat(collector.finish())
          .extracting(t -> t.whole().orElseThrow().count())
          .containsExactly(0L, 0L);
      assertThat(collector.batches()).isZero();
    }
  }
}
