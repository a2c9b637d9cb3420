package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.range.Range;
import dev.tare.engine.statistics.Statistics;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FutureExtremesTest {

  private static final int DRAWS = 40_000;

  /** Squares of Gumbel numbers far from 0, of which the prediction is exact. */
  private static float maximum(Random random, int parts) {
    double gumbel = -StrictMath.log(-StrictMath.log(random.nextDouble()) / parts);
    return (float) StrictMath.pow(100 + gumbel, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 6, 7, 8})
  void asManyPartsAgainExceedItInOneOf40Cases(int parts) {
    Random random = new Random(parts);
    int exceeded = 0;
    float[] maxima = new float[parts];
    for (int draw = 0; draw < DRAWS; draw++) {
      for (int p = 0; p < parts; p++) {
        maxima[p] = maximum(random, 1);
      }
      exceeded += maximum(random, parts) > FutureExtremes.highest(maxima) ? 1 : 0;
    }
    // Three standard deviations.
    assertThat(exceeded / (double) DRAWS).isBetween(.0227, .0273);
  }

  @Test
  void moreThanEightPartsAreUnited() {
    float[] eight = {10, 2, 3, 4, 5, 6, 7, 8};
    float[] eleven = {1, 2, 3, 4, 5, 6, 7, 8, 10, 2, 1};
    assertThat(FutureExtremes.highest(eleven)).isEqualTo(FutureExtremes.highest(eight));
    // (3.1623 + 3.56 * (2.3085 - 1.4142))^2, of roots.
    assertThat(FutureExtremes.highest(eight)).isCloseTo(40.27f, within(.01f));
  }

  /** Chosen so that the end is nearly 0, where it shows in which order roots are summed. */
  @Test
  void theOrderOfPartsMakesNoDifference() {
    float[] maxima = {
      -1.578403f,
      -3.8951404f,
      -1.6410083f,
      -3.704253f,
      -1.4692415f,
      -3.8705688f,
      -3.4479277f,
      -2.537777f
    };
    float[] reversed = new float[maxima.length];
    for (int p = 0; p < maxima.length; p++) {
      reversed[p] = maxima[maxima.length - 1 - p];
    }
    assertThat(FutureExtremes.highest(reversed)).isEqualTo(FutureExtremes.highest(maxima));
  }

  @Test
  void equalMaximaStayWhatTheyAre() {
    for (float value : new float[] {0, 6.335f, -3.1f, Float.MIN_VALUE, Float.MAX_VALUE}) {
      assertThat(FutureExtremes.highest(new float[] {value, value, value, value})).isEqualTo(value);
    }
  }

  @Test
  void itIsNeverInfiniteNorBelowTheLargest() {
    assertThat(FutureExtremes.highest(new float[] {1, 1, 1, Float.MAX_VALUE}))
        .isEqualTo(Float.MAX_VALUE);
    assertThat(FutureExtremes.highest(new float[] {-4, -3, -2, -1})).isGreaterThan(-1f);
  }

  @Test
  void pairsBeginWithWhatWasSeenAndEndWithWhatIsPredicted() {
    List<Statistics> parts =
        List.of(extremes(-1, 4), extremes(-2, 5), extremes(-1, 4), extremes(-1, 7));
    List<Range> pairs = FutureExtremes.pairs(parts, true, true);
    assertThat(pairs).hasSize(25).doesNotHaveDuplicates();
    assertThat(pairs.get(0)).isEqualTo(new Range(-2, 7));
    assertThat(pairs.get(24))
        .isEqualTo(
            new Range(
                -FutureExtremes.highest(new float[] {1, 2, 1, 1}),
                FutureExtremes.highest(new float[] {4, 5, 4, 7})));
    assertThat(FutureExtremes.counted(pairs.get(0), 0))
        .isEqualTo(new Statistics(2, 0, 0, 0, 0, -2, 7, Optional.empty()));
    Statistics positive = FutureExtremes.counted(new Range(0, 3), 5);
    assertThat(positive.zeros()).isEqualTo(1);
    assertThat(positive.histogram().orElseThrow().total()).isEqualTo(1);
  }

  @Test
  void anEndThatIsNotPredictedStays() {
    List<Statistics> parts =
        List.of(extremes(1, 4), extremes(2, 5), extremes(1, 4), extremes(1, 7));
    float highest = FutureExtremes.highest(new float[] {4, 5, 4, 7});
    assertThat(FutureExtremes.pairs(parts, false, true))
        .hasSize(5)
        .doesNotHaveDuplicates()
        .startsWith(new Range(0, 7))
        .endsWith(new Range(0, highest));
    List<Statistics> negative =
        List.of(extremes(-4, -1), extremes(-5, -2), extremes(-4, -1), extremes(-7, -1));
    assertThat(FutureExtremes.pairs(negative, true, false))
        .hasSize(5)
        .startsWith(new Range(-7, 0))
        .endsWith(new Range(-highest, 0));
  }

  private static Statistics extremes(float min, float max) {
    return new Statistics(2, 0, 0, 0, 0, min, max, Optional.empty());
  }

  @Test
  void tooFewPartsAreRefused() {
    assertThatThrownBy(() -> FutureExtremes.highest(new float[] {1, 2, 3}))
        .hasMessage("Cannot predict extremes from 3 parts: at least 4 are needed");
  }
}
