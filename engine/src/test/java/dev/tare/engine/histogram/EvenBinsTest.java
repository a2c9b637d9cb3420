package dev.tare.engine.histogram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.statistics.Statistics;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EvenBinsTest {

  @ParameterizedTest
  @EnumSource(FloatSamples.class)
  void countsConserveTheTotalAndEdgesTouch(FloatSamples samples) {
    Distribution distribution = FloatSamples.distribution(samples.values(10_000, 7), 10);
    for (int n : new int[] {1, 2, 7, 100, 5000}) {
      List<EvenBins.Bin> bins = EvenBins.of(distribution, n);
      assertThat(bins.stream().mapToLong(EvenBins.Bin::count).sum())
          .isEqualTo(distribution.total());
      assertThat(bins).allMatch(bin -> bin.count() >= 0);
      assertThat(bins.get(0).lower()).isEqualTo(distribution.min());
      assertThat(bins.get(bins.size() - 1).upper()).isEqualTo(distribution.max());
      for (int i = 1; i < bins.size(); i++) {
        assertThat(bins.get(i).lower()).isEqualTo(bins.get(i - 1).upper());
      }
    }
  }

  @Test
  void aBinThatCrossesAnEdgeIsSharedInProportion() {
    Distribution distribution =
        Distribution.of(new double[] {0, 2, 4}, new double[] {2, 4, 8}, new long[] {3, 7, 9}, 0, 8);
    assertThat(EvenBins.of(distribution, 4).stream().map(EvenBins.Bin::count))
        // Below 6 lie 10 and half of 9, rounded down.
        .containsExactly(3L, 7L, 4L, 5L);
  }

  @Test
  void aValueOnAnEdgeBelongsToTheBinThatBeginsThereAndTheLastBinHoldsItsEnd() {
    Distribution distribution =
        Distribution.of(
            new double[] {-1, 0, 1}, new double[] {-1, 0, 1}, new long[] {2, 3, 4}, -1, 1);
    assertThat(EvenBins.of(distribution, 2).stream().map(EvenBins.Bin::count))
        .containsExactly(2L, 7L);
  }

  @Test
  void countsEqualThoseOfTheSortedValuesWithinTheHistogramsBins() {
    float[] values = FloatSamples.GAUSSIAN.values(100_000, 5);
    Distribution distribution = FloatSamples.distribution(values, 10);
    for (EvenBins.Bin bin : EvenBins.of(distribution, 20)) {
      double exact = 0;
      for (float value : values) {
        boolean inside = value >= bin.lower() && value < bin.upper();
        exact += inside || (value == bin.upper() && value == distribution.max()) ? 1 : 0;
      }
      assertThat((double) bin.count()).isCloseTo(exact, within(30.0));
    }
  }

  @Test
  void equalValuesAreOneBinAndNoValuesNone() {
    Distribution one = Distribution.of(new double[] {5}, new double[] {5}, new long[] {8}, 5, 5);
    assertThat(EvenBins.of(one, 10)).containsExactly(new EvenBins.Bin(5, 5, 8));
    assertThat(EvenBins.of(Statistics.empty(10).distribution(), 10)).isEmpty();
  }

  @Test
  void chosenEndsLeaveOutWhatLiesOutside() {
    Distribution distribution =
        Distribution.of(new double[] {0, 4}, new double[] {4, 8}, new long[] {8, 4}, 0, 8);
    assertThat(EvenBins.of(distribution, 2, 1, 5))
        .containsExactly(new EvenBins.Bin(1, 3, 4), new EvenBins.Bin(3, 5, 3));
    assertThat(EvenBins.of(distribution, 1, -10, 20))
        .containsExactly(new EvenBins.Bin(-10, 20, 12));
  }

  @Test
  void refusesByName() {
    Distribution extremes = Distribution.of(new double[0], new double[0], new long[0], -1, 2);
    Distribution distribution =
        Distribution.of(new double[] {0}, new double[] {4}, new long[] {8}, 0, 4);
    assertThatThrownBy(() -> EvenBins.of(extremes, 3))
        .hasMessage("Cannot count values in [-1.0, 2.0] again: there is no histogram of them");
    assertThatThrownBy(() -> EvenBins.of(distribution, 0))
        .hasMessage("Invalid number of bins: 0, must be in 1..65536");
    assertThatThrownBy(() -> EvenBins.of(distribution, 3, 2, 1))
        .hasMessage("Invalid ends of a histogram: 2.0 and 1.0, must be finite and in order");
  }
}
