package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
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
          new Target(QuantType.UINT8, false, false, true));

  static List<RangeSelector> selectors() {
    return List.of(
        new MinMax(),
        new Percentile(99.9, false),
        new Percentile(99.9, true),
        new Percentile(0, false),
        new PercentileOrt(99.9),
        new Entropy(),
        new EntropyOrt(1024),
        new Mse());
  }

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
      strings = {"min-max", "percentile", "percentile-abs", "percentile-ort", "entropy-ort", "mse"})
  void defaultsHaveNames(String name) {
    assertThat(RangeSelector.parse(name).name()).startsWith(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"kl", "", "percentile99", "entropy-ort-1.5", "min-max-3"})
  void refusesUnknownMethods(String name) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Unknown range selection method '" + name + "': expected min-max");
  }

  @ParameterizedTest
  @ValueSource(strings = {"percentile-101", "percentile-abs--1"})
  void refusesPercentilesOutsideTheirInterval(String name) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("Invalid percentile .*: must be in \\[0, 100\\]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"percentile-x", "percentile-ort-nothing", "percentile-", "entropy-ort-x"})
  void refusesNumbersThatAreNone(String name) {
    assertThatThrownBy(() -> RangeSelector.parse(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number in range selection method: " + name);
  }

  /** ONNX Runtime's entropy is slow and does not look at the target. */
  private static List<Target> targets(RangeSelector selector) {
    return selector instanceof EntropyOrt ? TARGETS.subList(0, 1) : TARGETS;
  }

  private static float[] scaled(FloatSamples samples, float factor) {
    float[] x = samples.values(5000, 23);
    for (int i = 0; i < x.length; i++) {
      x[i] *= factor;
    }
    return x;
  }
}
