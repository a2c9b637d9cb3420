package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Floats;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StatisticsBlockCodecTest {

  /** Two zeros, a NaN, an infinity, -1.5 and three values 1.0, in bins of one mantissa bit. */
  private static final String WHOLE =
      "54415245" // magic
          + "01" // version
          + "01" // kind
          + "0178" // name "x"
          + "00" // whole tensor
          + "00" // first channel
          + "01" // channels
          + "01" // mantissa bits
          + "08" // count
          + "02" // zeros
          + "01" // NaNs
          + "01" // +Infs
          + "00" // -Infs
          + "0000c0bf" // min -1.5
          + "0000803f" // max 1.0
          + "02" // bins
          + "ff03" // bin -256: zigzag 511
          + "00" // one value
          + "fd03" // bin 254 follows: difference 510, less 1
          + "02"; // three values

  private static final StatisticsBlock BLOCK =
      StatisticsBlock.ofWhole(
          "x",
          new Statistics(
              8,
              2,
              1,
              1,
              0,
              -1.5f,
              1,
              Optional.of(Histogram.of(1, new int[] {-256, 254}, new long[] {1, 3}))));

  private static final String MIN_HASH = "0a".repeat(32);
  private static final String MAX_HASH = "f1".repeat(32);

  /** The same, with the samples of both extremes: row 300 of file "f/ü", and one of no place. */
  private static final String WITH_SAMPLES =
      WHOLE.replaceFirst("544152450101", "544152450201")
          + "03" // both are known
          + MIN_HASH
          + "02" // file and row
          + "04" // bytes of the file's name
          + "662fc3bc" // f/ü
          + "ac02" // row 300
          + MAX_HASH
          + "00"; // no place

  private static StatisticsBlock withSamples(String minHash, String file, OptionalLong row) {
    return StatisticsBlock.ofWhole(
        "x",
        BLOCK
            .rows()
            .get(0)
            .heldBy(
                Optional.of(new SampleOrigin(minHash, Optional.of(file), row)),
                Optional.of(new SampleOrigin(MAX_HASH, Optional.empty(), OptionalLong.empty()))));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  private static void assertRefused(String hex, String message) {
    assertThatThrownBy(() -> StatisticsBlockCodec.decode(bytes(hex)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void bytesAreThoseOfTheTable() {
    assertThat(HexFormat.of().formatHex(StatisticsBlockCodec.encode(BLOCK))).isEqualTo(WHOLE);
    assertThat(StatisticsBlockCodec.decode(bytes(WHOLE))).isEqualTo(BLOCK);
  }

  @Test
  void samplesOfExtremesFollowInVersionTwo() {
    StatisticsBlock block = withSamples(MIN_HASH, "f/ü", OptionalLong.of(300));
    assertThat(HexFormat.of().formatHex(StatisticsBlockCodec.encode(block)))
        .isEqualTo(WITH_SAMPLES);
    assertThat(StatisticsBlockCodec.decode(bytes(WITH_SAMPLES))).isEqualTo(block);
    StatisticsBlock one =
        StatisticsBlock.ofWhole(
            "x",
            BLOCK
                .rows()
                .get(0)
                .heldBy(
                    Optional.empty(),
                    Optional.of(SampleOrigin.of(bytes(MAX_HASH)).at("g", OptionalLong.empty()))));
    String encoded = HexFormat.of().formatHex(StatisticsBlockCodec.encode(one));
    assertThat(encoded).endsWith("02" + MAX_HASH + "01" + "01" + "67");
    assertThat(StatisticsBlockCodec.decode(bytes(encoded))).isEqualTo(one);
  }

  @Test
  void contentIsOfSamplesAndNotOfTheirPlaces() {
    byte[] content = ContentHash.digest(withSamples(MIN_HASH, "f", OptionalLong.of(1)));
    assertThat(ContentHash.digest(withSamples(MIN_HASH, "g", OptionalLong.empty())))
        .isEqualTo(content);
    assertThat(ContentHash.digest(withSamples("0b".repeat(32), "f", OptionalLong.of(1))))
        .isNotEqualTo(content);
    assertThat(ContentHash.digest(BLOCK)).isNotEqualTo(content);
    assertThat(
            HexFormat.of()
                .formatHex(
                    StatisticsBlockCodec.encodeContent(
                        withSamples(MIN_HASH, "f", OptionalLong.of(1)))))
        .endsWith("03" + MIN_HASH + "00" + MAX_HASH + "00");
  }

  @Test
  void hostileSamplesAreRefusedByWhatIsWrong() {
    String row = WHOLE.replaceFirst("544152450101", "544152450201");
    assertRefused(row, "Cannot decode statistics: truncated at byte 32, in known samples");
    assertRefused(row + "00", "Cannot decode statistics: known samples 0");
    assertRefused(row + "04", "Cannot decode statistics: known samples 4");
    assertRefused(row + "01" + MIN_HASH + "03", "Cannot decode statistics: place of a sample 3");
    assertRefused(row + "01" + MIN_HASH + "0101ff", "Cannot decode statistics: file is not UTF-8");
    assertRefused(row + "01" + MIN_HASH + "0100", "Invalid file of a sample: ''");
    assertRefused(
        row + "01" + MIN_HASH + "01818004",
        "Cannot decode statistics: length of a file's name 65537 is above 65536");
    assertRefused(
        row.replaceFirst("017800", "017801") + "01" + MIN_HASH + "00",
        "Invalid block of tensor 'x', axis 0, channels from 0:"
            + " only whole tensors know the samples of extremes");
    assertRefused(
        "544152450201"
            + "0178"
            + "000001"
            + "00"
            + "0100010000"
            + "0000c07f0000c07f"
            + "01"
            + MIN_HASH
            + "00",
        "Invalid statistics: a sample holds an extreme, but there is no finite value");
  }

  @Test
  void theFixtureOfVersionTwoDecodesForever() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("statistics-block-v2.bin")) {
      byte[] fixture = in.readAllBytes();
      StatisticsBlock block = StatisticsBlockCodec.decode(fixture);
      assertThat(block).isEqualTo(withSamples(MIN_HASH, "f/ü", OptionalLong.of(300)));
      assertThat(StatisticsBlockCodec.encode(block)).isEqualTo(fixture);
    }
  }

  @Test
  void observedBlocksSurviveARoundTrip() {
    for (ChannelMode mode : ChannelMode.values()) {
      Observer observer =
          Observer.create(
              "größe/テンソル", new ObserverOptions(10, mode, 7, java.util.OptionalInt.of(1)));
      observer.observe(Floats.direct(Floats.values(1, 1000, 0.1)), Shape.of(10, 100));
      TensorStatistics statistics = observer.statistics();
      List<StatisticsBlock> decoded =
          statistics.toBlocks().stream()
              .map(block -> StatisticsBlockCodec.decode(StatisticsBlockCodec.encode(block)))
              .toList();
      assertThat(TensorStatistics.ofBlocks(decoded)).isEqualTo(statistics);
    }
  }

  @Test
  void theFixtureOfVersionOneDecodesForever() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("statistics-block-v1.bin")) {
      byte[] fixture = in.readAllBytes();
      StatisticsBlock block = StatisticsBlockCodec.decode(fixture);
      assertThat(block.key()).isEqualTo(new BlockKey("x", 1, 64));
      assertThat(block.channels()).isEqualTo(70);
      assertThat(block.rows()).hasSize(6);
      assertThat(block.mantissaBits()).isEqualTo(5);
      assertThat(StatisticsBlockCodec.encode(block)).isEqualTo(fixture);
      assertThat(HexFormat.of().formatHex(ContentHash.digest(block)))
          .isEqualTo("190441c59f7e04369dc1e443129a9350a5cc8e2649b545f03ced299c97ddae36");
    }
  }

  @Test
  void truncatedBytesAreRefusedEverywhere() {
    byte[] whole = bytes(WITH_SAMPLES);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> StatisticsBlockCodec.decode(cut))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("Cannot decode statistics: ");
    }
  }

  @Test
  void alteredBytesDecodeToThemselvesOrAreRefused() {
    Random random = new Random(11);
    for (int round = 0; round < 40_000; round++) {
      byte[] altered = bytes(round % 2 == 0 ? WHOLE : WITH_SAMPLES);
      for (int i = 0; i <= round % 3; i++) {
        altered[random.nextInt(altered.length)] = (byte) random.nextInt();
      }
      try {
        StatisticsBlock block = StatisticsBlockCodec.decode(altered);
        assertThat(StatisticsBlockCodec.encode(block)).isEqualTo(altered);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageMatching("(?s)(Cannot decode|Invalid) .*");
      }
    }
  }

  @Test
  void hostileBytesAreRefusedByWhatIsWrong() {
    assertRefused(
        WHOLE.replaceFirst("544152450101", "544152450301"),
        "Cannot decode statistics: magic 45524154, version 3, kind 1 instead of 45524154, 1 to 2, 1");
    assertRefused(WHOLE + "00", "Cannot decode statistics: 1 bytes left over");
    assertRefused(
        WHOLE.replaceFirst("0178", "818000" + "78"),
        "Cannot decode statistics: name length is not in its shortest form");
    assertRefused(
        WHOLE.replaceFirst("0178", "ffffff7f" + "78"),
        "Cannot decode statistics: name length 268435455 is above 65536");
    assertRefused(
        WHOLE.replaceFirst("0178", "01ff"), "Cannot decode statistics: name is not UTF-8");
    assertRefused(
        WHOLE.replaceFirst("0802", "ffffffffffffffffff0102"),
        "Cannot decode statistics: count has more than 63 bits");
    assertRefused(
        WHOLE.replaceFirst("803f02", "803fffff7f"),
        "Cannot decode statistics: number of bins 2097151 is above 4");
    assertRefused(
        WHOLE.replaceFirst("0000803f", "00000080"),
        "Cannot decode statistics: extreme 80000000 is not canonical");
    assertRefused(
        WHOLE.replaceFirst("0000803f", "0100c07f"),
        "Cannot decode statistics: extreme 7fc00001 is not canonical");
    assertRefused(
        WHOLE.replaceFirst("0802", "0902"),
        "Invalid statistics: count 9 vs zeros 2 + nans 1 + +infs 1 + -infs 0 + binned 4");
  }

  @Test
  void contentHashDoesNotDependOnTheOrderOfBlocks() {
    StatisticsBlock other = StatisticsBlock.ofWhole("ａ", Statistics.empty(3));
    StatisticsBlock astral = StatisticsBlock.ofWhole("😀", Statistics.empty(3));
    String forward = new ContentHash().add(BLOCK).add(other).add(astral).sha256Hex();
    assertThat(new ContentHash().add(astral).add(other).add(BLOCK).sha256Hex()).isEqualTo(forward);
    assertThat(other.key()).isLessThan(astral.key());
    assertThat(new ContentHash().add(BLOCK).sha256Hex()).isNotEqualTo(forward);
    assertThatThrownBy(() -> new ContentHash().add(BLOCK).add(BLOCK))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot add tensor 'x' to a content hash twice");
    assertThatThrownBy(() -> new ContentHash().add(BLOCK.key(), new byte[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot add tensor 'x' to a content hash: a digest of 3 bytes instead of 32");
  }
}
