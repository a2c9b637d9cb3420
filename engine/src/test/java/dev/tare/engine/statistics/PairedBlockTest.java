package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairedBlockTest {

  private static final String PLAN = "ab".repeat(32);

  /** Codes 1, 2, -3 of the quantized model, 2, 4, -7 of the float one, and a pair outside. */
  private static final PairedSums THREE = new PairedSums(3, 1, 0, -1, 14, 31, 69);

  private static final PairedBlock BLOCK =
      new PairedBlock(
          new BlockKey("x", 1, 64),
          66,
          PLAN,
          List.of(
              new PairedChannel(-4, THREE, PairedSums.EMPTY),
              new PairedChannel(2, PairedSums.EMPTY, THREE)));

  @Test
  void bytesAreThoseOfTheLayout() {
    String three = "03 01 00 01 0e 3e 45 ";
    String none = "00 00 00 00 00 00 00 ";
    byte[] bytes =
        HexFormat.ofDelimiter(" ")
            .parseHex(
                ("54 41 52 45 01 04 01 78 02 40 42 "
                        + "ab ".repeat(32)
                        + ("07 " + three + none)
                        + ("04 " + none + three))
                    .strip());
    assertThat(StateCodec.encode(BLOCK)).isEqualTo(bytes);
    assertThat(StateCodec.decode(bytes)).isEqualTo(BLOCK);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> StateCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    byte[] more = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> StateCodec.decode(more)).hasMessageContaining("1 bytes left over");
    byte[] newer = bytes.clone();
    newer[4] = 2;
    assertThatThrownBy(() -> StateCodec.decode(newer)).hasMessageContaining("version 2");
  }

  @Test
  void otherScalesAndKindsAreRefused() {
    PairedBlock other =
        new PairedBlock(BLOCK.key(), 66, PLAN, List.of(BLOCK.rows().get(0), BLOCK.rows().get(0)));
    assertThatThrownBy(() -> BLOCK.merge(other))
        .hasMessage("Cannot merge paired sums of tensor 'x': channel 65 has scale 2^2 vs 2^-4");
    assertThatThrownBy(
            () ->
                BLOCK.merge(
                    new MomentsBlock(BLOCK.key(), 66, List.of(Moments.EMPTY, Moments.EMPTY))))
        .hasMessageContaining("a state of another kind");
    assertThatThrownBy(() -> new PairedBlock(BLOCK.key(), 66, "plan", BLOCK.rows()))
        .hasMessageContaining("plan 'plan'");
  }

  @Test
  void sumsThatNoPairsHaveAreRefused() {
    assertThatThrownBy(() -> new PairedSums(3, 0, 0, -1, 14, 32, 69))
        .hasMessageStartingWith("Invalid paired sums: no 3 pairs");
    assertThatThrownBy(() -> new PairedSums(0, 0, 0, 0, 1, 0, 0)).hasMessageContaining("Invalid");
    assertThatThrownBy(() -> new PairedSums(1, -1, 0, 0, 0, 0, 0)).hasMessageContaining("Invalid");
    PairedSums most = new PairedSums(PairedSums.MAX_COUNT, 0, 0, 0, 0, 0, 0);
    assertThatThrownBy(() -> most.merge(THREE)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void errorIsThatOfThePairsOnTheLine() {
    // (2-1)^2 + (4-2)^2 + (-7+3)^2, then of the line 2x + 1.
    assertThat(THREE.error(1, 0)).isCloseTo(21, within(1e-9));
    assertThat(THREE.error(2, 1)).isCloseTo(1 + 1 + 4, within(1e-9));
    assertThat(PairedSums.EMPTY.error(2, 1)).isZero();
  }
}
