package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.artifact.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class PairedGainTest {

  private static QuantError noise(double noise) {
    return new QuantError(8, 1, 1, 1, noise);
  }

  private static List<String> hashes(Random random, int n) {
    List<String> hashes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      hashes.add("%016x%048x".formatted(random.nextLong(), i));
    }
    return hashes;
  }

  /**
   * The gain of a change.
   *
   * @param spread of the logarithm of the samples' noise
   */
  private static Interval interval(
      Random random, int n, double spread, DoubleUnaryOperator change) {
    List<QuantError> before = new ArrayList<>();
    List<QuantError> after = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      double noise = Math.exp(spread * random.nextGaussian());
      before.add(noise(noise));
      after.add(noise(change.applyAsDouble(noise)));
    }
    return PairedGain.of(before, after, hashes(random, n)).orElseThrow();
  }

  @Test
  void aGainOfEverySampleIsCertainWhateverTheirNoiseIs() {
    Interval gain = interval(new Random(1), 16, 1.5, noise -> noise / 2);
    assertThat(gain.low()).isCloseTo(3.01, offset(.01));
    assertThat(gain.high()).isCloseTo(3.01, offset(.01));
  }

  /** Three of 15 samples have 95 % of the noise and lose half of it; that of the others doubles. */
  @Test
  void aFewSamplesWithMostOfTheNoiseDoNotDecide() {
    List<QuantError> before = new ArrayList<>();
    List<QuantError> after = new ArrayList<>();
    for (int i = 0; i < 15; i++) {
      before.add(noise(i < 3 ? 76 : 1));
      after.add(noise(i < 3 ? 38 : 2));
    }
    Interval gain = PairedGain.of(before, after, hashes(new Random(4), 15)).orElseThrow();
    assertThat(gain.low()).isLessThan(0);
    assertThat(gain.high()).isGreaterThan(2);
  }

  /** Where nothing is gained on average, though by most samples. */
  @Test
  void chanceIsSeldomTakenForAGain() {
    Random random = new Random(2);
    for (int n : new int[] {16, 32, 128}) {
      int said = 0;
      for (int trial = 0; trial < 400; trial++) {
        Interval gain =
            interval(random, n, .5, noise -> noise * Math.exp(.3 * random.nextGaussian() - .045));
        said += gain.low() > 0 ? 1 : 0;
      }
      assertThat(said / 400.0).as("of %d samples", n).isBetween(.01, .1);
    }
  }

  @Test
  void samplesWithoutValuesAreLeftOutAndOthersArePaired() {
    List<String> hashes = hashes(new Random(3), 3);
    assertThat(
            PairedGain.of(
                List.of(noise(4), QuantError.NONE, noise(4)),
                List.of(noise(1), noise(100), noise(1)),
                hashes))
        .hasValueSatisfying(gain -> assertThat(gain.low()).isBetween(6.0, 6.1));
    assertThat(
            PairedGain.of(
                List.of(noise(4), QuantError.NONE),
                List.of(noise(1), noise(1)),
                hashes.subList(0, 2)))
        .isEmpty();
    assertThat(
            PairedGain.of(
                List.of(noise(4), noise(4)),
                List.of(noise(Double.NaN), noise(1)),
                hashes.subList(0, 2)))
        .hasValueSatisfying(gain -> assertThat(gain.low()).isEqualTo(-300));
    assertThatThrownBy(() -> PairedGain.of(List.of(), List.of(noise(1)), List.of()))
        .hasMessage("Cannot pair 0 errors with 1 of 0 samples");
  }
}
