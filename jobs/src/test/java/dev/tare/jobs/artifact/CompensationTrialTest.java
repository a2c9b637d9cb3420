package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CompensationTrial.Verdict;
import dev.tare.jobs.console.CompensationTable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CompensationTrialTest {

  private static CompensationTrial trial(Verdict verdict, double with, int changed) {
    return new CompensationTrial(
        verdict,
        96,
        32,
        "y",
        new Sensitivity.Score(20, .99),
        new Sensitivity.Score(with, .991),
        changed == 0 ? Optional.empty() : Optional.of(new Interval(-.25, 2.5)),
        List.of(new CompensationTrial.Round("ab", "cd")),
        List.of(
            new CompensationTrial.Product("one", 1, 384, changed, .25),
            new CompensationTrial.Product("two", 1, 384, 0, 0)),
        new TreeMap<>(Map.of("three", "its sum has factors")));
  }

  @Test
  void theDocumentIsReadAsItWasWritten() {
    for (Verdict verdict : Verdict.values()) {
      CompensationTrial trial = trial(verdict, 21.5, verdict == Verdict.NO_LINE ? 0 : 300);
      assertThat(CompensationTrial.parse(trial.format(), "c")).isEqualTo(trial);
    }
    String text = trial(Verdict.KEPT, 21.5, 300).format();
    assertThat(
            CompensationTrial.parse(trial(Verdict.WORSE, Double.NaN, 1).format(), "c")
                .with()
                .sqnrDb())
        .isNaN();
    refused(
        text.replace("\"gained\" : 0.25", "\"gained\" : 1.5"),
        "c, products: 'gained' cannot be 1.5");
    refused(text.replace("-0.25", "3"), "c, gain-db: 'high' cannot be 2.5");
    refused(text.replace("\"kept\" : true", "\"kept\" : false"), "c: 'verdict' cannot be \"kept\"");
    assertThatThrownBy(
            () -> CompensationTrial.parse(text.replace("version\" : 1", "version\" : 2"), "c"))
        .isInstanceOf(TareException.class);
  }

  private static void refused(String text, String message) {
    assertThatThrownBy(() -> CompensationTrial.parse(text, "c"))
        .isInstanceOf(TareException.class)
        .hasMessage(message);
  }

  /** As they were before the gain had an interval. */
  @Test
  void earlierDocumentsAreExplainedByTheirFigures() {
    assertThat(earlier(trial(Verdict.KEPT, 21.5, 300)).verdict()).isEqualTo(Verdict.KEPT);
    assertThat(earlier(trial(Verdict.NO_LINE, 20, 0)).verdict()).isEqualTo(Verdict.NO_LINE);
    assertThat(earlier(trial(Verdict.WORSE, 19, 300)).verdict()).isEqualTo(Verdict.WORSE);
    CompensationTrial cosine =
        new CompensationTrial(
            Verdict.WORSE,
            96,
            32,
            "y",
            new Sensitivity.Score(20, .99),
            new Sensitivity.Score(20.5, .98),
            Optional.empty(),
            List.of(),
            trial(Verdict.WORSE, 19, 300).products(),
            new TreeMap<>());
    assertThat(earlier(cosine).verdict()).isEqualTo(Verdict.WORSE);
    CompensationTrial little = earlier(trial(Verdict.UNCERTAIN, 20.05, 300));
    assertThat(little.verdict()).isEqualTo(Verdict.TOO_LITTLE);
    assertThat(little.gainDb()).isEmpty();
    assertThat(CompensationTable.outcome(little))
        .isEqualTo(
            "it gains too little; the model stays as it is: 20.05 dB with it, 20.00 dB without, on"
                + " 32 samples that it does not know");
  }

  private static CompensationTrial earlier(CompensationTrial trial) {
    ObjectNode root = StrictJson.parse(trial.format(), "c");
    root.remove(List.of("verdict", "gain-db"));
    return CompensationTrial.parse(StrictJson.format(root), "c");
  }

  @Test
  void theConsoleSaysWhetherItWasKeptAndWhy() {
    String gain = ", a gain of -0.25 to 2.50 dB by a paired bootstrap (95 %)";
    assertThat(CompensationTable.outcome(trial(Verdict.KEPT, 21.5, 300)))
        .isEqualTo(
            "kept: 21.50 dB with it, 20.00 dB without"
                + gain
                + ", on 32 samples that it does not know");
    assertThat(CompensationTable.outcome(trial(Verdict.WORSE, 19, 300)))
        .startsWith(
            "it hurts; the model stays as it is: 19.00 dB with it, 20.00 dB without" + gain);
    assertThat(CompensationTable.outcome(trial(Verdict.TOO_LITTLE, 20.05, 300)))
        .startsWith("it gains too little; the model stays as it is: ");
    assertThat(CompensationTable.outcome(trial(Verdict.UNCERTAIN, 21, 300)))
        .startsWith("it may hurt on other samples; the model stays as it is: ");
    assertThat(CompensationTable.outcome(trial(Verdict.NO_LINE, 20, 0)))
        .isEqualTo("no product gains anything from a line; the model stays as it is");
    assertThat(CompensationTable.lines(trial(Verdict.KEPT, 21.5, 300)))
        .containsExactly(
            "1 has a line of 2 products compared, lines for 300 of 768 channels",
            "1 product left alone: its sum has factors");
  }
}
