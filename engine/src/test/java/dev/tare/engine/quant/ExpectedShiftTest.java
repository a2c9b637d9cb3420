package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpectedShiftTest {

  private static final QuantParams PARAMS = new QuantParams(QuantType.UINT8, .25f, 100);

  private static Distribution bin(double lower, double upper) {
    return Distribution.of(
        new double[] {lower}, new double[] {upper}, new long[] {7}, (float) lower, (float) upper);
  }

  /** A bin inside a step, over several, of no width, and those that saturate in part and wholly. */
  @ParameterizedTest
  @CsvSource({"1.02, 1.03", "-3.3, 2.9", ".3, .3", "35, 41", "-40, -22", "60, 70", "-.1, .9"})
  void meansAreThoseOfManyValues(double lower, double upper) {
    int count = 200_000;
    double sum = 0;
    double squares = 0;
    double shift = 0;
    double noise = 0;
    for (int i = 0; i < count; i++) {
      double x = lower + (upper - lower) * (i + .5) / count;
      double code = Math.max(-100, Math.min(155, Math.rint(x / .25)));
      sum += x;
      squares += x * x;
      shift += code * .25 - x;
      noise += (code * .25 - x) * (code * .25 - x);
    }
    ExpectedShift expected = ExpectedShift.of(bin(lower, upper), PARAMS);
    assertThat(expected.count()).isEqualTo(7);
    assertThat(expected.mean()).isCloseTo(sum / count, within(1e-5));
    assertThat(expected.variance())
        .isCloseTo(squares / count - sum / count * sum / count, within(1e-3));
    assertThat(expected.shift()).isCloseTo(shift / count, within(1e-5));
    assertThat(expected.noise()).isCloseTo(noise / count, within(1e-3));
  }

  @Test
  void floatingPointTypesAreRefused() {
    QuantParams float8 = new QuantParams(QuantType.FLOAT8E4M3FN, 1, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ExpectedShift.of(bin(0, 1), float8))
        .withMessageContaining("FLOAT8E4M3FN");
  }
}
