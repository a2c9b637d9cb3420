package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EntropyTest {

  private static final Target SYMMETRIC = new Target(QuantType.INT8, true, true, false);
  private static final Target ASYMMETRIC = new Target(QuantType.UINT8, false, false, false);

  @Test
  void prefixSumsGiveTheDivergenceOfTheDefinition() {
    Random random = new Random(41);
    for (int trial = 0; trial < 500; trial++) {
      int groups = 2 + random.nextInt(20);
      long[] counts = new long[groups + random.nextInt(100)];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = random.nextInt(3) == 0 ? 0 : random.nextInt(1000);
      }
      int from = random.nextInt(counts.length - groups + 1);
      int to = from + groups + random.nextInt(counts.length - groups - from + 1);
      double naive = naive(counts, groups, from, to);
      double fast = Divergence.roundingDown(counts, groups).of(from, to);
      if (Double.isInfinite(naive)) {
        assertThat(fast).isInfinite();
      } else {
        assertThat(fast).isCloseTo(naive, within(1e-11));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void selectsTheNaiveMinimumOfMagnitudes(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(20_000, 42), 10);
    UniformGrid grid = UniformGrid.of(distribution, "test");
    long[] counts = new long[grid.cells()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = grid.negative(i) + grid.positive(i);
    }
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 128; i <= counts.length; i++) {
      double divergence = naive(counts, 128, 0, i);
      if (divergence <= least + 1e-12) {
        least = Math.min(least, divergence);
        best = i;
      }
    }
    float limit = (float) Math.min(best * grid.width(), magnitude(distribution));
    assertThat(new Entropy().select(distribution, SYMMETRIC).magnitude()).isEqualTo(limit);
  }

  @Test
  void logarithmsOfCountsAreExactToTheirRounding() {
    Random random = new Random(48);
    assertThat(LogTable.log(1)).isZero();
    for (int i = 0; i < 200_000; i++) {
      long count = i < 10_000 ? i + 2 : (random.nextLong() >>> (1 + random.nextInt(60))) | 2;
      double exact = StrictMath.log((double) count);
      assertThat(LogTable.log(count)).isCloseTo(exact, within(1e-14 * exact));
    }
  }

  @Test
  void outliersAreCutAndAUniformTensorIsNot() {
    Distribution outliers =
        FloatSamples.distribution(FloatSamples.OUTLIERS.values(200_000, 43), 10);
    assertThat(new Entropy().select(outliers, SYMMETRIC).magnitude())
        .isLessThan(magnitude(outliers) / 4);
    float[] flat = new float[200_000];
    Random random = new Random(44);
    for (int i = 0; i < flat.length; i++) {
      flat[i] = random.nextFloat() * 2 - 1;
    }
    Distribution uniform = FloatSamples.distribution(flat, 10);
    for (Target target : new Target[] {SYMMETRIC, ASYMMETRIC}) {
      assertThat(new Entropy().select(uniform, target).magnitude()).isGreaterThan(0.95f);
    }
  }

  @Test
  void exactZerosDoNotChangeTheSelection() {
    float[] x = FloatSamples.ONE_SIDED.values(20_000, 45);
    float[] withZeros = Arrays.copyOf(x, 100_000);
    for (Target target : new Target[] {SYMMETRIC, ASYMMETRIC}) {
      assertThat(new Entropy().select(FloatSamples.distribution(withZeros, 10), target))
          .isEqualTo(new Entropy().select(FloatSamples.distribution(x, 10), target));
    }
  }

  @Test
  void refusesAHistogramThatIsTooCoarse() {
    float[] x = FloatSamples.GAUSSIAN.values(5000, 46);
    assertThatThrownBy(() -> new Entropy().select(FloatSamples.distribution(x, 5), ASYMMETRIC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot select a range by entropy: needs 512 cells from 0 to the maximum, the histogram"
                + " has 32");
    assertThatThrownBy(() -> new Entropy().select(FloatSamples.distribution(x, 8), SYMMETRIC))
        .hasMessageContaining("needs 512 cells");
    assertThat(new Entropy().select(FloatSamples.distribution(x, 9), SYMMETRIC).magnitude())
        .isPositive();
  }

  @Test
  void theGridKeepsEveryCountOfFloatBins() {
    for (FloatSamples samples : FloatSamples.values()) {
      float[] x = samples.values(20_000, 47);
      UniformGrid grid = UniformGrid.of(FloatSamples.distribution(x, 10), "test");
      long[] negative = new long[grid.cells()];
      long[] positive = new long[grid.cells()];
      long zeros = 0;
      for (float value : x) {
        int cell = (int) Math.floor(Math.abs(value) / grid.width());
        if (value == 0) {
          zeros++;
        } else {
          (value < 0 ? negative : positive)[cell]++;
        }
      }
      assertThat(grid.zeros()).isEqualTo(zeros);
      assertThat(grid.cells()).isBetween(1025, 2048);
      for (int i = 0; i < grid.cells(); i++) {
        assertThat(grid.negative(i)).isEqualTo(negative[i]);
        assertThat(grid.positive(i)).isEqualTo(positive[i]);
      }
    }
  }

  @Test
  void binsThatCrossCellsAreSharedOutWithoutLoss() {
    Distribution distribution =
        Distribution.of(
            new double[] {-3.5, 1, 1.25, 9},
            new double[] {1, 1, 4, 9.5},
            new long[] {7, 1, 10, 3},
            -3.5f,
            9.5f);
    UniformGrid grid = UniformGrid.of(shifted(distribution), "test");
    long sum = grid.zeros();
    for (int i = 0; i < grid.cells(); i++) {
      sum += grid.negative(i) + grid.positive(i);
    }
    assertThat(sum).isEqualTo(distribution.total());
  }

  private static Distribution shifted(Distribution d) {
    double[] lower = new double[d.bins()];
    double[] upper = new double[d.bins()];
    long[] count = new long[d.bins()];
    for (int i = 0; i < count.length; i++) {
      lower[i] = d.lower(i) * 1.1;
      upper[i] = d.upper(i) * 1.1;
      count[i] = d.count(i);
    }
    return Distribution.of(lower, upper, count, d.min() * 1.1f, d.max() * 1.1f);
  }

  private static float magnitude(Distribution distribution) {
    return Math.max(-distribution.min(), distribution.max());
  }

  /** The definition in Entropy's comment, with arrays P and Q written out. */
  private static double naive(long[] counts, int groups, int from, int to) {
    int n = to - from;
    double[] p = new double[n];
    double[] q = new double[n];
    double total = 0;
    double inside = 0;
    for (int i = 0; i < counts.length; i++) {
      p[Math.max(0, Math.min(n - 1, i - from))] += counts[i];
      total += counts[i];
      inside += i >= from && i < to ? counts[i] : 0;
    }
    for (int g = 0; g < groups; g++) {
      int start = (int) ((long) g * n / groups);
      int end = (int) ((g + 1L) * n / groups);
      double sum = 0;
      int live = 0;
      for (int i = start; i < end; i++) {
        sum += counts[from + i];
        live += p[i] > 0 ? 1 : 0;
      }
      for (int i = start; i < end; i++) {
        q[i] = p[i] > 0 ? sum / live : 0;
      }
    }
    double divergence = 0;
    for (int i = 0; i < n; i++) {
      if (p[i] > 0) {
        divergence += p[i] / total * Math.log((p[i] / total) / (q[i] / inside));
      }
    }
    return inside < total - inside || Double.isNaN(divergence)
        ? Double.POSITIVE_INFINITY
        : divergence;
  }
}
