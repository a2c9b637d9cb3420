package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MseTest {

  private static final List<Target> TARGETS =
      List.of(
          new Target(QuantType.INT8, true, true, false),
          new Target(QuantType.INT8, false, false, false),
          new Target(QuantType.UINT8, true, false, false),
          new Target(QuantType.UINT8, false, false, true),
          new Target(QuantType.INT4, true, true, false),
          new Target(QuantType.UINT4, false, false, false),
          new Target(QuantType.INT16, true, true, false),
          new Target(QuantType.UINT16, false, false, false));

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void theRealErrorIsNotAboveThatOfMinMax(FloatSamples samples) {
    for (int size : new int[] {100, 50_000}) {
      float[] x = samples.values(size, 31);
      Distribution distribution = FloatSamples.distribution(x, 10);
      for (Target target : TARGETS.subList(0, 4)) {
        double mse = real(x, target, new Mse().select(distribution, target));
        double minMax = real(x, target, new MinMax().select(distribution, target));
        assertThat(mse).as("%s %s %s", samples, size, target).isLessThanOrEqualTo(minMax * 1.002);
      }
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void findsTheBestOfAFineGridOfRanges(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(50_000, 32), 8);
    for (Target target : TARGETS) {
      double found = expected(distribution, target, new Mse().select(distribution, target));
      double best = Double.POSITIVE_INFINITY;
      int steps = target.symmetric() ? 1000 : 60;
      for (int low = steps; low > 0; low--) {
        for (int high = steps; high > 0; high--) {
          if (target.symmetric() && low != high) {
            continue;
          }
          Range range =
              Range.containing(distribution.min() * low / steps, distribution.max() * high / steps);
          best = Math.min(best, expected(distribution, target, range));
        }
      }
      assertThat(found).as("%s %s", samples, target).isLessThanOrEqualTo(best * 1.01);
    }
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void theGridHoldsTheBestOfAllItsRanges(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(20_000, 34), 8);
    int steps = 15;
    for (Target target : TARGETS) {
      double best = Double.POSITIVE_INFINITY;
      for (int low = 0; low <= steps; low++) {
        for (int high = 0; high <= steps; high++) {
          Range range =
              Range.containing(
                  (float) ((double) distribution.min() * low / steps),
                  (float) ((double) distribution.max() * high / steps));
          if (target.symmetric() && low == high) {
            float limit = (float) ((double) magnitude(distribution) * low / steps);
            range =
                Range.containing(
                    Math.max(distribution.min(), -limit), Math.min(distribution.max(), limit));
          }
          if (range.magnitude() > 0 && (low == high || !target.symmetric())) {
            best = Math.min(best, expected(distribution, target, range));
          }
        }
      }
      Range found = new MseGrid(steps).select(distribution, target);
      assertThat(expected(distribution, target, found))
          .as("%s %s", samples, target)
          .isCloseTo(best, within(1e-6 * best));
      Range searched = new Mse().select(distribution, target);
      assertThat(expected(distribution, target, searched))
          .as("%s %s", samples, target)
          .isLessThanOrEqualTo(best * 1.0001);
    }
  }

  @ParameterizedTest
  @EnumSource(RealActivations.class)
  void noMethodExpectsLessErrorOfRealActivations(RealActivations activations) {
    Distribution distribution = activations.distribution();
    for (Target target : TARGETS.subList(0, 6)) {
      double least = expected(distribution, target, new Mse().select(distribution, target));
      for (RangeSelector method : RangeSelectorTest.selectors()) {
        if (!(method instanceof EntropyOrt)) {
          assertThat(expected(distribution, target, method.select(distribution, target)))
              .as("%s of %s for %s", method, activations, target)
              .isGreaterThanOrEqualTo(least * (1 - 1e-3));
        }
      }
    }
  }

  private static float magnitude(Distribution distribution) {
    return Math.max(-distribution.min(), distribution.max());
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void tailMomentsEqualSumsOverTheBins(FloatSamples samples) {
    Distribution d = FloatSamples.distribution(samples.values(3000, 33), 6);
    Tails tails = Tails.above(d);
    for (double point : new double[] {-5, -0.73, 0, 1e-3, 0.4, 1.01, 60}) {
      double count = 0;
      double excess = 0;
      double squared = 0;
      for (int i = 0; i < d.bins(); i++) {
        double a = Math.max(d.lower(i), d.min());
        double b = Math.min(d.upper(i), d.max());
        int parts = 2000;
        for (int k = 0; k < parts; k++) {
          double x = Math.max(0, a + (b - a) * (k + 0.5) / parts - point);
          count += x > 0 ? d.count(i) / (double) parts : 0;
          excess += d.count(i) * x / parts;
          squared += d.count(i) * x * x / parts;
        }
      }
      assertThat(tails.count(point)).isCloseTo(count, within(0.5));
      assertThat(tails.excesses(1, 2 * point, 0)).isCloseTo(excess, within(1e-5 * excess + 1e-9));
      assertThat(tails.squaredExcess(point)).isCloseTo(squared, within(1e-5 * squared + 1e-9));
    }
  }

  /** Each search begins where the one before ended, and finds what it would alone. */
  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void excessesOverSeveralPointsAreThoseOverEach(FloatSamples samples) {
    Distribution d = FloatSamples.distribution(samples.values(3000, 33), 6);
    for (Tails tails : List.of(Tails.above(d), Tails.above(d).mirrored())) {
      for (int points : new int[] {0, 5, 200}) {
        for (double scale : new double[] {1e-3, .02, .3, 7}) {
          double sum = 3;
          for (int k = points - 1; k >= 0; k--) {
            sum += tails.excesses(1, (2 * k + 1) * scale, 0);
          }
          assertThat(tails.excesses(points, scale, 3))
              .as("%d points of %s", points, scale)
              .isCloseTo(sum, within(1e-12 * sum));
        }
      }
    }
  }

  private static double expected(Distribution distribution, Target target, Range range) {
    return ExpectedError.of(distribution, target.params(range), target.limits()).noise();
  }

  private static double real(float[] x, Target target, Range range) {
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    Tensor fake =
        Quantizer.fakeQuantize(
            tensor,
            List.of(target.params(range)),
            Granularity.perTensor(),
            target.limits(),
            Rounding.DIVISION);
    return QuantError.between(tensor.floats(), fake.floats()).noise();
  }
}
