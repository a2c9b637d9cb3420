package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One channel of eight is 24 in one row of 500 and small elsewhere; the others are near 1. */
class MethodGuardTest {

  private static final int ROWS = 4000;
  private static final String METHOD = "activations.method = percentile-99.9";

  private static TensorStatistics statistics(ChannelMode mode) {
    return statistics(mode, .1f, 24);
  }

  private static TensorStatistics statistics(ChannelMode mode, float usual, float large) {
    Random random = new Random(9);
    float[] values = new float[8 * ROWS];
    for (int i = 0; i < values.length; i++) {
      boolean rare = i % 8 == 5;
      values[i] = (float) random.nextGaussian() * (rare ? usual : 1);
      if (rare && i / 8 % 500 == 0) {
        values[i] = large;
      }
    }
    return Recipes.observed("t", ObserverOptions.ofChannels(mode, -1), Shape.of(ROWS, 8), values);
  }

  private static TensorPlan plan(TensorStatistics statistics, String... changes) {
    return new ActivationPlanner(Recipes.int8(changes)).plan(statistics, query("t"));
  }

  private static TensorQuery query(String tensor) {
    return TensorQuery.ofActivation(tensor, List.of("node"), List.of("MatMul"));
  }

  @Test
  void rangeThatDestroysAChannelIsThatOfAllValues() {
    TensorPlan plan = plan(statistics(ChannelMode.HISTOGRAM), METHOD);
    assertThat(plan.method()).isEqualTo("min-max");
    assertThat(plan.channels().range(0).high()).isEqualTo(24);
    assertThat(plan.decidedBy())
        .startsWith("recipe; guard: percentile-99.9 keeps [")
        .contains("but channel 5 has values in [")
        .contains(", 24.0]: ")
        .endsWith("(1 of 8 channels below 10 dB)");
  }

  /** A rare value of 6 is clipped, which does not destroy its channel. */
  @Test
  void planSaysWhatTheRangeOfAllValuesWouldGive() {
    TensorStatistics statistics = statistics(ChannelMode.HISTOGRAM, 1, 6);
    TensorPlan plan = plan(statistics, METHOD);
    assertThat(plan.method()).isEqualTo("percentile-99.9");
    UnclippedRange all = plan.channels().unclipped().orElseThrow();
    TensorPlan unclipped = plan(statistics, "activations.method = min-max");
    assertThat(unclipped.channels().unclipped()).isEmpty();
    assertThat(all.range()).isEqualTo(unclipped.channels().range(0));
    assertThat(all.expectedSqnrDb()).isEqualTo(unclipped.channels().expectedSqnrDb(0));
    assertThat(all.chosenSqnrDb()).isEqualTo(plan.channels().expectedSqnrDb(0));
    assertThat(all.clippedChannels().orElse(0)).isPositive();
    UnclippedRange.Channel first = all.farthest().get(0);
    assertThat(first.channel()).isEqualTo(5);
    assertThat(first.range().high()).isEqualTo(6);
    assertThat(first.chosenSqnrDb()).isGreaterThan(MethodGuard.DESTROYED_DB);
    assertThat(first.expectedSqnrDb()).isGreaterThan(first.chosenSqnrDb());
    assertThat(PlanCodec.decode(PlanCodec.encode(plan))).isEqualTo(plan);
  }

  @Test
  void guardThatIsOffOrHasNoHistogramsKeepsTheMethod() {
    TensorStatistics statistics = statistics(ChannelMode.HISTOGRAM);
    TensorPlan off = plan(statistics, METHOD, "guard = off");
    assertThat(off.method()).isEqualTo("percentile-99.9");
    assertThat(off.decidedBy()).isEqualTo("recipe");
    assertThat(off.channels().range(0).high()).isLessThan(4);
    assertThat(plan(statistics(ChannelMode.EXTREMES), METHOD)).isEqualTo(off);
    assertThat(plan(statistics, "activations.method = min-max").decidedBy()).isEqualTo("recipe");
    assertThat(plan(statistics, "activations.granularity = per-channel", METHOD).decidedBy())
        .isEqualTo("recipe");
  }

  @Test
  void smallChannelsThatMinMaxWouldNotHelpAreNotDestroyed() {
    float[] values = new float[2 * ROWS];
    Random random = new Random(2);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian() * (i % 2 == 0 ? 1 : .001f);
    }
    TensorStatistics statistics =
        Recipes.observed(
            "t", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1), Shape.of(ROWS, 2), values);
    assertThat(plan(statistics, METHOD).decidedBy()).isEqualTo("recipe");
  }

  /** Which of two similar scales is better for a small channel is chance, and no reason. */
  @Test
  void partsOfADecibelDestroyNothing() {
    Distribution small =
        Distribution.of(new double[] {.0115}, new double[] {.0116}, new long[] {9}, .0115f, .0116f);
    Distribution all =
        Distribution.of(
            new double[] {-1, .9}, new double[] {0, 1.03}, new long[] {9, 9}, -1, 1.03f);
    Target target = Recipes.int8().activations().orElseThrow().target();
    Range mse = new Range(-1, 1);
    double kept = ExpectedError.of(small, target.params(mse)).sqnrDb();
    double possible =
        ExpectedError.of(small, target.params(new MinMax().select(all, target))).sqnrDb();
    assertThat(kept).isLessThan(MethodGuard.DESTROYED_DB).isLessThan(possible);
    assertThat(MethodGuard.against("mse", new ChannelLosses(mse, target, all, List.of(small))))
        .isEmpty();
  }

  /** Channels times factors are judged as if they had been observed so. */
  @Test
  void rescaledChannelsAreJudgedToo() {
    TensorStatistics statistics = statistics(ChannelMode.HISTOGRAM);
    List<Float> factors = new ArrayList<>(List.of(1f, 1f, 1f, 1f, 1f, 1f, 1f, 1f));
    ActivationPlanner planner = new ActivationPlanner(Recipes.int8(METHOD));
    TensorStatistics same = RescaledChannels.of(statistics, factors, List.of(), "s");
    TensorPlan plan =
        planner.plan(
            same, query("s"), () -> RescaledChannels.distributions(statistics, factors, List.of()));
    assertThat(plan.method()).isEqualTo("min-max");
    factors.set(5, .125f);
    TensorStatistics smaller = RescaledChannels.of(statistics, factors, List.of(), "s");
    TensorPlan smoothed =
        planner.plan(
            smaller,
            query("s"),
            () -> RescaledChannels.distributions(statistics, factors, List.of()));
    assertThat(smoothed.method()).isEqualTo("percentile-99.9");
  }

  @Test
  void worstChannelIsNamed() {
    Distribution near = Distribution.of(new double[] {-1}, new double[] {1}, new long[] {9}, -1, 1);
    Distribution far = Distribution.of(new double[] {8}, new double[] {9}, new long[] {9}, 8, 9);
    Distribution off = Distribution.of(new double[] {5}, new double[] {6}, new long[] {9}, 5, 6);
    Distribution all =
        Distribution.of(
            new double[] {-1, 5, 8}, new double[] {1, 6, 9}, new long[] {9, 9, 9}, -1, 9);
    assertThat(
            MethodGuard.against(
                "mse",
                new ChannelLosses(
                    new Range(-1, 1),
                    Recipes.int8().activations().orElseThrow().target(),
                    all,
                    List.of(near, off, far))))
        .contains(
            "mse keeps [-1.0, 1.0], but channel 2 has values in [8.0, 9.0]: 1.1 dB instead of 57.5"
                + " (2 of 3 channels below 10 dB)");
  }
}
