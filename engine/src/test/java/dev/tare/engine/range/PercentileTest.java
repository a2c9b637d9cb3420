package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PercentileTest {

  private static final Target TARGET = new Target(QuantType.INT8, false, false, false);

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void hundredIsMinMax(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(1000, 3), 10);
    Range full = new MinMax().select(distribution, TARGET);
    assertThat(new Percentile(100, false).select(distribution, TARGET)).isEqualTo(full);
    assertThat(new Percentile(100, true).select(distribution, TARGET)).isEqualTo(full);
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void equalsTheSortedValuesWithinABin(FloatSamples samples) {
    float[] x = samples.values(100_000, 4);
    Distribution distribution = FloatSamples.distribution(x, 10);
    Arrays.sort(x);
    for (double p : new double[] {60, 90, 99, 99.9, 99.99}) {
      Range range = new Percentile(p, false).select(distribution, TARGET);
      double cut = (100 - p) / 200 * x.length;
      assertNear(
          range.low(), Math.min(0, x[(int) cut]), Math.min(0, x[(int) Math.max(0, cut - 1)]));
      int top = (int) (x.length - cut);
      assertNear(
          range.high(), Math.max(0, x[Math.min(top, x.length - 1)]), Math.max(0, x[top - 1]));
    }
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void magnitudesEqualTheSortedMagnitudesWithinABin(FloatSamples samples) {
    float[] x = samples.values(100_000, 4);
    Distribution distribution = FloatSamples.distribution(x, 10);
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.abs(x[i]);
    }
    Arrays.sort(x);
    for (double p : new double[] {60, 90, 99, 99.9, 99.99}) {
      float magnitude = new Percentile(p, true).select(distribution, TARGET).magnitude();
      int top = (int) (p / 100 * x.length);
      assertNear(magnitude, x[Math.min(top, x.length - 1)], x[top - 1]);
    }
  }

  @Test
  void interpolatesInsideABin() {
    Distribution distribution =
        Distribution.of(new double[] {-2, 0}, new double[] {-1, 4}, new long[] {10, 90}, -2f, 4f);
    Range range = new Percentile(90, false).select(distribution, TARGET);
    assertThat(range.low()).isEqualTo(-1.5f, within(1e-6f));
    assertThat(range.high()).isEqualTo((float) (4 - 4 * 5 / 90.0), within(1e-6f));
  }

  private static void assertNear(float actual, float a, float b) {
    double tolerance = Math.max(Math.abs(a), Math.abs(b)) / 900 + 1e-9;
    assertThat((double) actual).isBetween(Math.min(a, b) - tolerance, Math.max(a, b) + tolerance);
  }
}
