package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.CompensationTrial.Verdict;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.Sensitivity;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
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

  private static List<Row> samples(int count, int bytes) {
    return IntStream.range(0, count)
        .mapToObj(i -> RowFactory.create(new byte[] {(byte) (i >> 8), (byte) i}, bytes))
        .toList();
  }

  @Test
  void oneTaskGetsNoMoreSamplesThanFitButAlwaysEnough() {
    assertThat(CompensateStage.fitting(samples(256, 100))).hasSize(256);
    assertThat(CompensateStage.fitting(samples(256, 1 << 20))).hasSize(64);
    assertThat(CompensateStage.fitting(samples(256, 5 << 20))).hasSize(16);
    assertThat(CompensateStage.fitting(samples(9, 5 << 20))).hasSize(9);
    assertThat(CompensateStage.fitting(samples(40, 4 << 20)).get(15)).isEqualTo(new byte[] {0, 15});
  }
}
