package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StabilityTest {

  private static final Stability OF_TWO =
      new Stability(
          8, 1234, List.of(new Stability.Change("y", .25), new Stability.Change("x", 1.5)));

  @Test
  void whatIsWrittenIsRead() {
    String text = OF_TWO.format();
    assertThat(text).contains("\"format-version\" : 1", "\"parts\" : 8", "\"largest-db\" : 1.5");
    assertThat(Stability.parse(text, "s")).isEqualTo(OF_TWO);
    assertThat(OF_TWO.tensors()).extracting(Stability.Change::tensor).containsExactly("x", "y");
    assertThat(OF_TWO.sentence())
        .isEqualTo(
            "Twice as many samples would move the output SQNR by at most 1.50 dB (95 %), as far as"
                + " scales of inputs decide it (8 parts of 1,234 samples; most by 'x')");
  }

  @Test
  void damageIsNamed() {
    String text = OF_TWO.format();
    assertThatThrownBy(() -> Stability.parse(text.replace("0.25", "-1"), "s"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("change-db");
    assertThatThrownBy(() -> Stability.parse(text.replace("version\" : 1", "version\" : 2"), "s"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("version");
    assertThatThrownBy(() -> new Stability(8, 1, List.of()))
        .hasMessage("Invalid stability: no tensor");
  }
}
