package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.DailyRuns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A month of daily runs: their sum is the run over the month, and together they are one table. */
@Tag("slow")
class ThirtyDaysTest {

  @TempDir Path folder;

  @Test
  void mergeOfThirtyDailyRunsEqualsOneRunOverThirtyDaysByteForByte() throws IOException {
    DailyRuns days = DailyRuns.month();
    List<String> merge = new ArrayList<>(List.of("merge"));
    for (int day = 1; day <= DailyRuns.DAYS; day++) {
      merge.add(days.root().resolve(DailyRuns.id(day)).toString());
    }
    // One run id: it stands in the rows.
    Path whole = days.calibrate(days.data(), folder.resolve("whole").resolve("november"));
    Path merged =
        days.tare(folder.resolve("merged").resolve("november"), merge.toArray(String[]::new));

    assertThat(DailyRuns.contentSha256(merged)).isEqualTo(DailyRuns.contentSha256(whole));
    assertThat(onlyPart(merged)).hasSameBinaryContentAs(onlyPart(whole));

    Path plan = days.select("int8", merged, folder.resolve("plan"));
    Stability stability =
        Stability.parse(Files.readString(plan.resolve("stability.json")), "stability");
    assertThat(stability.parts()).isEqualTo(DailyRuns.DAYS);
    assertThat(stability.tensors()).hasSize(2);
    // Values are wider from day to day: most halves of the month lack its largest ones.
    assertThat(stability.largest().db()).isBetween(3.0, 10.0);
    Path again = days.select("int8", whole, folder.resolve("again"));
    assertThat(again.resolve("stability.json")).as("one run has no parts").doesNotExist();
    assertThat(again.resolve("plan.json")).hasSameBinaryContentAs(plan.resolve("plan.json"));

    SqlFunctionsTest.register("thirty", days.root().toString());
    Row seen =
        LocalSpark.spark()
            .sql(
                "SELECT count(*), count(DISTINCT run_id), count(DISTINCT tensor)"
                    + " FROM thirty.statistics WHERE channel IS NULL")
            .head();
    assertThat(seen.getLong(0)).isEqualTo(2 * DailyRuns.DAYS);
    assertThat(seen.getLong(1)).isEqualTo(DailyRuns.DAYS);
    assertThat(seen.getLong(2)).isEqualTo(2);
    Dataset<Row> sum =
        LocalSpark.spark()
            .sql(
                """
                SELECT tensor, axis, channel, s.* FROM (
                  SELECT tensor, axis, channel, thirty.fn.merge(struct(*)) AS s
                  FROM thirty.statistics GROUP BY tensor, axis, channel)
                """);
    Dataset<Row> one = LocalSpark.spark().read().parquet(whole.resolve("statistics").toString());
    assertThat(sum.collectAsList())
        .containsExactlyInAnyOrderElementsOf(one.selectExpr(sum.columns()).collectAsList());
  }

  private static Path onlyPart(Path run) throws IOException {
    try (var files = Files.list(run.resolve("statistics"))) {
      List<Path> parquet = files.filter(f -> f.toString().endsWith(".parquet")).toList();
      assertThat(parquet).hasSize(1);
      return parquet.get(0);
    }
  }
}
