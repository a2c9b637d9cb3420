package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.statistics.Statistics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantilesTest {

  private static final Target TARGET = new Target(QuantType.INT8, false, false, false);

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void theEndsOfAPercentileRangeAreQuantiles(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(9_973, 3), 10);
    Quantiles quantiles = Quantiles.of(distribution);
    for (double percentile : new double[] {90, 99, 99.9}) {
      Range range = new Percentile(percentile, false).select(distribution, TARGET);
      double cut = (1 - percentile / 100) / 2;
      assertThat((float) Math.min(0, quantiles.at(cut)))
          .isCloseTo(range.low(), within(1e-5f * range.magnitude()));
      assertThat((float) Math.max(0, quantiles.at(1 - cut)))
          .isCloseTo(range.high(), within(1e-5f * range.magnitude()));
    }
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void quantilesRiseFromTheMinimumToTheMaximum(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(10_000, 4), 10);
    Quantiles quantiles = Quantiles.of(distribution);
    assertThat(quantiles.at(0)).isEqualTo(distribution.min());
    assertThat(quantiles.at(1)).isEqualTo(distribution.max());
    double before = distribution.min();
    for (int i = 1; i <= 100; i++) {
      double at = quantiles.at(i / 100.0);
      assertThat(at).isGreaterThanOrEqualTo(before);
      before = at;
    }
  }

  @Test
  void outsideCountsBothTails() {
    Distribution distribution =
        Distribution.of(new double[] {-2, 0}, new double[] {0, 8}, new long[] {4, 12}, -2, 8);
    Quantiles quantiles = Quantiles.of(distribution);
    assertThat(quantiles.outside(-1, 6)).isEqualTo((2.0 + 3.0) / 16);
    assertThat(quantiles.outside(-2, 8)).isZero();
    assertThat(quantiles.at(0.25)).isZero();
    assertThat(quantiles.at(0.125)).isEqualTo(-1);
    assertThat(quantiles.at(0.625)).isEqualTo(4);
  }

  @Test
  void nothingSeenHasNoQuantile() {
    Quantiles quantiles = Quantiles.of(Statistics.empty(10).distribution());
    assertThat(quantiles.at(0.5)).isNaN();
    assertThat(quantiles.outside(-1, 1)).isNaN();
  }

  @Test
  void refusesByName() {
    Distribution extremes = Distribution.of(new double[0], new double[0], new long[0], -1, 2);
    assertThatThrownBy(() -> Quantiles.of(extremes))
        .hasMessage("Cannot tell shares of values: values in [-1.0, 2.0] but no histogram of them");
    Quantiles quantiles = Quantiles.of(Statistics.empty(10).distribution());
    assertThatThrownBy(() -> quantiles.at(1.5))
        .hasMessage("Invalid quantile 1.5: must be in [0, 1]");
    assertThatThrownBy(() -> quantiles.outside(2, 1)).hasMessage("Invalid range [2.0, 1.0]");
  }
}
