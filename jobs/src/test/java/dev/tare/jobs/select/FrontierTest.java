package dev.tare.jobs.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.MixedError;
import dev.tare.jobs.artifact.WeightLevel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrontierTest {

  private static final long MODEL = 10_000_000;

  private static GroupError error(String weight, WeightLevel level, long elements, double sqnrDb) {
    double noise = Math.pow(10, -sqnrDb / 10);
    return new GroupError(
        Optional.of(weight).filter(name -> !name.isEmpty()),
        level,
        List.of("reader of " + weight),
        elements,
        elements * 4,
        elements * level.bits() / 8,
        sqnrDb,
        1 - noise / 2);
  }

  /** Thirty groups of a random model, whose errors together are a half more than their sum. */
  private static List<GroupError> groups(int seed) {
    Random random = new Random(seed);
    List<GroupError> errors = new ArrayList<>();
    Map<WeightLevel, Double> noise = new EnumMap<>(WeightLevel.class);
    long elements = 0;
    for (int g = 0; g < 30; g++) {
      long size = 1000L + random.nextInt(60_000);
      elements += size;
      double sqnrDb = 12 + 20 * random.nextDouble();
      for (WeightLevel level : WeightLevel.QUANTIZED) {
        // Measured errors are not always smaller with more bits.
        double own = sqnrDb + 5 * (level.bits() - 4) + 3 * random.nextGaussian();
        errors.add(error("w" + g, level, size, own));
        noise.merge(level, 1.5 * Math.pow(10, -own / 10), Double::sum);
      }
    }
    for (WeightLevel level : WeightLevel.QUANTIZED) {
      errors.add(error("", level, elements, -10 * Math.log10(noise.get(level))));
    }
    return errors;
  }

  private static Frontier frontier(String budget, List<GroupError> errors) {
    return new Frontier(Budget.parse(budget), errors, List.of(), MODEL);
  }

  @Test
  void everyStepSavesBytesAndAddsError() {
    for (int seed = 0; seed < 50; seed++) {
      List<BudgetPlan.Point> sqnr = frontier("sqnr>=20dB", groups(seed)).points();
      List<BudgetPlan.Point> cosine = frontier("cosine>=0.99", groups(seed)).points();
      assertThat(sqnr.get(0)).isEqualTo(cosine.get(0));
      assertThat(sqnr.get(0).bytes()).isEqualTo(MODEL);
      assertThat(sqnr.get(0).sqnrDb()).isInfinite();
      for (int i = 1; i < sqnr.size(); i++) {
        assertThat(sqnr.get(i).bytes()).as("seed " + seed).isLessThan(sqnr.get(i - 1).bytes());
        assertThat(sqnr.get(i).sqnrDb()).isLessThanOrEqualTo(sqnr.get(i - 1).sqnrDb());
      }
      for (int i = 1; i < cosine.size(); i++) {
        assertThat(cosine.get(i).cosine()).isLessThanOrEqualTo(cosine.get(i - 1).cosine());
      }
    }
  }

  @Test
  void whatIsChosenMeetsTheBudgetAndATighterOneIsLargerOrWorse() {
    for (int seed = 0; seed < 50; seed++) {
      List<GroupError> errors = groups(seed);
      long last = Long.MAX_VALUE;
      for (String limit : List.of("0.9999", "0.999", "0.99")) {
        BudgetPlan.Point point =
            frontier("cosine>=" + limit, errors).choose().orElseThrow().predicted();
        assertThat(point.cosine()).isGreaterThanOrEqualTo(Double.parseDouble(limit));
        assertThat(point.bytes()).isLessThanOrEqualTo(last);
        last = point.bytes();
      }
      double worst = Double.POSITIVE_INFINITY;
      for (String bits : List.of("16", "8", "5")) {
        BudgetPlan.Point point =
            frontier("bits<=" + bits, errors).choose().orElseThrow().predicted();
        assertThat(point.bits()).isLessThanOrEqualTo(Double.parseDouble(bits));
        assertThat(point.sqnrDb()).isLessThanOrEqualTo(worst);
        worst = point.sqnrDb();
      }
    }
  }

  /** Models along the frontier that have so many times the error that is added up. */
  private static List<MixedError> mixed(List<GroupError> errors, double times, double low) {
    List<MixedError> mixed = new ArrayList<>();
    List<BudgetPlan.Point> points = frontier("sqnr>=0dB", errors).points();
    for (Frontier.Mixture mixture : Frontier.mixtures(errors, 8)) {
      BudgetPlan.Point point =
          points.stream()
              .filter(p -> p.bytes() - points.get(0).bytes() == mixture.bytes() - floats(errors))
              .findFirst()
              .orElseThrow();
      double apart = times * (1 - point.cosine());
      mixed.add(
          new MixedError(
              mixture.bytes(),
              point.sqnrDb() - 10 * Math.log10(times),
              1 - apart,
              point.sqnrDb() - 10 * Math.log10(times * low),
              1 - apart * low));
    }
    return mixed;
  }

  private static long floats(List<GroupError> errors) {
    return errors.stream()
        .filter(e -> e.weight().isPresent() && e.level() == WeightLevel.INT8)
        .mapToLong(GroupError::floatBytes)
        .sum();
  }

  @Test
  void mixturesFallInEvenStepsOfDecibelsToTheSmallestModel() {
    List<GroupError> errors = groups(3);
    List<Frontier.Mixture> mixtures = Frontier.mixtures(errors, 8);
    assertThat(mixtures).hasSizeBetween(6, 8);
    List<BudgetPlan.Point> points = frontier("sqnr>=0dB", errors).points();
    assertThat(mixtures.get(mixtures.size() - 1).bytes() - floats(errors))
        .isEqualTo(points.get(points.size() - 1).bytes() - MODEL);
    for (int i = 1; i < mixtures.size(); i++) {
      assertThat(mixtures.get(i).bytes()).isLessThan(mixtures.get(i - 1).bytes());
    }
    assertThat(Frontier.mixtures(List.of(), 8)).isEmpty();
  }

  @Test
  void stepsThatCostNothingDoNotEndTheMixtures() {
    List<GroupError> errors = new ArrayList<>();
    double[] noise = {.03, .0007, .00011, .021, .0013};
    for (int g = 0; g < noise.length; g++) {
      double own = -10 * Math.log10(noise[g]);
      errors.add(error("w" + g, WeightLevel.INT16, 1000, Double.POSITIVE_INFINITY));
      errors.add(error("w" + g, WeightLevel.INT8, 1000, own + 20));
      errors.add(error("w" + g, WeightLevel.INT4, 1000, own));
    }
    List<Frontier.Mixture> mixtures = Frontier.mixtures(errors, 8);
    assertThat(mixtures).hasSizeGreaterThan(3);
    assertThat(mixtures.get(0).levels()).containsValue(WeightLevel.INT8);
  }

  @Test
  void whatMixturesHaveBeyondTheirSumIsPredictedOfAll() {
    for (int seed = 0; seed < 20; seed++) {
      List<GroupError> errors = groups(seed);
      List<MixedError> mixed = mixed(errors, 1.3, 1.2);
      for (String budget : List.of("cosine>=0.99", "sqnr>=20dB")) {
        List<BudgetPlan.Point> sums = frontier(budget, errors).points();
        Frontier frontier = new Frontier(Budget.parse(budget), errors, mixed, MODEL);
        List<BudgetPlan.Point> points = frontier.points();
        assertThat(frontier.measured()).hasSameSizeAs(mixed);
        for (int i = 1; i < points.size(); i++) {
          assertThat(1 - points.get(i).cosine())
              .isCloseTo(1.3 * (1 - sums.get(i).cosine()), withinPercentage(1e-3));
          assertThat(points.get(i).sqnrDb() - points.get(i).sqnrDbLow())
              .isCloseTo(10 * Math.log10(1.2), within(1e-6));
        }
        Frontier.Chosen chosen = frontier.choose().orElseThrow();
        assertThat(Budget.parse(budget).met(chosen.predicted())).isTrue();
        assertThat(chosen.predicted().bytes())
            .isGreaterThanOrEqualTo(
                frontier(budget, errors).choose().orElseThrow().predicted().bytes());
      }
    }
  }

  @Test
  void aCorrectionNeverFalls() {
    Random random = new Random(5);
    for (int round = 0; round < 100; round++) {
      List<Correction.Anchor> anchors = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        double sum = Math.exp(-8 * random.nextDouble());
        anchors.add(new Correction.Anchor(sum, sum * Math.exp(random.nextGaussian())));
      }
      anchors.add(new Correction.Anchor(0, 1));
      anchors.add(new Correction.Anchor(1, Double.NaN));
      Correction correction = new Correction(anchors);
      double last = correction.of(0);
      assertThat(last).isZero();
      for (double sum = 1e-5; sum < 2; sum *= 1.05) {
        assertThat(correction.of(sum)).as("round " + round).isGreaterThanOrEqualTo(last);
        last = correction.of(sum);
      }
    }
  }

  @Test
  void theOrderOfRowsDoesNotMatter() {
    List<GroupError> errors = groups(7);
    Frontier.Chosen chosen = frontier("sqnr>=25", errors).choose().orElseThrow();
    Collections.shuffle(errors, new Random(1));
    assertThat(frontier("sqnr>=25", errors).choose()).hasValue(chosen);
  }

  @Test
  void aUniformModelIsPredictedAsItWasMeasured() {
    List<GroupError> errors =
        List.of(
            error("a", WeightLevel.INT8, 1000, 30),
            error("b", WeightLevel.INT8, 1000, 30),
            error("", WeightLevel.INT8, 2000, 25));
    Frontier.Chosen chosen = frontier("bits<=8", errors).choose().orElseThrow();
    assertThat(chosen.levels().values()).containsOnly(WeightLevel.INT8);
    assertThat(chosen.predicted().sqnrDb()).isCloseTo(25, within(1e-9));
    assertThat(chosen.predicted().bytes()).isEqualTo(MODEL - 6000);
    assertThat(frontier("bits<=7", errors).choose()).isEmpty();
    assertThat(frontier("sqnr>=28", errors).choose().orElseThrow().levels())
        .containsEntry("a", WeightLevel.INT8)
        .containsEntry("b", WeightLevel.FLOAT);
  }

  @Test
  void budgetsAreReadAndOthersRefused() {
    assertThat(Budget.parse("size <= 20 MB").limit()).isEqualTo(20e6);
    assertThat(Budget.parse("sqnr>=30dB").limit()).isEqualTo(30);
    assertThat(Budget.parse("Cosine>=.998").text()).isEqualTo("Cosine>=.998");
    for (String wrong :
        List.of("", "cosine<=0.9", "cosine>=1.1", "size<=20", "bits>=4", "sqnr>=3MB", "bits<=0")) {
      assertThatThrownBy(() -> Budget.parse(wrong))
          .hasMessage(
              "'%s' is no budget: write cosine>=0.998, sqnr>=30dB, size<=20MB or bits<=5"
                  .formatted(wrong));
    }
  }

  @Test
  void theDocumentIsReadAsItWasWritten() {
    Frontier frontier = frontier("bits<=5", groups(2));
    Frontier.Chosen chosen = frontier.choose().orElseThrow();
    BudgetPlan plan =
        new BudgetPlan(
            "bits<=5", 64, "y", chosen.predicted(), chosen.levels(), frontier.points(), List.of());
    assertThat(BudgetPlan.parse(plan.format(), "budget.json")).isEqualTo(plan);
    assertThatThrownBy(
            () -> BudgetPlan.parse(plan.format().replace("\"int4\"", "\"int3\""), "budget.json"))
        .hasMessageContaining("budget.json, weights")
        .hasMessageContaining("level");
  }
}
