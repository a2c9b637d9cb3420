package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScaleStabilityTest {

  private static final int PARTS = 8;
  private static final TensorQuery QUERY =
      TensorQuery.ofActivation("t", List.of("node"), List.of("MatMul"));

  /** As an observer counts, which is made for more values. */
  private static TensorStatistics part(Random random, int values, String kind) {
    return counted(drawn(random, values, kind), FloatBins.MAX_MANTISSA_BITS);
  }

  private static List<Float> drawn(Random random, int values, String kind) {
    List<Float> drawn = new ArrayList<>(values);
    for (int k = 0; k < values; k++) {
      double normal = random.nextGaussian();
      drawn.add(
          (float)
              switch (kind) {
                case "normal" -> normal;
                case "uniform" -> random.nextDouble() - .5;
                case "exponential" -> -StrictMath.log(1 - random.nextDouble());
                // Student's distribution with two degrees of freedom: squares have no mean.
                case "student" -> normal / Math.sqrt(-StrictMath.log(1 - random.nextDouble()));
                // As behind a GELU: few large values.
                default -> normal * StrictMath.exp(random.nextGaussian());
              });
    }
    return drawn;
  }

  private static TensorStatistics counted(List<Float> values, int mantissaBits) {
    FloatBins bins = FloatBins.of(mantissaBits);
    TreeMap<Integer, Long> counts = new TreeMap<>();
    values.forEach(value -> counts.merge(bins.bin(value), 1L, Long::sum));
    Histogram histogram =
        Histogram.of(
            mantissaBits,
            counts.keySet().stream().mapToInt(bin -> bin).toArray(),
            counts.values().stream().mapToLong(count -> count).toArray());
    return TensorStatistics.ofWhole(
        "t",
        new Statistics(
            values.size(),
            0,
            0,
            0,
            0,
            Collections.min(values),
            Collections.max(values),
            Optional.of(histogram)));
  }

  private static TensorStatistics sum(List<TensorStatistics> parts) {
    return parts.stream().reduce(TensorStatistics::merge).orElseThrow();
  }

  /** What twice as many samples really change, judged by all of them. */
  private static double change(
      ActivationPlanner planner, TensorStatistics before, TensorStatistics after) {
    var values = after.whole().orElseThrow().distribution();
    return Math.abs(
        ExpectedError.of(values, planner.plan(before, QUERY).channels().params(0)).sqnrDb()
            - ExpectedError.of(values, planner.plan(after, QUERY).channels().params(0)).sqnrDb());
  }

  @ParameterizedTest
  @CsvSource({
    "uniform, min-max, 40",
    "normal, min-max, 40",
    "exponential, min-max, 40",
    "heavy, min-max, 40",
    // By halves alone in 92 %.
    "student, min-max, 200",
    "exponential, percentile-99.9, 40"
  })
  void ofAThousandResamplesTheBoundHoldsInAtLeast95Percent(String kind, String method, int values) {
    ActivationPlanner planner =
        new ActivationPlanner(Recipes.int8("activations.method = " + method, "guard = off"));
    ScaleStability stability = new ScaleStability(planner, PARTS);
    Random random = new Random(kind.hashCode());
    int kept = 0;
    for (int resample = 0; resample < 1000; resample++) {
      List<TensorStatistics> seen = new ArrayList<>();
      List<TensorStatistics> more = new ArrayList<>();
      for (int p = 0; p < PARTS; p++) {
        seen.add(part(random, values, kind));
        more.add(part(random, values, kind));
      }
      TensorStatistics before = sum(seen);
      double bound = stability.changeDb(seen, QUERY).orElseThrow();
      kept += change(planner, before, before.merge(sum(more))) <= bound ? 1 : 0;
    }
    assertThat(kept).isGreaterThanOrEqualTo(950);
  }

  /** The folds of a run: of unequal sizes, with coarser bins than all values together. */
  @Test
  void ofAThousandRunsTheBoundByFoldsHoldsInAtLeast95Percent() {
    ActivationPlanner planner = new ActivationPlanner(Recipes.int8());
    ScaleStability stability = new ScaleStability(planner, PARTS);
    String kind = "heavy";
    Random random = new Random(3);
    int kept = 0;
    for (int run = 0; run < 1000; run++) {
      List<List<Float>> folds = new ArrayList<>();
      for (int fold = 0; fold < PARTS; fold++) {
        folds.add(new ArrayList<>());
      }
      List<Float> seen = drawn(random, 40 * PARTS, kind);
      seen.forEach(value -> folds.get(random.nextInt(PARTS)).add(value));
      TensorStatistics before = counted(seen, FloatBins.MAX_MANTISSA_BITS);
      double bound =
          stability
              .changeDb(before, folds.stream().map(fold -> counted(fold, 7)).toList(), QUERY)
              .orElseThrow();
      TensorStatistics more = part(random, 40 * PARTS, kind);
      kept += change(planner, before, before.merge(more)) <= bound ? 1 : 0;
    }
    assertThat(kept).isGreaterThanOrEqualTo(950);
  }

  @Test
  void equalPartsMoveNothing() {
    TensorStatistics same = part(new Random(1), 100, "normal");
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), 4);
    assertThat(stability.changeDb(Collections.nCopies(4, same), QUERY)).contains(0.0);
  }

  @Test
  void theOrderOfPartsMakesNoDifference() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), PARTS);
    Random random = new Random(4);
    List<TensorStatistics> parts = new ArrayList<>();
    for (int p = 0; p < PARTS; p++) {
      parts.add(part(random, 100, "heavy"));
    }
    Optional<Double> change = stability.changeDb(parts, QUERY);
    assertThat(change.orElseThrow()).isPositive();
    for (int shuffle = 0; shuffle < 5; shuffle++) {
      Collections.shuffle(parts, random);
      assertThat(stability.changeDb(parts, QUERY)).isEqualTo(change);
    }
  }

  /** Four parts with values are needed; the others say nothing of them. */
  @Test
  void partsWithoutValuesDoNotCount() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), PARTS);
    Random random = new Random(5);
    TensorStatistics none =
        TensorStatistics.ofWhole("t", Statistics.empty(FloatBins.MAX_MANTISSA_BITS));
    List<TensorStatistics> parts = new ArrayList<>(Collections.nCopies(PARTS, none));
    for (int p = 0; p < 3; p++) {
      parts.set(2 * p, part(random, 100, "normal"));
    }
    assertThat(stability.changeDb(parts, QUERY)).isEmpty();
    parts.set(7, part(random, 100, "normal"));
    assertThat(stability.changeDb(parts, QUERY).orElseThrow()).isPositive();
  }

  @Test
  void onePartWithTheExtremeMovesTheScale() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), 4);
    Random random = new Random(2);
    List<TensorStatistics> parts = new ArrayList<>();
    for (int p = 0; p < 3; p++) {
      parts.add(part(random, 500, "normal"));
    }
    parts.add(part(random, 500, "normal").merge(Recipes.observed("t", 40)));
    assertThat(stability.changeDb(parts, QUERY).orElseThrow()).isGreaterThan(3);
    assertThat(stability.changeDb(parts, QUERY)).isEqualTo(stability.changeDb(parts, QUERY));
  }

  /** As behind an Exp: no value is below 0, and none is expected there. */
  @Test
  void rangesThatEndAtZeroGetNoLowerEnd() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), 4);
    List<TensorStatistics> parts = new ArrayList<>();
    for (float least : new float[] {.1f, .2f, .4f, .8f}) {
      parts.add(Recipes.observed("t", least, .3f, .7f, 1));
    }
    assertThat(stability.changeDb(parts, QUERY)).contains(0.0);
  }

  /** All scales, powers of two, keep 0 and 1 as they are. */
  @Test
  void scalesThatLeaveNoErrorDoNotDiffer() {
    ScaleStability stability =
        new ScaleStability(
            new ActivationPlanner(
                Recipes.int8(
                    "activations.type = int8",
                    "activations.symmetric = true",
                    "activations.scales = power-of-two")),
            4);
    double change = stability.changeDb(binary(1), QUERY).orElseThrow();
    assertThat(change).isFinite().isPositive();
  }

  /** Steps of 1 keep 0 and 255 as they are, and those of a wider range do not. */
  @Test
  void noNumberOfDecibelsBoundsTheChangeFromNoErrorToOne() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), 4);
    assertThat(stability.changeDb(binary(255), QUERY)).isEmpty();
  }

  /** Four parts with 0 and another value, of which one has only 0. */
  private static List<TensorStatistics> binary(float value) {
    List<TensorStatistics> parts = new ArrayList<>();
    for (float large : new float[] {value, value, value, 0}) {
      parts.add(Recipes.observed("t", 0, large, 0, large));
    }
    return parts;
  }

  @Test
  void floatTensorsHaveNone() {
    ScaleStability stability = new ScaleStability(new ActivationPlanner(Recipes.int8()), 4);
    assertThat(
            stability.changeDb(Collections.nCopies(4, Recipes.observed("t", Float.NaN, 1)), QUERY))
        .isEqualTo(Optional.empty());
  }

  @Test
  void tooFewPartsAreRefused() {
    ActivationPlanner planner = new ActivationPlanner(Recipes.int8());
    assertThatThrownBy(() -> new ScaleStability(planner, 3))
        .hasMessage(
            "3 parts of the samples say too little of how stable scales are: at least 4 are"
                + " needed");
    assertThatThrownBy(
            () -> new ScaleStability(planner, 4).changeDb(List.of(Recipes.observed("t", 1)), QUERY))
        .hasMessageContaining("statistics of 1 parts instead of 4");
  }
}
