package dev.tare.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PrintableTest {

  @Test
  void whatMovesACursorOrForgesALineIsEscaped() {
    assertThat(Printable.name("a\u001b[31m\nb\r\tc\u0007\u007f\u0085"))
        .isEqualTo("a\\x1b[31m\\nb\\r\\tc\\x07\\x7f\\u0085");
  }

  @Test
  void whatTurnsTheDirectionIsEscaped() {
    assertThat(Printable.name("\u202eabc\u2066d\u2069\u200f\u2028\ufeff"))
        .isEqualTo("\\u202eabc\\u2066d\\u2069\\u200f\\u2028\\ufeff");
    assertThat(Printable.name("\ud800x")).isEqualTo("\\ud800x");
  }

  @Test
  void ordinaryNamesStay() {
    String name = "/encoder/layer.0/MatMul_output_0 \u00e4\u4e2d\ud83d\ude00 'x'";
    assertThat(Printable.name(name)).isEqualTo(name);
  }

  @Test
  void aLongNameIsCutInItsMiddle() {
    String shown = Printable.name("head" + "n".repeat(1_000_000) + "tail");
    assertThat(shown).startsWith("head").endsWith("tail").contains("more)").hasSizeLessThan(250);
    String message =
        Printable.message("model 'm.onnx': node '" + "n".repeat(1_000_000) + "' has no w");
    assertThat(message).startsWith("model 'm.onnx'").endsWith("has no w").hasSizeLessThan(2_100);
  }

  @Test
  void ofAListTheFirstFewAreShownAndTheRestIsCounted() {
    assertThat(Printable.list(List.of("a", "b\nc"))).isEqualTo("a; b\\nc");
    assertThat(Printable.list(List.of("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")))
        .isEqualTo("1; 2; 3; 4; 5; 6; 7; 8; and 2 more");
  }

  @Test
  void aMessageIsOneLineOfPrintableText() {
    assertThat(TareException.badInput("node 'a\u001b[2J\nb'").getMessage())
        .isEqualTo("node 'a\\x1b[2J\\nb'");
    assertThat(TareException.badInput("x".repeat(1_000_000)).getMessage()).hasSizeLessThan(2_100);
  }
}
