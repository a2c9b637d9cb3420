package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.jobs.artifact.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BootstrapTest {

  private static List<String> hashes(Random random, int n) {
    List<String> hashes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      hashes.add("%016x%048x".formatted(random.nextLong(), i));
    }
    return hashes;
  }

  private static double[] values(Random random, int n) {
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = .98 + .01 * random.nextGaussian();
    }
    return values;
  }

  @Test
  void theMeanIsInsideNinetyFiveTimesInAHundred() {
    int inside = 0;
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      double[] values = values(random, 100);
      inside += Bootstrap.mean(values, hashes(random, 100)).orElseThrow().contains(.98) ? 1 : 0;
    }
    assertThat(inside).isBetween(365, 395);
  }

  @Test
  void theSameSamplesGiveTheSameInterval() {
    Random random = new Random(1);
    double[] values = values(random, 50);
    List<String> hashes = hashes(random, 50);
    assertThat(Bootstrap.mean(values, hashes)).isEqualTo(Bootstrap.mean(values.clone(), hashes));
    assertThat(Bootstrap.mean(new double[] {1}, hashes.subList(0, 1))).isEmpty();
    assertThat(Bootstrap.mean(new double[] {.5, .5}, hashes.subList(0, 2)))
        .hasValue(new Interval(.5, .5));
  }

  @Test
  void ofVeryManySamplesTheIntervalIsTheNormalOne() {
    Random random = new Random(2);
    Interval interval = Bootstrap.mean(values(random, 40_000), List.of()).orElseThrow();
    assertThat(interval.high() - interval.low())
        .isCloseTo(2 * 1.96 * .01 / Math.sqrt(40_000), within(3e-6));
  }
}
