package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.FoldsBlock;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateCodec;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FoldsObserverTest {

  private static final ObserverOptions CHANNELS =
      ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1);

  private static SampleOrigin sample(int number) {
    return SampleOrigin.of(
        ByteBuffer.allocate(32).order(ByteOrder.BIG_ENDIAN).putInt(28, number).array());
  }

  private static List<FoldsBlock> blocks(FoldsObserver observer) {
    List<FoldsBlock> blocks = new ArrayList<>();
    observer.blocks().forEachRemaining(blocks::add);
    return blocks;
  }

  /** The statistics of one fold. */
  private static TensorStatistics fold(List<FoldsBlock> blocks, int fold) {
    return TensorStatistics.ofBlocks(
        blocks.stream().map(block -> block.folds().get(fold)).toList());
  }

  @ParameterizedTest
  @CsvSource({"-1, 6 5 16", "1, 6 70 9", "1, 6 130", "-1, 1 6 8", "0, 1 80", "-2, 3 4 7 5"})
  void aFoldHasTheValuesOfItsSamples(int axis, String dims) {
    long[] size = Arrays.stream(dims.split(" ")).mapToLong(Long::parseLong).toArray();
    int samples = size[0] == 1 ? (size.length > 2 ? (int) size[1] : 1) : (int) size[0];
    Shape shape = Shape.of(size);
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, axis);
    FoldsObserver together = new FoldsObserver("x", options, Observer.room());
    FoldsObserver alone = new FoldsObserver("x", options, Observer.room());
    Observer[] expected = new Observer[FoldsBlock.FOLDS];
    for (int batch = 0; batch < 4; batch++) {
      float[] values = Floats.values(batch, (int) shape.size(), .1);
      List<SampleOrigin> origins = new ArrayList<>();
      int own = values.length / samples;
      for (int i = 0; i < samples; i++) {
        origins.add(sample(batch * 5 + i));
        int fold = (batch * 5 + i) % FoldsBlock.FOLDS;
        float[] part = Arrays.copyOfRange(values, i * own, (i + 1) * own);
        int on = shape.normalizeAxis(axis);
        Shape flat =
            Shape.of(own / shape.dim(on) / shape.stride(on), shape.dim(on), shape.stride(on));
        if (expected[fold] == null) {
          expected[fold] =
              Observer.create(
                  "x",
                  new ObserverOptions(
                      FoldsObserver.MANTISSA_BITS, ChannelMode.EXTREMES, 5, OptionalInt.of(1)));
        }
        expected[fold].observe(Floats.direct(part), flat);
        long[] one = size.clone();
        one[size[0] == 1 && size.length > 2 ? 1 : 0] = 1;
        alone.observe(Floats.direct(part), Shape.of(one), origins.subList(i, i + 1));
      }
      together.observe(Floats.direct(values), shape, origins);
    }
    assertThat(blocks(alone)).isEqualTo(blocks(together));
    for (int fold = 0; fold < FoldsBlock.FOLDS; fold++) {
      TensorStatistics found = fold(blocks(together), fold);
      if (expected[fold] == null) {
        assertThat(found.whole()).contains(Statistics.empty(FoldsObserver.MANTISSA_BITS));
      } else {
        TensorStatistics right = expected[fold].statistics();
        assertThat(found.whole()).isEqualTo(right.whole());
        assertThat(found.channels()).isEqualTo(right.channels());
      }
    }
  }

  @Test
  void foldsDoNotFollowFromTheFirstBitsWhichChooseSamples() {
    for (int number = 0; number < 100; number++) {
      assertThat(FoldsBlock.foldOf(sample(number))).isEqualTo(number % 8);
      assertThat(FoldsBlock.foldOf(sample(number).at("f", OptionalLong.of(3))))
          .isEqualTo(number % 8);
    }
  }

  @Test
  void valuesThatCannotBeDividedAreRefused() {
    FoldsObserver observer = new FoldsObserver("x", CHANNELS, Observer.room());
    ByteBuffer bytes = Floats.direct(new float[12]);
    assertThatThrownBy(() -> observer.observe(bytes, Shape.of(3, 4), List.of()))
        .hasMessage("Cannot divide tensor 'x' of shape [3, 4] among 0 samples");
    assertThatThrownBy(() -> observer.observe(bytes, Shape.of(3, 4), List.of(sample(1), sample(2))))
        .hasMessageStartingWith("Cannot divide tensor 'x' of shape [3, 4] among 2 samples");
    assertThatThrownBy(() -> observer.observe(bytes, Shape.of(3, 8), List.of(sample(1))))
        .hasMessageContaining("48 bytes instead of 24 values");
  }

  private static final FoldsBlock BLOCK = block();

  /** A value in one fold, two in another. */
  private static FoldsBlock block() {
    FoldsObserver observer =
        new FoldsObserver(
            "y", ObserverOptions.ofChannels(ChannelMode.EXTREMES, -1), Observer.room());
    observer.observe(Floats.direct(1, -2), Shape.of(1, 2), List.of(sample(3)));
    observer.observe(
        Floats.direct(.5f, 0, 7, Float.NaN), Shape.of(2, 2), List.of(sample(6), sample(14)));
    return blocks(observer).get(0);
  }

  @Test
  void theFixtureOfVersionOneDecodesForever() throws IOException {
    try (InputStream in = FoldsBlock.class.getResourceAsStream("folds-block-v1.bin")) {
      byte[] fixture = in.readAllBytes();
      assertThat(StateCodec.decode(fixture)).isEqualTo(BLOCK);
      assertThat(StateCodec.encode(BLOCK)).isEqualTo(fixture);
      assertThat(HexFormat.of().formatHex(ContentHash.digest(BLOCK)))
          .isEqualTo("e16e036c8d53b92f5220cb9558d23c40bc334ec326dbcc172b12328005dc8b37");
    }
  }

  @Test
  void bytesThatAreNoEncodingAreRefused() {
    byte[] encoded = StateCodec.encode(BLOCK);
    for (int length = 0; length < encoded.length; length++) {
      byte[] cut = Arrays.copyOf(encoded, length);
      assertThatThrownBy(() -> StateCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> StateCodec.decode(Arrays.copyOf(encoded, encoded.length + 1)))
        .hasMessage("Cannot decode statistics: 1 bytes left over");
    // Whatever decodes is canonical.
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = encoded.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertThat(StateCodec.encode(StateCodec.decode(damaged))).isEqualTo(damaged);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageMatching("(?s)(Cannot decode|Invalid).*");
      }
    }
  }

  @Test
  void foldsThatDifferInMoreThanValuesAreRefused() {
    StatisticsBlock none = StatisticsBlock.ofWhole("x", Statistics.empty(7));
    List<StatisticsBlock> folds = new ArrayList<>(Collections.nCopies(FoldsBlock.FOLDS, none));
    assertThatThrownBy(() -> new FoldsBlock(folds.subList(1, 8)))
        .hasMessage("Invalid folds: 7 instead of 8");
    folds.set(3, StatisticsBlock.ofWhole("x", Statistics.empty(6)));
    assertThatThrownBy(() -> new FoldsBlock(folds)).hasMessageContaining("of different blocks");
    Statistics known =
        new Statistics(1, 1, 0, 0, 0, 0, 0, Statistics.empty(7).histogram())
            .heldBy(Optional.of(sample(1)), Optional.empty());
    folds.set(3, StatisticsBlock.ofWhole("x", known));
    assertThatThrownBy(() -> new FoldsBlock(folds)).hasMessageContaining("one names a sample");
    MergeableState other = StatisticsBlock.ofWhole("y", Statistics.empty(7));
    assertThatThrownBy(() -> BLOCK.merge(other))
        .hasMessage("Cannot merge folds of tensor 'y' with a state of another kind");
    assertThat(BLOCK.key()).isEqualTo(BlockKey.ofWhole("y"));
  }
}
