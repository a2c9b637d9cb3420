package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantErrorTest {

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void theHistogramPredictsTheErrorOfTheRealTensor(FloatSamples samples) {
    float[] x = samples.values(200_000, 17);
    Distribution distribution = FloatSamples.distribution(x, 10);
    for (QuantType type : QuantType.values()) {
      if (type == QuantType.INT32 || type.learned()) {
        continue;
      }
      // Its steps grow with the values, so that the noise of OUTLIERS is that of 200 values, which
      // weigh as much as 67 equal ones: a standard deviation of 0.45 dB.
      boolean few = type == QuantType.FLOAT16 && samples == FloatSamples.OUTLIERS;
      double tolerance = few ? 3 * 0.45 : 0.2;
      for (boolean symmetric : new boolean[] {true, false}) {
        if (!symmetric && !type.isInteger()) {
          continue;
        }
        for (float part : new float[] {1f, 0.7f, 0.3f, 0.05f, 0.001f}) {
          float low = distribution.min() * part;
          float high = distribution.max() * part;
          boolean narrow = type.signed() && symmetric;
          QuantParams params = QuantParams.of(low, high, type, symmetric, narrow, false);
          Limits limits = Limits.of(type, narrow, false);
          ExpectedError expected = ExpectedError.of(distribution, params, limits);
          QuantError real = real(x, params, limits);
          String what = "%s %s symmetric %s part %s".formatted(samples, type, symmetric, part);
          assertThat(expected.sqnrDb()).as(what).isCloseTo(real.sqnrDb(), within(tolerance));
          assertThat(expected.signal())
              .as(what)
              .isCloseTo(real.signal(), within(real.signal() / 1e4));
          assertThat(expected.clippedShare())
              .as(what)
              .isCloseTo(clipped(x, params, limits), within(0.002));
        }
      }
    }
  }

  @Test
  void clippedNoiseIsThatOfValuesBeyondHalfAStepOutside() {
    QuantParams params = new QuantParams(QuantType.UINT8, 0.5f, 10);
    // Represented is -5 to 122.5; half a step more still rounds to the ends.
    double[] points = {-9, -5.25, 1.1, 122.7, 130.5};
    Distribution exact = Distribution.of(points, points, new long[] {2, 1, 1, 1, 3}, -9f, 130.5f);
    ExpectedError error = ExpectedError.of(exact, params);
    assertThat(error.clippedNoise()).isCloseTo(2 * 16 + 3 * 64, within(1e-6));
    assertThat(error.noise() - error.clippedNoise())
        .isCloseTo(0.25 * 0.25 + 0.1 * 0.1 + 0.2 * 0.2, within(1e-6));
    assertThat(error.clippedShare()).isEqualTo(5 / 8.0);
    // A bin across the end: of 120.75 to 124.75 the upper half is beyond 122.75.
    Distribution across =
        Distribution.of(
            new double[] {120.75}, new double[] {124.75}, new long[] {4}, 120.75f, 124.75f);
    double half = (0.25 * 0.25 + 0.25 * 2.25 + 2.25 * 2.25) / 3;
    assertThat(ExpectedError.of(across, params).clippedNoise()).isCloseTo(2 * half, within(1e-6));
    assertThat(ExpectedError.of(across, params).clippedShare()).isCloseTo(0.5, within(1e-9));
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void clippedNoisePredictsThatOfTheRealTensor(FloatSamples samples) {
    float[] x = samples.values(100_000, 19);
    Distribution distribution = FloatSamples.distribution(x, 10);
    for (float part : new float[] {1f, 0.5f, 0.1f}) {
      QuantParams params =
          QuantParams.of(
              distribution.min() * part,
              distribution.max() * part,
              QuantType.UINT8,
              false,
              false,
              false);
      double top = (255.5 - params.zeroPoint()) * params.scale();
      double bottom = (-0.5 - params.zeroPoint()) * params.scale();
      double noise = 0;
      for (float value : x) {
        double end = value > top ? top - params.scale() / 2 : bottom + params.scale() / 2;
        noise += value > top || value < bottom ? (value - end) * (value - end) : 0;
      }
      ExpectedError error = ExpectedError.of(distribution, params);
      assertThat(error.clippedNoise())
          .as("%s part %s", samples, part)
          .isCloseTo(noise, within(error.noise() / 100));
    }
  }

  @Test
  void theErrorOfFloat8IsThatOfItsOwnNumbers() {
    QuantParams params = new QuantParams(QuantType.FLOAT8E4M3FN, 2f, 0);
    // Steps: 17 is a tie of 16 and 18, 447 and 460 become 448, 465 is clipped.
    double[] points = {-930, -894, 34, 920};
    Distribution exact = Distribution.of(points, points, new long[] {1, 1, 1, 1}, -930f, 920f);
    ExpectedError error = ExpectedError.of(exact, params);
    assertThat(error.noise()).isCloseTo(34 * 34 + 2 * 2 + 2 * 2 + 24 * 24, within(1e-9));
    assertThat(error.clippedShare()).isEqualTo(0.25);
    assertThat(error.clippedNoise()).isCloseTo(34 * 34, within(1e-9));
    // From 16 to 20 steps: numbers 2 apart, so that the mean square is 2 * 2 / 12 steps.
    Distribution whole =
        Distribution.of(new double[] {32}, new double[] {40}, new long[] {3}, 32f, 40f);
    assertThat(ExpectedError.of(whole, params).noise()).isCloseTo(3 * 4 / 3.0, within(1e-9));
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void coarseBinsThatSpanManyStepsStillPredictTheError(FloatSamples samples) {
    float[] x = samples.values(100_000, 18);
    Distribution distribution = FloatSamples.distribution(x, 3);
    QuantParams params =
        QuantParams.of(distribution.min(), distribution.max(), QuantType.INT8, true, true, false);
    assertThat(ExpectedError.of(distribution, params, new Limits(-127, 127)).sqnrDb())
        .isCloseTo(real(x, params, new Limits(-127, 127)).sqnrDb(), within(0.2));
  }

  @Test
  void theClosedFormEqualsNumericalIntegration() {
    double[] lower = {-3.3, -1.26, -0.5, 0, 0.3, 0.74, 1.5};
    double[] upper = {-2.2, -1.25, -0.1, 0, 0.31, 1.49, 9};
    long[] count = {5, 3, 7, 100, 1, 4, 6};
    Distribution distribution = Distribution.of(lower, upper, count, -3.3f, 9f);
    QuantParams params = new QuantParams(QuantType.INT8, 0.05f, 100);
    double noise = 0;
    for (int i = 0; i < count.length; i++) {
      int parts = 1_000_000;
      double sum = 0;
      for (int k = 0; k < parts; k++) {
        double x = lower[i] + (upper[i] - lower[i]) * (k + 0.5) / parts;
        double q = Math.max(-228, Math.min(27, Math.rint(x / params.scale())));
        sum += (x - q * params.scale()) * (x - q * params.scale());
      }
      noise += count[i] * sum / parts;
    }
    assertThat(ExpectedError.of(distribution, params).noise())
        .isCloseTo(noise, within(noise * 1e-6));
  }

  @Test
  void binsWithoutWidthAreExact() {
    double[] points = {-1, -0.25, 0, 0.3, 2};
    Distribution distribution =
        Distribution.of(points, points, new long[] {1, 1, 5, 1, 1}, -1f, 2f);
    ExpectedError error =
        ExpectedError.of(distribution, new QuantParams(QuantType.UINT8, 0.5f, 254));
    assertThat(error.noise()).isCloseTo(0.0625 + 0.04 + 2.25, within(1e-12));
    assertThat(error.clippedShare()).isCloseTo(1.0 / 9, within(1e-12));
    assertThat(error.signal()).isCloseTo(1 + 0.0625 + 0.09 + 4, within(1e-12));
    assertThat(error.mse()).isCloseTo(error.noise() / 9, within(1e-12));
  }

  @Test
  void zerosAloneAreExactAndNothingIsUnknown() {
    double[] zero = {0};
    QuantParams params = new QuantParams(QuantType.INT8, 1f, 0);
    Distribution zeros = Distribution.of(zero, zero, new long[] {4}, 0f, 0f);
    assertThat(ExpectedError.of(zeros, params).sqnrDb()).isInfinite();
    Distribution none = FloatSamples.distribution(new float[0], 10);
    assertThat(ExpectedError.of(none, params).sqnrDb()).isNaN();
    assertThat(ExpectedError.of(none, params).clippedShare()).isNaN();
  }

  @Test
  void measuresFollowFromTheSums() {
    QuantError error = QuantError.between(new float[] {3, 4}, new float[] {3, 3});
    assertThat(error).isEqualTo(new QuantError(2, 25, 18, 21, 1));
    assertThat(error.mse()).isEqualTo(0.5);
    assertThat(error.sqnrDb()).isCloseTo(10 * Math.log10(25), within(1e-12));
    assertThat(error.cosine()).isCloseTo(21 / Math.sqrt(25 * 18), within(1e-12));
    assertThat(QuantError.NONE.plus(error)).isEqualTo(error);
    assertThat(QuantError.NONE.sqnrDb()).isNaN();
    float[] zeros = new float[2];
    assertThat(QuantError.between(zeros, zeros).sqnrDb()).isInfinite();
    assertThat(QuantError.between(zeros, zeros).cosine()).isEqualTo(1);
    assertThat(QuantError.between(new float[] {1, 1}, zeros).cosine()).isZero();
    assertThatThrownBy(() -> QuantError.between(zeros, new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot compare 2 values with 3");
  }

  private static QuantError real(float[] x, QuantParams params, Limits limits) {
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    Tensor fake =
        Quantizer.fakeQuantize(
            tensor, List.of(params), Granularity.perTensor(), limits, Rounding.DIVISION);
    return QuantError.between(tensor.floats(), fake.floats());
  }

  private static double clipped(float[] x, QuantParams params, Limits limits) {
    double half =
        params
            .type()
            .float8()
            .map(f -> (f.maxFinite() - f.decode(f.encode(f.maxFinite()) - 1)) / 2.0)
            .orElse(0.5);
    double low = (double) limits.qmin() - params.zeroPoint() - half;
    double high = (double) limits.qmax() - params.zeroPoint() + half;
    if (params.type() == QuantType.NF4) {
      // Its table is not symmetric: halves of its outermost steps.
      low = -1 - (1 - 0.6961928) / 2;
      high = 1 + (1 - 0.72295684) / 2;
    } else if (params.type() == QuantType.FP4) {
      low = -1 - 1.0 / 6;
      high = 1 + 1.0 / 6;
    }
    int clipped = 0;
    for (float value : x) {
      double steps = value / params.scale();
      clipped += steps < low || steps > high ? 1 : 0;
    }
    return clipped / (double) x.length;
  }
}
