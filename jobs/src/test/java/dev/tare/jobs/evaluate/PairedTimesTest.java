package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Quality;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairedTimesTest {

  private static PairedTimes times(long[] first, long[] second) {
    PairedTimes times = new PairedTimes();
    for (int i = 0; i < first.length; i++) {
      times.add(first[i], second[i]);
    }
    return times;
  }

  /**
   * Of ten ratios 1 to 10 the ranks 5 - 1.96 sqrt(10) / 2 = 1.9 from both ends bound the median.
   */
  @Test
  void medianAndItsIntervalByHand() {
    long[] first = new long[10];
    long[] second = new long[10];
    for (int i = 0; i < 10; i++) {
      first[i] = 100;
      second[i] = 100L * (10 - i);
    }
    PairedTimes times = times(first, second);
    assertThat(times.ratio()).isEqualTo(5.5);
    assertThat(times.low()).isEqualTo(2);
    assertThat(times.high()).isEqualTo(9);
    assertThat(times.firstMedian()).isEqualTo(100);
    assertThat(times.secondMedian()).isEqualTo(550);
  }

  @Test
  void onePairHasNoInterval() {
    PairedTimes times = times(new long[] {50}, new long[] {100});
    assertThat(List.of(times.low(), times.ratio(), times.high())).containsOnly(2.0);
  }

  /** The median of the ratio is 0.5, whatever else disturbs both. */
  @Test
  void intervalCoversTheTruthNineteenTimesOfTwenty() {
    Random random = new Random(7);
    int covered = 0;
    for (int trial = 0; trial < 1000; trial++) {
      PairedTimes times = new PairedTimes();
      for (int i = 0; i < 100; i++) {
        double load = 1e6 * (1 + 5 * random.nextDouble());
        times.add(
            (long) (load * Math.exp(.1 * random.nextGaussian())),
            (long) (load * .5 * Math.exp(.1 * random.nextGaussian())));
      }
      covered += times.low() <= .5 && .5 <= times.high() ? 1 : 0;
    }
    assertThat(covered).isBetween(930, 985);
  }

  private static Latency latency(double ratio, double low, double high) {
    return new Latency("cpu", 2, 8, "x[3]", 20, 1, ratio, ratio, low, high);
  }

  @Test
  void whatAnIntervalDecides() {
    assertThat(latency(1.2, 1.15, 1.25).floatIsFaster()).isTrue();
    assertThat(latency(1.2, .99, 1.25).floatIsFaster()).isFalse();
    assertThat(latency(1.2, 1.15, 1.25).decided()).isTrue();
    assertThat(latency(1.2, 1.1, 1.25).decided()).isFalse();
    assertThat(latency(1.2, 1.15, 1.3).decided()).isFalse();
  }

  @Test
  void gateLimitsTheRatio() {
    OptionalDouble none = OptionalDouble.empty();
    Quality.GateResult good = new Quality.GateResult(true, true, List.of());
    Gate gate = new Gate(none, none, none, OptionalDouble.of(1));
    assertThat(gate.check(good, latency(.9, .8, 1.1)).passed()).isTrue();
    assertThat(gate.check(good, latency(1.2, 1.15, 1.25)).failures())
        .containsExactly("latency is 1.20 times the float model's (95 %: 1.15 to 1.25), above 1.0");
    assertThat(gate.configuration()).containsEntry("max-latency-ratio", "1.0");
    Quality.GateResult unasked = new Quality.GateResult(false, true, List.of());
    assertThat(Gate.NONE.check(unasked, latency(9, 9, 9))).isEqualTo(unasked);
  }
}
