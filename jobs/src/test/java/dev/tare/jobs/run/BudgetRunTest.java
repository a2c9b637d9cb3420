package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A static recipe's errors, plans by several budgets, and what evaluation says of one. */
@Tag("slow")
class BudgetRunTest {

  @TempDir static Path shared;

  private static String model;
  private static CommandLine.Result errors;

  @BeforeAll
  static void measure() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    write(shared.resolve("run-data"), "x array<float>", gaussian(200, 6, 1));
    run("calibrate", "statistics", "--data", path("data"), "--partitions", "1").ends(0);
    errors = measured("errors", 1);
  }

  private static CommandLine.Result run(String command, String name, String... more) {
    List<String> line = new ArrayList<>(List.of(command, "--model", model, "--output", path(name)));
    line.addAll(List.of(more));
    return tare(line.toArray(String[]::new));
  }

  private static CommandLine.Result measured(String name, int partitions) {
    return run(
            "sensitivity",
            name,
            "--statistics",
            path("statistics"),
            "--recipe",
            "int8",
            "--samples",
            "30",
            "--data",
            path("data"),
            "--partitions",
            "" + partitions,
            "--run-id",
            "errors")
        .ends(0);
  }

  private static CommandLine.Result selected(String name, String from, String budget) {
    return run(
        "select",
        name,
        "--statistics",
        path("statistics"),
        "--recipe",
        "int8",
        "--errors",
        path(from),
        "--budget",
        budget);
  }

  private static String path(String name) {
    return shared.resolve("run-" + name).toString();
  }

  private static byte[] table(String run) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(path(run), "sensitivity"))) {
      return Files.readAllBytes(
          files.filter(file -> file.toString().endsWith(".parquet")).findFirst().orElseThrow());
    }
  }

  @Test
  void errorsAreATable() {
    assertThat(errors.err()).contains("sensitivity", "2 groups on 30 samples, output 'y'");
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.budget", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.budget.root", path("errors"));
    List<Row> rows =
        spark.sql("SELECT * FROM budget.sensitivity ORDER BY weight, level").collectAsList();
    assertThat(rows)
        .extracting(row -> row.getAs("weight") + " " + row.getAs("level"))
        .containsExactlyInAnyOrder(
            "null int4",
            "null int8",
            "null int16",
            "w1 int4",
            "w1 int8",
            "w1 int16",
            "w2 int4",
            "w2 int8",
            "w2 int16",
            "null mixed",
            "null mixed",
            "null mixed");
    assertThat(rows)
        .filteredOn(row -> row.getAs("level").equals("mixed"))
        .allSatisfy(
            row -> assertThat(row.<Double>getAs("sqnr_db_low")).isLessThan(row.getAs("sqnr_db")));
    assertThat(rows).allSatisfy(row -> assertThat(row.<Double>getAs("sqnr_db")).isPositive());
  }

  @Test
  void plansAreTheSameFromAnyPartitions() throws IOException {
    selected("plan", "errors", "bits<=12").ends(0);
    for (int partitions : List.of(2, 7)) {
      measured("errors" + partitions, partitions);
      assertThat(table("errors" + partitions)).isEqualTo(table("errors"));
      selected("plan" + partitions, "errors" + partitions, "bits<=12").ends(0);
      for (String file : List.of("plan.json", "budget.json")) {
        assertThat(Path.of(path("plan" + partitions), file))
            .hasSameBinaryContentAs(Path.of(path("plan"), file));
      }
    }
  }

  @Test
  void aPlanHasTheLevelsThatMeetTheBudgetAndEvaluationStandsBesideThem() throws IOException {
    CommandLine.Result result = selected("chosen", "errors", "sqnr>=25dB").ends(0);
    BudgetPlan budget =
        BudgetPlan.parse(Files.readString(Path.of(path("chosen"), "budget.json")), "budget");
    assertThat(budget.predicted().sqnrDbLow())
        .isGreaterThanOrEqualTo(25)
        .isLessThan(budget.predicted().sqnrDb());
    assertThat(result.err()).contains("chosen by sqnr>=25dB: ");
    QuantPlan plan = CommandLine.plan(Path.of(path("chosen")));
    budget
        .levels()
        .forEach(
            (weight, level) ->
                assertThat(
                        plan.find(weight, Role.WEIGHT)
                            .filter(found -> found.quantized())
                            .map(found -> found.type().dtype().bits())
                            .orElse(WeightLevel.FLOAT.bits()))
                    .as(weight)
                    .isEqualTo(level.bits()));
    run("quantize", "quantized", "--plan", path("chosen")).ends(0);
    CommandLine.Result evaluated =
        run("evaluate", "quality", "--quantized", path("quantized"), "--data", path("data"))
            .ends(0);
    assertThat(evaluated.err())
        .contains("budget sqnr>=25dB is kept: cosine ", "measured (95 %: ")
        .containsPattern(
            "SQNR \\S+ dB predicted, at least \\S+, \\S+ measured; \\S+ MB predicted, \\S+ MB"
                + " made");
    Path page = shared.resolve("page.html");
    tare("report", path("quality"), "--out", page.toString()).ends(0);
    assertThat(Files.readString(page))
        .contains(
            "Bits of each weight were chosen by the budget sqnr&gt;=25dB, from errors on 30"
                + " samples.",
            "On the samples of the evaluation the budget is kept.",
            "SQNR over size of ",
            "Levels of 2 weights, ");
  }

  @Test
  void budgetsThatNothingMeetsAreRefused() throws IOException {
    selected("small", "errors", "size<=1B")
        .refuses(2, Path.of(path("small")), "Nothing meets the budget size<=1B", "MB");
    selected("same", "errors", "cosine>=1")
        .refuses(2, Path.of(path("same")), "Budget cosine>=1 leaves every weight in float");
  }
}
