package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.FloatBins;
import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.tensor.SampleOrigin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  private static List<Float> list(float... values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  @Test
  void viewIsOrderedAndClippedToTheExtremes() {
    Distribution view =
        NaiveStatistics.of(1, list(-1.25f, 0, -0.0f, 1.1f, 3.5f, Float.NaN)).distribution();
    assertThat(view)
        .isEqualTo(
            Distribution.of(
                new double[] {-1.25, 0, 1, 3},
                new double[] {-1, 0, 1.5, 3.5},
                new long[] {1, 2, 1, 1},
                -1.25f,
                3.5f));
  }

  @Test
  void viewOfNothingIsEmpty() {
    Statistics none = Statistics.empty(10);
    assertThat(none.distribution().isEmpty()).isTrue();
    assertThat(none.min()).isNaN();
    assertThat(Statistics.emptyExtremes().distribution()).isEqualTo(none.distribution());
  }

  @Test
  void viewOfExtremesHasNoBins() {
    Distribution view = new Statistics(3, 1, 0, 0, 0, -2, 1, Optional.empty()).distribution();
    assertThat(view.bins()).isZero();
    assertThat(view.min()).isEqualTo(-2f);
    assertThat(view.max()).isEqualTo(1f);
  }

  @Test
  void coarsenCommutesWithMerge() {
    Histogram left = NaiveStatistics.of(10, list(Floats.values(1, 400, 0))).histogram().get();
    Histogram right = NaiveStatistics.of(10, list(Floats.values(2, 400, 0))).histogram().get();
    for (int bits = 1; bits <= 10; bits++) {
      Histogram coarse = left.merge(right).coarsen(bits);
      assertThat(coarse).isEqualTo(left.coarsen(bits).merge(right.coarsen(bits)));
      assertThat(coarse.total()).isEqualTo(800);
    }
    assertThat(left.coarsen(3))
        .isEqualTo(NaiveStatistics.of(3, list(Floats.values(1, 400, 0))).histogram().get());
    assertThatThrownBy(() -> left.coarsen(3).coarsen(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot coarsen bins of 3 mantissa bits to 4");
  }

  @Test
  void ofEqualExtremesAKnownSampleAndThenTheFirstWins() {
    SampleOrigin a = SampleOrigin.of(new byte[32]);
    SampleOrigin b = ExtremeSampleTest.origin(new float[] {1});
    Statistics unknown = NaiveStatistics.of(4, list(-1, 2));
    Statistics ofB = unknown.heldBy(Optional.of(b), Optional.of(b));
    Statistics ofA = NaiveStatistics.of(4, list(-1, 1)).heldBy(Optional.of(a), Optional.of(a));
    Statistics wider = NaiveStatistics.of(4, list(-1, 3));
    for (Statistics merged :
        List.of(unknown.merge(ofB).merge(ofA), ofA.merge(ofB.merge(unknown)))) {
      assertThat(merged.minSample()).contains(a);
      assertThat(merged.maxSample()).contains(b);
    }
    assertThat(ofB.merge(wider).minSample()).contains(b);
    assertThat(ofB.merge(wider).maxSample()).as("it holds 2, not 3").isEmpty();
    assertThat(Statistics.empty(4).merge(ofB)).isEqualTo(ofB);
    assertThatThrownBy(() -> Statistics.empty(4).heldBy(Optional.of(a), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid statistics: a sample holds an extreme, but there is no finite value");
  }

  @Test
  void overflowIsRefused() {
    Histogram huge = Histogram.of(1, new int[] {3}, new long[] {Long.MAX_VALUE});
    Histogram one = Histogram.of(1, new int[] {4}, new long[] {1});
    assertThatThrownBy(() -> huge.merge(one)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> huge.merge(huge)).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void countsThatCarryOverAreKept() {
    DenseCounts dense = new DenseCounts(FloatBins.of(4));
    PagedCounts paged = new PagedCounts(FloatBins.of(4), 4);
    int[] bits = {Float.floatToRawIntBits(1f), Float.floatToRawIntBits(-2f)};
    for (int round = 0; round < 3; round++) {
      dense.add(bits, 0, 2);
      paged.addRun(bits, 0, 2, 3);
      dense.relieve(1);
      paged.relieve(1);
      int[] other = {Float.floatToRawIntBits(Math.scalb(1f, 10 * round))};
      dense.add(other, 0, 1);
      paged.addRun(other, 0, 1, 3);
    }
    Histogram expected =
        NaiveStatistics.of(4, list(1, -2, 1, -2, 1, -2, 1, 1024, 1048576)).histogram().get();
    assertThat(dense.histogram(0, 0)).isEqualTo(expected);
    assertThat(paged.histogram(3, 0, 0)).isEqualTo(expected);
    assertThat(dense.inBinOf(bits[0])).isEqualTo(4);
    assertThat(paged.inBinOf(bits[0], 3)).isEqualTo(4);
  }

  @Test
  void carryingOverLeavesOneInABinAndTellsTheLargestCount() {
    int[] counts = {0, 7, 3, 4};
    Carries carries = new Carries();
    assertThat(carries.relieve(counts, 3)).isEqualTo(3);
    assertThat(counts).containsExactly(0, 1, 3, 1);
    counts[1] = 9;
    assertThat(carries.relieve(counts, Carries.LIMIT)).isEqualTo(9);
    assertThat(carries.relieve(counts, 8)).isEqualTo(3);
    assertThat(carries.at(1)).isEqualTo(6 + 8);
    assertThat(carries.at(2)).isZero();
    assertThat(carries.at(3)).isEqualTo(3);
  }

  @Test
  void statesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> Histogram.of(1, new int[] {3, 3}, new long[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Invalid histogram of 1 mantissa bits: position 1 is bin 3 with count 1 after bin 3");
    assertThatThrownBy(() -> Histogram.of(1, new int[] {510}, new long[] {1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid histogram of 1 mantissa bits: position 0 is bin 510 with count 1");
    assertThatThrownBy(() -> new Statistics(1, 0, 0, 0, 0, 2, 1, Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid statistics: min 2.0 and max 1.0 of 0 zeros and 1 other finite values");
    assertThatThrownBy(() -> new Statistics(2, 0, 0, 0, 0, 1, 1, Optional.of(Histogram.empty(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Invalid statistics: count 2 vs zeros 0 + nans 0 + +infs 0 + -infs 0 + binned 0");
  }
}
