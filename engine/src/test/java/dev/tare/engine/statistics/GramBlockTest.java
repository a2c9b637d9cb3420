package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
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
    newer[4] = 2;
    assertThatThrownBy(() -> StateCodec.decode(newer)).hasMessageContaining("version 2");
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

  @Test
  void countsThatCouldOverflowSumsAreRefused() {
    GramRow[] none = {row(0, 0, 0, 0), row(0, 0, 0)};
    GramBlock full = block(GramBlock.MAX_COUNT, none);
    assertThatThrownBy(() -> full.merge(block(1, none)))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("281474976710656 vectors");
  }
}
