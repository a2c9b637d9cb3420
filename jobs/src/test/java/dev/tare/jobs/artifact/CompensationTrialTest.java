package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.jobs.console.CompensationTable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CompensationTrialTest {

  private static CompensationTrial trial(boolean kept, double with, int changed) {
    return new CompensationTrial(
        kept,
        96,
        32,
        "y",
        new Sensitivity.Score(20, .99),
        new Sensitivity.Score(with, .991),
        List.of(new CompensationTrial.Round("ab", "cd")),
        List.of(
            new CompensationTrial.Product("one", 384, changed, .25),
            new CompensationTrial.Product("two", 384, 0, 0)),
        new TreeMap<>(Map.of("three", "its sum has factors")));
  }

  @Test
  void theDocumentIsReadAsItWasWritten() {
    String text = trial(true, 21.5, 300).format();
    assertThat(CompensationTrial.parse(text, "c")).isEqualTo(trial(true, 21.5, 300));
    assertThat(CompensationTrial.parse(trial(false, Double.NaN, 1).format(), "c").with().sqnrDb())
        .isNaN();
    assertThatThrownBy(() -> CompensationTrial.parse(text.replace("0.25", "1.5"), "c"))
        .isInstanceOf(TareException.class)
        .hasMessage("c, products: 'gained' cannot be 1.5");
    assertThatThrownBy(
            () -> CompensationTrial.parse(text.replace("version\" : 1", "version\" : 2"), "c"))
        .isInstanceOf(TareException.class);
  }

  @Test
  void theConsoleSaysWhetherItWasKeptAndWhy() {
    assertThat(CompensationTable.outcome(trial(true, 21.5, 300)))
        .isEqualTo("kept: 21.50 dB with it, 20.00 dB without, on 32 samples that it does not know");
    assertThat(CompensationTable.outcome(trial(false, 19, 300)))
        .isEqualTo(
            "it hurts; the model stays as it is: 19.00 dB with it, 20.00 dB without, on 32 samples"
                + " that it does not know");
    assertThat(CompensationTable.outcome(trial(false, 20.05, 300)))
        .startsWith("it gains too little; the model stays as it is");
    assertThat(CompensationTable.outcome(trial(false, 20, 0)))
        .isEqualTo("no product gains anything from a line; the model stays as it is");
    assertThat(CompensationTable.lines(trial(true, 21.5, 300)))
        .containsExactly(
            "1 has a line of 2 products compared, lines for 300 of 768 channels",
            "1 product left alone: its sum has factors");
  }
}
