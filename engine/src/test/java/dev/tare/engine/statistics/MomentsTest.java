package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MomentsTest {

  private static final MomentsBlock BLOCK =
      new MomentsBlock(
          new BlockKey("x", 1, 64),
          66,
          List.of(new Moments(3, 1, units(6), squares(12)), Moments.EMPTY));

  /** A value in units of the smallest float. */
  private static BigInteger units(long value) {
    return BigInteger.valueOf(value).shiftLeft(149);
  }

  private static BigInteger squares(long value) {
    return BigInteger.valueOf(value).shiftLeft(298);
  }

  @Test
  void meanAndVarianceAreRoundedOnce() {
    Moments of = new Moments(3, 0, units(1 + 2 + 4), squares(1 + 4 + 16));
    assertThat(of.mean()).isEqualTo(7.0 / 3);
    assertThat(of.variance()).isEqualTo(14.0 / 9);
    Moments one = new Moments(1, 5, units(-3), squares(9));
    assertThat(one.mean()).isEqualTo(-3);
    assertThat(one.variance()).isZero();
    assertThat(Moments.EMPTY.mean()).isNaN();
    assertThat(Moments.EMPTY.variance()).isNaN();
    // Float64 sums would lose the small value.
    Moments tiny = new Moments(2, 0, BigInteger.ONE, BigInteger.ONE);
    assertThat(tiny.mean()).isEqualTo(Float.MIN_VALUE / 2.0);
  }

  @Test
  void sumsThatNoValuesHaveAreRefused() {
    assertThatThrownBy(() -> new Moments(3, 0, units(4), squares(5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Invalid moments: no 3 finite values beside 0 others have the sum");
    assertThatThrownBy(() -> new Moments(0, 1, BigInteger.ZERO, BigInteger.ONE))
        .hasMessageStartingWith("Invalid moments");
    assertThatThrownBy(() -> new Moments(-1, 0, BigInteger.ZERO, BigInteger.ZERO))
        .hasMessageStartingWith("Invalid moments");
    assertThatThrownBy(
            () ->
                new Moments(Long.MAX_VALUE, 0, BigInteger.ZERO, BigInteger.ZERO)
                    .merge(new Moments(1, 0, BigInteger.ZERO, BigInteger.ZERO)))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void theFixtureOfVersionOneDecodesForever() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("moments-block-v1.bin")) {
      byte[] fixture = in.readAllBytes();
      assertThat(StateCodec.decode(fixture)).isEqualTo(BLOCK);
      assertThat(StateCodec.encode(BLOCK)).isEqualTo(fixture);
      assertThat(HexFormat.of().formatHex(ContentHash.digest(BLOCK)))
          .isEqualTo("482af5c9dfbe24d8fbe4b7de8f0bfcfa767c02fda5f31e2adb50e49c2d5f4ba7");
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
    assertThatThrownBy(() -> StateCodec.decode(padded(encoded)))
        .hasMessage("Cannot decode statistics: a sum is not in its shortest form");
  }

  /** The empty sum of the last row with a byte too many. */
  private static byte[] padded(byte[] encoded) {
    byte[] padded = Arrays.copyOf(encoded, encoded.length + 1);
    padded[encoded.length - 2] = 2;
    padded[encoded.length - 1] = 0;
    return padded;
  }

  @Test
  void statesOfOtherKindsDoNotMerge() {
    StatisticsBlock histograms =
        new StatisticsBlock(
            new BlockKey("x", 1, 64), 66, List.of(Statistics.empty(5), Statistics.empty(5)));
    assertThatThrownBy(() -> BLOCK.merge(histograms))
        .hasMessage(
            "Cannot merge moments of tensor 'x', axis 1, channels from 64 with a state of another kind");
    assertThatThrownBy(() -> histograms.merge(BLOCK))
        .hasMessage(
            "Cannot merge histograms of tensor 'x', axis 1, channels from 64 with a state of another kind");
    assertThat(StateCodec.decode(StateCodec.encode(histograms))).isEqualTo(histograms);
    for (StateKind kind : StateKind.values()) {
      assertThat(StateKind.of(kind.code())).contains(kind);
    }
    assertThat(StateKind.of(0)).isEmpty();
  }
}
