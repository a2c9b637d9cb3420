package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.Sensitivity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  private static TensorPlan activation(float high) {
    return new TensorPlan(
        "x",
        Role.ACTIVATION,
        Format.QDQ,
        List.of("product"),
        Optional.empty(),
        Optional.empty(),
        new Target(QuantType.UINT8, false, false, false),
        "min-max",
        "recipe",
        Granularity.perTensor(),
        ScaleColumns.of(
            new ChannelPlan(
                new Range(0, high), new QuantParams(QuantType.UINT8, high / 255, 0), 0, 40)));
  }

  private static QuantPlan plan(TensorPlan tensor) {
    return new QuantPlan("int8-cnn", "ab".repeat(32), "cd".repeat(32), List.of(tensor));
  }

  /** An input that is not equalized after all is as without the pass, but for the reason. */
  @Test
  void modelsThatAreTheSameAreMeasuredOnce() {
    TensorPlan input = activation(255);
    String reason = ActivationPlanner.UNEQUALIZED + "the error would be larger";
    Map<List<String>, QuantPlan> plans = new LinkedHashMap<>();
    plans.put(EQUAL, plan(input.decidedAlso(reason)));
    plans.put(BIAS, plan(activation(254)));
    plans.put(NONE, plan(input));
    assertThat(PassesStage.names(plans))
        .containsExactly(
            Map.entry(EQUAL, EQUAL.toString()),
            Map.entry(BIAS, BIAS.toString()),
            Map.entry(NONE, EQUAL.toString()));
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
