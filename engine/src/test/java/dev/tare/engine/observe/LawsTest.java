package dev.tare.engine.observe;

import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.FoldsBlock;
import dev.tare.engine.statistics.GramBlock;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.statistics.GramScales;
import dev.tare.engine.statistics.Moments;
import dev.tare.engine.statistics.MomentsBlock;
import dev.tare.engine.statistics.PairedBlock;
import dev.tare.engine.statistics.PairedChannel;
import dev.tare.engine.statistics.PairedSums;
import dev.tare.engine.statistics.StateCodec;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.StatisticsBlockCodec;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Nested;

class LawsTest {

  private static final ObserverOptions CHANNELS =
      ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1);

  private static Statistics row(int mantissaBits, List<float[]> rows) {
    List<Float> values = new ArrayList<>();
    rows.forEach(
        floats -> {
          for (float value : floats) {
            values.add(value);
          }
        });
    return NaiveStatistics.of(mantissaBits, values);
  }

  private static TensorStatistics observed(ObserverOptions options, List<float[]> rows) {
    Observer observer = Observer.create("x", options);
    for (float[] values : rows) {
      observer.observe(Floats.direct(values), Shape.of(1, values.length));
    }
    return observer.statistics();
  }

  private static byte[] encoded(TensorStatistics statistics) {
    ContentHash hash = new ContentHash();
    statistics.toBlocks().forEach(hash::add);
    return hash.sha256Hex().getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }

  @Nested
  class OfStatistics extends MergeLaws<Statistics> {
    @Override
    Statistics identity() {
      return Statistics.empty(6);
    }

    @Override
    Statistics of(List<float[]> rows) {
      return row(6, rows);
    }

    @Override
    Statistics merge(Statistics left, Statistics right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(Statistics state) {
      return StatisticsBlockCodec.encode(StatisticsBlock.ofWhole("x", state));
    }

    @Override
    Statistics incompatible() {
      return Statistics.emptyExtremes();
    }

    @Override
    String refusal() {
      return "Cannot merge statistics: 6 mantissa bits vs no histogram";
    }
  }

  /** Statistics that name the samples of their extremes, all or some of them. */
  @Nested
  class OfStatisticsOfSamples extends OfStatistics {
    @Override
    Statistics identity() {
      return Statistics.empty(10);
    }

    @Override
    Statistics of(List<float[]> rows) {
      Statistics sum = identity();
      for (float[] values : rows) {
        Observer observer = Observer.create("x", ObserverOptions.ofWhole());
        SampleOrigin origin = ExtremeSampleTest.origin(values);
        boolean known = !Character.isDigit(origin.sha256().charAt(0)) || values[0] > 0;
        observer.observe(
            Floats.direct(values), Shape.of(1, values.length), known ? List.of(origin) : List.of());
        sum = sum.merge(observer.statistics().whole().orElseThrow());
      }
      return sum;
    }

    @Override
    String refusal() {
      return "Cannot merge statistics: 10 mantissa bits vs no histogram";
    }
  }

  @Nested
  class OfHistogram extends MergeLaws<Histogram> {
    @Override
    Histogram identity() {
      return Histogram.empty(9);
    }

    @Override
    Histogram of(List<float[]> rows) {
      return row(9, rows).histogram().orElseThrow();
    }

    @Override
    Histogram merge(Histogram left, Histogram right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(Histogram state) {
      return (Arrays.toString(state.bins()) + Arrays.toString(state.counts()))
          .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Override
    Histogram incompatible() {
      return Histogram.empty(8);
    }

    @Override
    String refusal() {
      return "Cannot merge histograms: 9 mantissa bits vs 8";
    }
  }

  @Nested
  class OfStatisticsBlock extends MergeLaws<StatisticsBlock> {
    @Override
    StatisticsBlock identity() {
      return new StatisticsBlock(
          new BlockKey("x", 1, 64), 70, java.util.Collections.nCopies(6, Statistics.empty(5)));
    }

    @Override
    StatisticsBlock of(List<float[]> rows) {
      return observed(CHANNELS, rows).toBlocks().get(2);
    }

    @Override
    StatisticsBlock merge(StatisticsBlock left, StatisticsBlock right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(StatisticsBlock state) {
      return StatisticsBlockCodec.encode(state);
    }

    @Override
    StatisticsBlock incompatible() {
      return new StatisticsBlock(
          new BlockKey("x", 1, 64), 69, java.util.Collections.nCopies(5, Statistics.empty(5)));
    }

    @Override
    String refusal() {
      return "Cannot merge statistics of tensor 'x': 70 channels vs 69";
    }
  }

  @Nested
  class OfTensorStatistics extends MergeLaws<TensorStatistics> {
    @Override
    TensorStatistics identity() {
      return TensorStatistics.ofWhole("x", Statistics.empty(10));
    }

    @Override
    TensorStatistics of(List<float[]> rows) {
      return observed(ObserverOptions.ofChannels(ChannelMode.EXTREMES, 1), rows);
    }

    @Override
    TensorStatistics merge(TensorStatistics left, TensorStatistics right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(TensorStatistics state) {
      return encoded(state);
    }

    @Override
    TensorStatistics incompatible() {
      return new TensorStatistics(
          "x",
          Optional.of(Statistics.empty(10)),
          OptionalInt.of(1),
          List.of(Statistics.emptyExtremes()));
    }

    @Override
    String refusal() {
      return "Cannot merge statistics of tensor 'x': 70 channels vs 1";
    }
  }

  /** States of observers that saw parts of the rows. */
  @Nested
  class OfObserver extends OfTensorStatistics {
    @Override
    TensorStatistics identity() {
      return observed(CHANNELS, List.of());
    }

    @Override
    TensorStatistics of(List<float[]> rows) {
      return observed(CHANNELS, rows);
    }

    @Override
    TensorStatistics incompatible() {
      return TensorStatistics.ofWhole("x", row(9, List.of(new float[] {1})));
    }

    @Override
    String refusal() {
      return "Cannot merge statistics of tensor 'x': 10 mantissa bits vs 9 mantissa bits";
    }
  }

  @Nested
  class OfMomentsBlock extends MergeLaws<MomentsBlock> {
    @Override
    MomentsBlock identity() {
      return new MomentsBlock(
          new BlockKey("x", 1, 64), 70, java.util.Collections.nCopies(6, Moments.EMPTY));
    }

    @Override
    MomentsBlock of(List<float[]> rows) {
      MomentsObserver observer = new MomentsObserver("x", CHANNELS, Observer.room());
      for (float[] values : rows) {
        observer.observe(Floats.direct(values), Shape.of(1, values.length), List.of());
      }
      List<MomentsBlock> blocks = new ArrayList<>();
      observer.blocks().forEachRemaining(blocks::add);
      return blocks.get(2);
    }

    @Override
    MomentsBlock merge(MomentsBlock left, MomentsBlock right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(MomentsBlock state) {
      return StateCodec.encode(state);
    }

    @Override
    MomentsBlock incompatible() {
      return new MomentsBlock(
          new BlockKey("x", 1, 64), 69, java.util.Collections.nCopies(5, Moments.EMPTY));
    }

    @Override
    String refusal() {
      return "Cannot merge statistics of tensor 'x': 70 channels vs 69";
    }
  }

  /** Rows of either half by their first value; the float model has the values turned round. */
  @Nested
  class OfPairedBlock extends MergeLaws<PairedBlock> {

    private static final List<Integer> EXPONENTS = java.util.Collections.nCopies(70, -9);

    private PairedBlock empty(String plan) {
      return new PairedBlock(
          new BlockKey("x", 1, 64),
          70,
          plan,
          java.util.Collections.nCopies(
              6, new PairedChannel(-9, PairedSums.EMPTY, PairedSums.EMPTY)));
    }

    @Override
    PairedBlock identity() {
      return empty("ab".repeat(32));
    }

    @Override
    PairedBlock of(List<float[]> rows) {
      PairedObserver observer = new PairedObserver("x", -1, EXPONENTS, "ab".repeat(32));
      for (float[] values : rows) {
        float[] turned = new float[values.length];
        for (int i = 0; i < turned.length; i++) {
          turned[i] = values[values.length - 1 - i];
        }
        Shape shape = Shape.of(1, values.length);
        observer.expect(Floats.direct(turned), shape);
        observer.observe(Floats.direct(values), shape, values[0] > 0);
      }
      List<PairedBlock> blocks = new ArrayList<>();
      observer.blocks().forEachRemaining(blocks::add);
      return rows.isEmpty() ? identity() : blocks.get(1);
    }

    @Override
    PairedBlock merge(PairedBlock left, PairedBlock right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(PairedBlock state) {
      return StateCodec.encode(state);
    }

    @Override
    PairedBlock incompatible() {
      return empty("cd".repeat(32));
    }

    @Override
    String refusal() {
      return "Cannot merge paired sums of tensor 'x': one is under plan abababababababab, the other"
          + " under plan cdcdcdcdcdcdcdcd";
    }
  }

  /** Each row is a sample, whose fold follows from its values. */
  @Nested
  class OfFoldsBlock extends MergeLaws<FoldsBlock> {

    private FoldsBlock empty(int channels) {
      BlockKey key = new BlockKey("x", 1, 64);
      return new FoldsBlock(
          java.util.Collections.nCopies(
              FoldsBlock.FOLDS, FoldsBlock.empty(key, channels, channels - 64, 0)));
    }

    @Override
    FoldsBlock identity() {
      return empty(70);
    }

    @Override
    FoldsBlock of(List<float[]> rows) {
      FoldsObserver observer = new FoldsObserver("x", CHANNELS, Observer.room());
      for (float[] values : rows) {
        observer.observe(
            Floats.direct(values),
            Shape.of(1, values.length),
            List.of(ExtremeSampleTest.origin(values)));
      }
      List<FoldsBlock> blocks = new ArrayList<>();
      observer.blocks().forEachRemaining(blocks::add);
      return blocks.get(2);
    }

    @Override
    FoldsBlock merge(FoldsBlock left, FoldsBlock right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(FoldsBlock state) {
      return StateCodec.encode(state);
    }

    @Override
    FoldsBlock incompatible() {
      return empty(69);
    }

    @Override
    String refusal() {
      return "Cannot merge statistics of tensor 'x': 70 channels vs 69";
    }
  }

  @Nested
  class OfGramBlock extends MergeLaws<GramBlock> {

    private static final List<Integer> EXPONENTS = java.util.Collections.nCopies(70, -3);

    /** Name of the matrix. */
    String matrix() {
      return "x";
    }

    private GramBlock empty(int channels, GramScales scales) {
      List<GramRow> rows = new ArrayList<>();
      for (int j = 64; j < channels; j++) {
        rows.add(new GramRow(scales.exponents().get(j), 0, 0, new long[channels - j]));
      }
      return new GramBlock(new BlockKey(matrix(), 1, 64), channels, scales.sha256(), 0, rows);
    }

    @Override
    GramBlock identity() {
      return empty(70, new GramScales(EXPONENTS));
    }

    GramObserver observer() {
      return new GramObserver("x", -1, new GramScales(EXPONENTS), new PlainCodeProducts());
    }

    Shape shape(int values) {
      return Shape.of(1, values);
    }

    @Override
    GramBlock of(List<float[]> rows) {
      GramObserver observer = observer();
      for (float[] values : rows) {
        observer.observe(Floats.direct(values), shape(values.length), List.of());
      }
      List<GramBlock> blocks = new ArrayList<>();
      observer.blocks().forEachRemaining(blocks::add);
      return blocks.get(1);
    }

    @Override
    GramBlock merge(GramBlock left, GramBlock right) {
      return left.merge(right);
    }

    @Override
    byte[] bytes(GramBlock state) {
      return StateCodec.encode(state);
    }

    @Override
    GramBlock incompatible() {
      List<Integer> other = new ArrayList<>(EXPONENTS);
      other.set(0, -2);
      return empty(70, new GramScales(other));
    }

    @Override
    String refusal() {
      return "Cannot merge Gram matrices of tensor '%s': scale set %s vs %s; collect both with the same --gram-scales"
          .formatted(
              matrix(),
              new GramScales(EXPONENTS).sha256().substring(0, 16),
              incompatible().scaleSet().substring(0, 16));
    }
  }

  /** Of patches: ten channels with seven taps each. */
  @Nested
  class OfGramBlockOfPatches extends OfGramBlock {

    final Patches patches =
        new Patches(List.of(7), List.of(1), List.of(1), List.of(3, 3), Patches.Padding.GIVEN);

    @Override
    String matrix() {
      return "x[7 pads 3x3]";
    }

    @Override
    GramObserver observer() {
      GramScales scales = new GramScales(java.util.Collections.nCopies(10, -3)).repeated(7);
      return GramObserver.ofPatches("x", patches, scales, new PlainCodeProducts());
    }

    @Override
    Shape shape(int values) {
      return Shape.of(1, 10, values / 10);
    }
  }

  /** Of ten channels with seven taps each, the squares alone. */
  @Nested
  class OfGramBlockOfDiagonal extends OfGramBlockOfPatches {

    @Override
    GramObserver observer() {
      GramScales scales = new GramScales(java.util.Collections.nCopies(10, -3)).repeated(7);
      return GramObserver.ofDiagonal("x", 1, Optional.of(patches), scales);
    }
  }
}
