package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws of {@link RangeSelector} for every method. */
class RangeSelectorTest {

  private static final List<Target> TARGETS =
      List.of(
          new Target(QuantType.INT8, true, true, false),
          new Target(QuantType.INT8, true, false, true),
          new Target(QuantType.UINT8, true, false, false),
          new Target(QuantType.INT8, false, false, false),
          new Target(QuantType.UINT8, false, false, true),
          new Target(QuantType.INT4, true, true, false),
          new Target(QuantType.UINT4, false, false, false));

  static List<RangeSelector> selectors() {
    return List.of(
        new MinMax(),
        new Percentile(99.9, false),
        new Percentile(99.9, true),
        new Percentile(50.0001, false),
        new PercentileOrt(99.9),
        new Entropy(),
        new EntropyOrt(1024),
        new EntropyTrt(),
        new Mse(),
        new MseGrid(12),
        new MseTrt(),
        new L2Torch());
  }

  /** All but one that adds 1e-4 of a count to empty bins and truncates quotients of counts. */
  static List<RangeSelector> selectorsByShares() {
    return selectors().stream().filter(s -> !(s instanceof EntropyOrt)).toList();
  }

  /** All but those whose windows are longer to the right, or that move the right end on ties. */
  static List<RangeSelector> selectorsByMagnitude() {
    return selectorsByShares().stream().filter(s -> !(s instanceof L2Torch)).toList();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("selectors")
  void theRangeStaysWithinTheValuesAndZero(RangeSelector selector) {
    for (FloatSamples samples : FloatSamples.values()) {
      for (float factor : new float[] {1f, -1f, 1e20f, 1e-20f}) {
        float[] x = scaled(samples, factor);
        Distribution distribution = FloatSamples.distribution(x, 10);
        for (Target target : targets(selector)) {
          Range range = selector.select(distribution, target);
          String what = selector + " " + samples + " " + factor + " " + target;
          assertThat(range.low()).as(what).isBetween(Math.min(0, distribution.min()), 0f);
          assertThat(range.high()).as(what).isBetween(0f, Math.max(0, distribution.max()));
          assertThat(target.params(range).scale()).as(what).isPositive();
          assertThat(selector.select(distribution, target)).as(what).isEqualTo(range);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void theLargestAndTheSmallestFloatsHaveRanges(RangeSelector selector) {
    for (double magnitude :
        new double[] {0.99 * Float.MAX_VALUE, Float.MIN_NORMAL, Float.MIN_VALUE}) {
      float[] x = FloatSamples.GAUSSIAN.values(5000, 26);
      float largest = 0;
      for (float value : x) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) (x[i] / (double) largest * magnitude);
      }
      Distribution distribution = FloatSamples.distribution(x, 10);
      for (Target target : targets(selector)) {
        try {
          Range range = selector.select(distribution, target);
          assertThat(range.low()).isBetween(distribution.min(), 0f);
          assertThat(range.high()).isBetween(0f, distribution.max());
          assertThat(target.params(range).scale()).isPositive();
        } catch (IllegalArgumentException e) {
          // Subnormal numbers have fewer bits, hence fewer cells.
          assertThat(magnitude).isLessThanOrEqualTo(Float.MIN_NORMAL);
          assertThat(e).hasMessageMatching("Cannot select a range by .* needs \\d+ cells.*");
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void scalingByAPowerOfTwoScalesTheRange(RangeSelector selector) {
    for (FloatSamples samples : FloatSamples.values()) {
      Distribution one = FloatSamples.distribution(scaled(samples, 1f), 10);
      Distribution big = FloatSamples.distribution(scaled(samples, 1024f), 10);
      for (Target target : targets(selector)) {
        Range range = selector.select(one, target);
        assertThat(selector.select(big, target))
            .as("%s %s %s", selector, samples, target)
            .isEqualTo(new Range(range.low() * 1024, range.high() * 1024));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectorsByShares")
  void twiceTheCountsSelectTheSame(RangeSelector selector) {
    for (FloatSamples samples : FloatSamples.values()) {
      Distribution once = FloatSamples.distribution(scaled(samples, 1f), 10);
      Distribution twice = mapped(once, 1, 2);
      for (Target target : TARGETS) {
        assertThat(selector.select(twice, target))
            .as("%s %s %s", selector, samples, target)
            .isEqualTo(selector.select(once, target));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectorsByMagnitude")
  void negatedValuesGetTheMirroredRange(RangeSelector selector) {
    if (selector instanceof EntropyOrt || selector instanceof L2Torch) {
      return; // Windows are longer to the right; of two ends that lose as much, the right one
      // moves.
    }
    for (FloatSamples samples : FloatSamples.values()) {
      Distribution one = FloatSamples.distribution(scaled(samples, 1f), 10);
      Distribution negated = mapped(one, -1, 1);
      for (Target target : TARGETS) {
        if (target.symmetric() && target.narrowRange()) {
          Range range = selector.select(one, target);
          assertThat(selector.select(negated, target))
              .as("%s %s %s", selector, samples, target)
              .isEqualTo(new Range(0f - range.high(), 0f - range.low()));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void binsOfAChannelSufficeOrAreRefusedWithTheNumberNeeded(RangeSelector selector) {
    Distribution channel = FloatSamples.distribution(FloatSamples.GAUSSIAN.values(5000, 24), 5);
    Target target = TARGETS.get(0);
    Map<String, Integer> needed =
        Map.of("entropy", 512, "entropy-trt", 256, "mse-trt", 256, "entropy-ort-1024", 1024);
    if (!needed.containsKey(selector.name())) {
      assertThat(selector.select(channel, target).magnitude()).as("%s", selector).isPositive();
    } else {
      assertThatThrownBy(() -> selector.select(channel, target))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageMatching(
              "Cannot select a range by %s: needs %d cells.*, the histogram has \\d+"
                  .formatted(selector.name().replace("-1024", ""), needed.get(selector.name())));
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void valuesAwayFromZeroAreNotCutToTheSmallest(RangeSelector selector) {
    float[] x = FloatSamples.GAUSSIAN.values(5000, 25);
    for (int i = 0; i < x.length; i++) {
      x[i] = 1 + x[i] / 20;
    }
    Distribution distribution = FloatSamples.distribution(x, 10);
    for (Target target : targets(selector)) {
      assertThat(selector.select(distribution, target).high())
          .as("%s %s", selector, target)
          .isGreaterThan(0.99f);
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void withoutValuesOrWithZerosAloneTheRangeIsZero(RangeSelector selector) {
    for (Target target : TARGETS) {
      for (float[] x : new float[][] {{}, {0, -0f, 0}}) {
        Range range = selector.select(FloatSamples.distribution(x, 10), target);
        assertThat(range.magnitude()).isZero();
        assertThat(target.params(range).scale()).isEqualTo(1f);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void extremesWithoutAHistogramSufficeForMinMaxAlone(RangeSelector selector) {
    Distribution extremes = Distribution.of(new double[0], new double[0], new long[0], -1f, 2f);
    if (selector instanceof MinMax) {
      assertThat(selector.select(extremes, TARGETS.get(0))).isEqualTo(new Range(-1f, 2f));
    } else {
      assertThatThrownBy(() -> selector.select(extremes, TARGETS.get(0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "Cannot select a range by %s: values in [-1.0, 2.0] but no histogram of them"
                  .formatted(selector.name()));
    }
  }

  @ParameterizedTest
  @MethodSource("selectors")
  void theNameParsesBackToTheSelector(RangeSelector selector) {
    assertThat(RangeSelector.parse(selector.name())).isEqualTo(selector);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"percentile-99.9999", "percentile-abs-99.99999", "mse-grid-20", "mse-grid-1"})
  void numbersAreDecimal(String name) {
    assertThat(RangeSelector.parse(name).name()).isEqualTo(name);
  }

  @Test
  void everyNameIsAMethodByItself() {
    for (String name : RangeSelector.NAMES) {
      assertThat(RangeSelector.parse(name).name()).startsWith(name);
      assertThat(RangeSelector.parse(name.toUpperCase(Locale.ROOT)))
          .isEqualTo(RangeSelector.parse(name));
    }
    assertThat(selectors())
        .extracting(s -> s.name().replaceAll("-[0-9.]+$", ""))
        .containsAll(RangeSelector.NAMES);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kl               |",
        "''               |",
        "best             |",
        "minmax           | min-max",
        "min-max-3        | min-max",
        "percentile99     | percentile or percentile-abs or percentile-ort",
        "entropy-tensorrt | entropy-trt",
        "mse-gird         | mse-grid",
        "l2               | l2-torch",
      })
  void refusesUnknownMethodsAndNamesTheNearest(String name, String nearest) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Unknown range selection method '"
                + name
                + "'"
                + (nearest == null ? "" : " (did you mean " + nearest + "?)")
                + ": expected min-max, percentile, percentile-abs, percentile-ort, entropy,"
                + " entropy-ort, entropy-trt, mse, mse-grid, mse-trt, l2-torch; numbers may follow"
                + " as in percentile-99.99, percentile-abs-99.99, percentile-ort-99.999,"
                + " entropy-ort-128 and mse-grid-100");
  }

  @ParameterizedTest
  @CsvSource({
    "percentile-101, '101: must be in (50, 100]'",
    "percentile-50, '50: must be in (50, 100]'",
    "percentile-abs--1, '-1: must be in (50, 100]'",
    "percentile-abs-50, '50: must be in (50, 100]'",
    "percentile-ort-100.5, '100.5: must be in [0, 100]'",
  })
  void refusesPercentilesOutsideTheirInterval(String name, String reason) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid percentile " + reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"mse-grid-0", "mse-grid-1001"})
  void refusesGridsWithoutOrWithTooManySteps(String name) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid steps of a grid " + name.substring(9) + ": must be in [1, 1000]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "percentile-x",
        "percentile-ort-nothing",
        "percentile-",
        "percentile-99d",
        "percentile-nan",
        "entropy-ort-x",
        "entropy-ort-1.5",
        "mse-grid-9999999999"
      })
  void refusesNumbersThatAreNone(String name) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number in range selection method: " + name);
  }

  /** ONNX Runtime's entropy is slow and does not look at the target. */
  private static List<Target> targets(RangeSelector selector) {
    return selector instanceof EntropyOrt ? TARGETS.subList(0, 1) : TARGETS;
  }

  /** The distribution of the values times 1 or -1, each seen as often as told. */
  private static Distribution mapped(Distribution d, int sign, int times) {
    int bins = d.bins();
    double[] lower = new double[bins];
    double[] upper = new double[bins];
    long[] count = new long[bins];
    for (int i = 0; i < bins; i++) {
      int from = sign < 0 ? bins - 1 - i : i;
      lower[i] = sign < 0 ? 0 - d.upper(from) : d.lower(from);
      upper[i] = sign < 0 ? 0 - d.lower(from) : d.upper(from);
      count[i] = d.count(from) * times;
    }
    boolean negated = sign < 0;
    return Distribution.of(
        lower, upper, count, negated ? 0 - d.max() : d.min(), negated ? 0 - d.min() : d.max());
  }

  private static float[] scaled(FloatSamples samples, float factor) {
    float[] x = samples.values(5000, 23);
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
    return x;
  }
}
