package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Sensitivity;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PassesStageTest {

  private static final List<String> BOTH = List.of("bias-correction", "equalization");
  private static final List<String> BIAS = List.of("bias-correction");
  private static final List<String> EQUAL = List.of("equalization");
  private static final List<String> NONE = List.of();

  private static List<String> best(double both, double bias, double equal, double none) {
    SortedMap<String, Sensitivity.Score> scores = new TreeMap<>();
    scores.put(BOTH.toString(), new Sensitivity.Score(both, .99));
    scores.put(BIAS.toString(), new Sensitivity.Score(bias, .99));
    scores.put(EQUAL.toString(), new Sensitivity.Score(equal, .99));
    scores.put(NONE.toString(), new Sensitivity.Score(none, .99));
    return PassesStage.best(scores, List.of(BOTH, BIAS, EQUAL, NONE));
  }

  @Test
  void aPassIsKeptIfItGainsThreeTenthsOfADecibel() {
    // PP-OCR's recognizer and classifier, on the 64 lines that they were calibrated on.
    assertThat(best(32.62, 28.10, 22.98, 24.17)).isEqualTo(BOTH);
    assertThat(best(32.25, 32.02, 31.40, 31.19)).isEqualTo(BIAS);
    assertThat(best(30, 30, 30.1, 30)).isEqualTo(NONE);
    assertThat(best(30, 31, 31.2, 29)).isEqualTo(EQUAL);
  }

  @Test
  void whatIsExactOrNotComparableDecidesToo() {
    double exact = Double.POSITIVE_INFINITY;
    assertThat(best(exact, 31, 31, 29)).isEqualTo(BOTH);
    assertThat(best(exact, exact, exact, exact)).isEqualTo(NONE);
    assertThat(best(Double.NaN, 20, Double.NaN, Double.NaN)).isEqualTo(BIAS);
    assertThat(best(Double.NaN, Double.NaN, Double.NaN, Double.NaN)).isEqualTo(NONE);
  }
}
