package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.jobs.console.PassTable;
import java.util.List;
import org.junit.jupiter.api.Test;

class PassTrialsTest {

  private static PassTrials trials(boolean all) {
    return new PassTrials(
        64,
        "y",
        List.of(
            new PassTrials.Trial(List.of("bias-correction", "equalization"), all, 29.7, .9993),
            new PassTrials.Trial(List.of("bias-correction"), !all, 30.9, .9994),
            new PassTrials.Trial(List.of(), false, Double.NaN, .9996)));
  }

  @Test
  void whatIsWrittenIsRead() {
    String text = trials(false).format();
    assertThat(text).contains("\"format-version\" : 1", "\"samples\" : 64", "\"tensor\" : \"y\"");
    assertThat(PassTrials.parse(text, "p")).isEqualTo(trials(false));
    assertThat(trials(false).chosen().passes()).containsExactly("bias-correction");
  }

  @Test
  void damageIsNamed() {
    String text = trials(false).format();
    assertThatThrownBy(() -> PassTrials.parse(text.replace("true", "false"), "p"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("'trials'");
    assertThatThrownBy(() -> PassTrials.parse(text.replace("version\" : 1", "version\" : 2"), "p"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("version");
  }

  @Test
  void thePassThatHurtsIsNamed() {
    assertThat(PassTable.outcome(trials(false)))
        .isEqualTo("without equalization, which hurts: 30.90 dB, and 29.70 with all");
    assertThat(PassTable.outcome(trials(true))).isEqualTo("bias-correction, equalization: kept");
    assertThat(PassTable.lines(trials(true)).get(0)).contains("29.70 dB", "chosen");
    assertThat(PassTable.lines(trials(true)).get(2)).startsWith("no pass");
  }
}
