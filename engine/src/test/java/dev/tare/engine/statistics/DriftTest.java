package dev.tare.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.observe.NaiveStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DriftTest {

  private static Statistics of(float... values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return NaiveStatistics.of(10, list);
  }

  private static Statistics gaussian(long seed, int count, double mean, double deviation) {
    Random random = new Random(seed);
    List<Float> list = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      list.add((float) (mean + deviation * random.nextGaussian()));
    }
    return NaiveStatistics.of(10, list);
  }

  @Test
  void equalDistributionsOfDifferentSizesHaveNone() {
    Statistics once = gaussian(1, 5_000, 0, 1);
    assertThat(Drift.between(once, once.merge(once).merge(once)))
        .satisfies(
            drift -> {
              assertThat(drift.psi()).isCloseTo(0, within(1e-12));
              assertThat(drift.jensenShannon()).isCloseTo(0, within(1e-7));
              assertThat(drift.kolmogorovSmirnov()).isCloseTo(0, within(1e-12));
              assertThat(drift.nonFiniteIncrease()).isZero();
            });
  }

  @Test
  void disjointDistributionsAreAsFarAsCanBe() {
    Drift drift = Drift.between(of(1, 1, 1), of(2, 2));
    assertThat(drift.jensenShannon()).isEqualTo(1);
    assertThat(drift.kolmogorovSmirnov()).isEqualTo(1);
    // Two cells, (1 - 1e-4) ln(1e4) each.
    assertThat(drift.psi()).isCloseTo(2 * (1 - 1e-4) * Math.log(1e4), within(1e-12));
  }

  @Test
  void figuresAreThoseOfHandComputedShares() {
    // Baseline: half zeros, a quarter at -1 and at 1; current: a quarter zeros, three at 1.
    Drift drift = Drift.between(of(0, 0, -1, 1), of(0, 1, 1, 1));
    double least = 1e-4;
    double psi =
        (least - .25) * Math.log(least / .25)
            + (.25 - .5) * Math.log(.25 / .5)
            + (.75 - .25) * Math.log(.75 / .25);
    assertThat(drift.psi()).isCloseTo(psi, within(1e-12));
    assertThat(drift.kolmogorovSmirnov()).isCloseTo(.5, within(1e-12));
    double divergence =
        .5 * (.25 * 1)
            + .5 * (.5 * log2(.5 / .375) + .25 * log2(.25 / .375))
            + .5 * (.25 * log2(.25 / .5) + .75 * log2(.75 / .5));
    assertThat(drift.jensenShannon()).isCloseTo(Math.sqrt(divergence), within(1e-12));
  }

  @Test
  void valuesBeyondTheBaselineHaveCellsOfTheirOwn() {
    Statistics baseline = gaussian(2, 2_000, 0, 1);
    Statistics beyond = baseline.merge(of(100, 100, 100, 100, 100, 100, 100, 100, 100, 100));
    double share = 10.0 / 2_010;
    double psi = Drift.between(baseline, beyond).psi();
    assertThat(psi).isGreaterThan((share - 1e-4) * Math.log(share / 1e-4));
  }

  @Test
  void distancesAreSymmetric() {
    Statistics left = gaussian(3, 3_000, 0, 1);
    Statistics right = gaussian(4, 1_000, .3, 2);
    Drift there = Drift.between(left, right);
    Drift back = Drift.between(right, left);
    assertThat(there.jensenShannon()).isCloseTo(back.jensenShannon(), within(1e-12));
    assertThat(there.kolmogorovSmirnov()).isCloseTo(back.kolmogorovSmirnov(), within(1e-12));
  }

  @Test
  void oneDistanceAloneIsTheSameToTheBit() {
    Statistics moved = gaussian(9, 1_000, .3, 2).merge(of(Float.NaN));
    for (Statistics current : List.of(moved, NaiveStatistics.of(5, List.of(-1f, 0f, 3f)), of())) {
      Statistics baseline = gaussian(8, 3_000, 0, 1);
      Drift all = Drift.between(baseline, current);
      assertThat(Drift.psi(baseline, current)).isEqualTo(all.psi());
      assertThat(Drift.jensenShannon(baseline, current)).isEqualTo(all.jensenShannon());
      assertThat(Drift.kolmogorovSmirnov(baseline, current)).isEqualTo(all.kolmogorovSmirnov());
    }
  }

  @Test
  void aShiftOfAQuarterDeviationIsSeenAndOfNoneIsNot() {
    Statistics baseline = gaussian(5, 20_000, 0, 1);
    assertThat(Drift.between(baseline, gaussian(6, 20_000, 0, 1)).psi()).isLessThan(.01);
    Drift moved = Drift.between(baseline, gaussian(7, 20_000, .5, 1));
    // Two normal distributions half a deviation apart: .25 on a continuous scale, KS .197.
    assertThat(moved.psi()).isBetween(.2, .3);
    assertThat(moved.kolmogorovSmirnov()).isCloseTo(.197, within(.02));
  }

  @Test
  void nonFiniteValuesAreToldApart() {
    Drift drift = Drift.between(of(1, 2), of(1, 2, Float.NaN, Float.POSITIVE_INFINITY));
    assertThat(drift.nonFiniteIncrease()).isEqualTo(.5);
    assertThat(drift.kolmogorovSmirnov()).isZero();
  }

  @Test
  void coarserStateDecidesTheBins() {
    Statistics fine = of(1, 1.01f, 3);
    Statistics coarse = NaiveStatistics.of(5, List.of(1f, 1.01f, 3f));
    assertThat(Drift.between(fine, coarse).kolmogorovSmirnov()).isZero();
  }

  @Test
  void nothingComparesWithNothingAndIsFarFromSomething() {
    assertThat(Drift.between(of(), of())).isEqualTo(new Drift(0, 0, 0, 0));
    Drift gone = Drift.between(of(1, 2), of());
    assertThat(gone.jensenShannon()).isEqualTo(1);
    assertThat(gone.kolmogorovSmirnov()).isEqualTo(1);
    assertThat(gone.psi()).isPositive().isFinite();
  }

  @Test
  void extremesAloneAreRefused() {
    assertThatThrownBy(() -> Drift.between(of(1), Statistics.emptyExtremes()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot compare statistics: the current keeps only extremes");
    assertThatThrownBy(() -> Drift.jensenShannon(Statistics.emptyExtremes(), of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot compare statistics: the baseline keeps only extremes");
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }
}
