package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.CompensationTrial.Verdict;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.Sensitivity;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CompensateStageTest {

  private static final Optional<Interval> CERTAIN = Optional.of(new Interval(.01, 3));

  private static Sensitivity.Score score(double db, double cosine) {
    return new Sensitivity.Score(db, cosine);
  }

  private static Verdict with(double db, double cosine, Optional<Interval> gain) {
    return CompensateStage.verdict(score(20, .99), score(db, cosine), gain);
  }

  @Test
  void aTenthOfADecibelIsKeptIfItIsMoreThanChance() {
    assertThat(with(20.1, .99, CERTAIN)).isEqualTo(Verdict.KEPT);
    assertThat(with(20.1, .98995, CERTAIN)).isEqualTo(Verdict.KEPT);
    assertThat(with(23, .991, Optional.of(new Interval(0, 5)))).isEqualTo(Verdict.UNCERTAIN);
    assertThat(with(23, .991, Optional.empty())).isEqualTo(Verdict.UNCERTAIN);
    assertThat(with(20.05, .99, CERTAIN)).isEqualTo(Verdict.TOO_LITTLE);
    assertThat(with(20, .99, CERTAIN)).isEqualTo(Verdict.TOO_LITTLE);
  }

  @Test
  void whatIsWorseInEitherFigureIsWorse() {
    assertThat(with(19.9, .995, CERTAIN)).isEqualTo(Verdict.WORSE);
    assertThat(with(21, .9898, CERTAIN)).isEqualTo(Verdict.WORSE);
    assertThat(with(Double.NaN, Double.NaN, CERTAIN)).isEqualTo(Verdict.WORSE);
  }

  @Test
  void aModelWithoutErrorStaysAsItIs() {
    Sensitivity.Score exact = score(Double.POSITIVE_INFINITY, 1);
    assertThat(CompensateStage.verdict(exact, exact, CERTAIN)).isEqualTo(Verdict.TOO_LITTLE);
  }
}
