package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GramBlockTest {

  private static final String SET = "ab".repeat(32);

  private static GramBlock block(long count, GramRow... rows) {
    return new GramBlock(new BlockKey("x", 1, 64), 66, SET, count, List.of(rows));
  }

  private static final GramBlock BLOCK =
      block(3, new GramRow(-4, 0, 7, new long[] {300, -200}), row(1, -5, 130));

  private static GramRow row(long saturated, long sum, long... products) {
    return new GramRow(2, saturated, sum, products);
  }

  @Test
  void bytesAreThoseOfTheLayout() {
    byte[] bytes =
        HexFormat.ofDelimiter(" ")
            .parseHex(
                "54 41 52 45 01 03 01 78 02 40 42 "
                    + "ab ".repeat(32)
                    + "03 07 00 0e d8 04 8f 03 04 01 09 84 02");
    assertThat(StateCodec.encode(BLOCK)).isEqualTo(bytes);
    assertThat(StateCodec.decode(bytes)).isEqualTo(BLOCK);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> StateCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    byte[] more = Arrays.copyOf(bytes, bytes.length + 1);
    assertThatThrownBy(() -> StateCodec.decode(more)).hasMessageContaining("1 bytes left over");
    byte[] newer = bytes.clone();
    newer[4] = 3;
    assertThatThrownBy(() -> StateCodec.decode(newer)).hasMessageContaining("version 3");
  }

  /** As the block above, without products of different channels. */
  private static final GramBlock DIAGONAL =
      block(3, new GramRow(-4, 0, 7, new long[] {300}), row(1, -5, 130));

  @Test
  void bytesOfADiagonalAreVersion2() {
    byte[] bytes =
        HexFormat.ofDelimiter(" ")
            .parseHex(
                "54 41 52 45 02 03 01 78 02 40 42 "
                    + "ab ".repeat(32)
                    + "03 07 00 0e d8 04 04 01 09 84 02");
    assertThat(StateCodec.encode(DIAGONAL)).isEqualTo(bytes);
    assertThat(StateCodec.decode(bytes)).isEqualTo(DIAGONAL);
    assertThat(DIAGONAL.diagonal()).isTrue();
    assertThat(BLOCK.diagonal()).isFalse();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> StateCodec.decode(cut)).isInstanceOf(IllegalArgumentException.class);
    }
    // One row has no other channel: it is written as version 1 in either form.
    GramBlock last = new GramBlock(new BlockKey("x", 1, 64), 65, SET, 3, List.of(row(1, -5, 130)));
    byte[] one = StateCodec.encode(last);
    assertThat(one[4]).isEqualTo((byte) 1);
    one[4] = 2;
    assertThatThrownBy(() -> StateCodec.decode(one))
        .hasMessageContaining("version 2 of a block of one row");
  }

  /** Runs with less memory have less; their sum too, whatever the order. */
  @Test
  void sumWithADiagonalIsADiagonal() {
    GramBlock twice = DIAGONAL.merge(DIAGONAL);
    assertThat(twice.diagonal()).isTrue();
    assertThat(twice.rows().get(0).product(0)).isEqualTo(600);
    assertThat(BLOCK.merge(DIAGONAL)).isEqualTo(twice).isEqualTo(DIAGONAL.merge(BLOCK));
    byte[] some = StateCodec.encode(BLOCK.merge(BLOCK).merge(DIAGONAL));
    assertThat(some).isEqualTo(StateCodec.encode(BLOCK.merge(DIAGONAL.merge(BLOCK))));
    assertThat(some).isEqualTo(StateCodec.encode(twice.merge(DIAGONAL)));
    assertThatThrownBy(() -> block(3, new GramRow(-4, 0, 7, new long[] {300}), row(0, 0, 1, 2)))
        .hasMessageContaining("row 65");
  }

  @Test
  void matrixOfADiagonalHasNoOtherProducts() {
    GramMatrix matrix =
        GramMatrix.of("x", 3, Map.of(0, DIAGONAL.rows().get(0), 1, DIAGONAL.rows().get(1)));
    assertThat(matrix.diagonal()).isTrue();
    assertThat(matrix.product(1, 1)).isEqualTo(130 * 16.0);
    assertThatThrownBy(() -> matrix.product(0, 1)).hasMessageContaining("only the diagonal");
    assertThatThrownBy(() -> GramMatrix.of("x", 3, Map.of(0, row(0, 0, 5), 1, row(0, 0, 1, 1))))
        .hasMessageContaining("row 1 of 2");
  }

  /** Mean products (4, 2; 2, 1) and (4, 0; 0, 4), and their diagonals. */
  @Test
  void changeIsTheNormOfTheDifferenceOverThatOfTheBaseline() {
    GramMatrix then = GramMatrix.of("x", 2, Map.of(0, unit(8, 4), 1, unit(2)));
    GramMatrix now = GramMatrix.of("x", 1, Map.of(0, unit(4, 0), 1, unit(4)));
    assertThat(now.change(then)).isEqualTo(Math.sqrt(17 / 25.0));
    assertThat(then.change(then)).isZero();
    GramMatrix alone = GramMatrix.of("x", 1, Map.of(0, unit(4), 1, unit(4)));
    assertThat(alone.change(then)).isEqualTo(Math.sqrt(9 / 17.0));
    assertThatThrownBy(() -> now.change(GramMatrix.of("x", 1, Map.of(0, unit(4)))))
        .hasMessage("Cannot compare Gram matrices of tensor 'x': 1 channels vs 2");
  }

  private static GramRow unit(long... products) {
    return new GramRow(0, 0, 0, products);
  }

  @Test
  void sumsThatNoCodesHaveAreRefused() {
    for (GramRow wrong :
        List.of(row(4, 0, 0), row(0, 4, 5), row(0, 0, 3 * 128 * 128 + 1), row(0, 0, 1, 2))) {
      assertThatThrownBy(() -> block(3, BLOCK.rows().get(0), wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no 3 vectors of codes have row 65");
    }
    assertThatThrownBy(() -> row(0, 0, -1)).hasMessageStartingWith("Invalid row");
    assertThatThrownBy(() -> block(-1, BLOCK.rows().toArray(GramRow[]::new)))
        .hasMessageContaining("-1 vectors");
  }

  /** Of the most channels, with sums as large as can be. */
  @Test
  void largestBlockIsBelow16MiB() {
    long most = GramBlock.MAX_COUNT * 128 * 128;
    List<GramRow> rows = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      long[] products = new long[GramScales.MAX_CHANNELS - i];
      Arrays.fill(products, -most);
      products[0] = most;
      rows.add(new GramRow(127, GramBlock.MAX_COUNT, -GramBlock.MAX_COUNT * 128, products));
    }
    GramBlock block =
        new GramBlock(
            new BlockKey("x", 1, 0), GramScales.MAX_CHANNELS, SET, GramBlock.MAX_COUNT, rows);
    assertThat(StateCodec.encode(block)).hasSizeLessThan(16 << 20).hasSizeGreaterThan(13 << 20);
  }

  @Test
  void countsThatCouldOverflowSumsAreRefused() {
    GramRow[] none = {row(0, 0, 0, 0), row(0, 0, 0)};
    GramBlock full = block(GramBlock.MAX_COUNT, none);
    assertThatThrownBy(() -> full.merge(block(1, none)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("281474976710656 vectors");
  }
}
