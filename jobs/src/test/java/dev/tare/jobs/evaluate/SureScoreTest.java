package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.quant.QuantError;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SureScoreTest {

  /** A sample of power about 64, whose noise is about a hundredth of it, and varies. */
  private static QuantError sample(Random random) {
    float[] reference = new float[64];
    float[] other = new float[64];
    double noise = .1 * Math.exp(.3 * random.nextGaussian());
    for (int i = 0; i < reference.length; i++) {
      reference[i] = (float) random.nextGaussian();
      other[i] = reference[i] + (float) (noise * random.nextGaussian());
    }
    return QuantError.between(reference, other);
  }

  private static List<QuantError> samples(Random random, int n) {
    List<QuantError> errors = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      errors.add(sample(random));
    }
    return errors;
  }

  @Test
  void whatOtherSamplesGiveIsAboveTheLowEndNineteenTimesOfTwenty() {
    SureScore truth = SureScore.of(samples(new Random(1), 20_000));
    int cosines = 0;
    int decibels = 0;
    for (int seed = 0; seed < 400; seed++) {
      SureScore score = SureScore.of(samples(new Random(100 + seed), 48));
      cosines += truth.cosineMean() >= score.cosineLow() ? 1 : 0;
      decibels += truth.sqnrDb() >= score.sqnrDbLow() ? 1 : 0;
    }
    assertThat(cosines).isBetween(360, 392);
    assertThat(decibels).isBetween(360, 392);
  }

  @Test
  void samplesWithoutValuesAreLeftOut() {
    List<QuantError> errors = samples(new Random(2), 5);
    SureScore score = SureScore.of(errors);
    errors.add(2, QuantError.NONE);
    assertThat(SureScore.of(errors)).isEqualTo(score);
    assertThat(score.sqnrDbLow()).isLessThan(score.sqnrDb());
    assertThat(score.cosineLow()).isLessThan(score.cosineMean());
  }

  @Test
  void aSampleThatHasMostOfTheErrorCountsAsOne() {
    List<QuantError> errors = samples(new Random(3), 50);
    assertThat(SureScore.of(errors).effective()).isBetween(25.0, 50.0);
    errors.add(QuantError.between(new float[] {1, 0}, new float[] {0, 40}));
    assertThat(SureScore.of(errors).effective()).isBetween(1.0, 1.1);
  }

  @Test
  void equalOutputsAreCertain() {
    QuantError same = QuantError.between(new float[] {3, 4}, new float[] {3, 4});
    assertThat(SureScore.of(List.of(same, same)))
        .isEqualTo(new SureScore(Double.POSITIVE_INFINITY, 1, Double.POSITIVE_INFINITY, 1, 2));
    assertThat(SureScore.of(List.of(same)).cosineLow()).isEqualTo(1);
  }
}
