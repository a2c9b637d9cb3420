package dev.tare.jobs.sql;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** The subcommands as procedures of SQL. */
@Tag("slow")
class ProceduresTest {

  private static final String SWITCH = "spark.sql.catalog.calls.procedures";

  @TempDir static Path folder;

  private static String model;
  private static String files;

  @BeforeAll
  static void catalog() throws IOException {
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    files = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    SqlFunctionsTest.register("calls", folder.toString());
    spark().conf().set(SWITCH, "true");
    spark().read().parquet(files).createOrReplaceTempView("called_features");
  }

  /** Spark's default, which commands of other tests in this JVM have changed. */
  @BeforeEach
  void caseDoesNotMatter() {
    spark().conf().set("spark.sql.caseSensitive", "false");
  }

  @AfterAll
  static void off() {
    spark().conf().unset(SWITCH);
    spark().conf().set("spark.sql.caseSensitive", "true");
    spark().catalog().dropTempView("called_features");
  }

  private static SparkSession spark() {
    return LocalSpark.spark();
  }

  private static Row call(String procedure, Object... values) {
    List<Row> rows =
        spark().sql(("CALL calls.system." + procedure).formatted(values)).collectAsList();
    assertThat(rows).hasSize(1);
    return rows.get(0);
  }

  private static Path at(String run) {
    return folder.resolve(run);
  }

  @Test
  void stagesOneByOneAreThoseOfTheCommandLine() throws IOException {
    tare("run", "--model", model, "--data", files, "--output", at("line").toString()).ends(0);
    Row run =
        call(
            "run(model => '%s', data => 'called_features', output => '%s', samples => 60)",
            model, at("run"));
    assertThat(run.<String>getAs("run")).isEqualTo("file:" + at("run"));
    assertThat(run.<Object>getList(run.fieldIndex("stages")))
        .containsExactly("calibrate", "select", "quantize", "evaluate");
    assertThat(run.<String>getAs("gate")).isEqualTo("passed");
    assertThat(run.<String>getAs("content_sha256")).isEqualTo(contentSha256(at("line")));
    assertThat(run.<Double>getAs("cosine_mean")).isBetween(0.95, 1.0);
    assertThat(run.<Long>getAs("bytes")).isPositive();
    assertThat(run.<String>getAs("verdict")).isNull();
    assertThat(json(at("run").resolve("manifest.json")).path("configuration").path("data"))
        .hasToString("\"table:called_features\"");

    call("calibrate(model => '%s', data => '%s', output => '%s')", model, files, at("c"));
    Path config = folder.resolve("tare.conf");
    Files.writeString(config, "model: \"%s\"\noutput: /nowhere\nsamples: 60\n".formatted(model));
    call("calibrate(config => '%s', data => '%s', output => '%s')", config, files, at("d"));
    call("merge(runs => array('%s', '%s'), output => '%s')", at("c"), at("d"), at("m"));
    call("merge('%s', '%s')", at("c"), at("one"));
    assertThat(contentSha256(at("one"))).isEqualTo(contentSha256(at("c")));
    call(
        "select(model => '%s', statistics => '%s', output => '%s', recipe => 'int8')",
        model, at("c"), at("s"));
    call("quantize(model => '%s', plan => '%s', output => '%s')", model, at("s"), at("q"));
    Row failed =
        call(
            "evaluate(model => '%s', quantized => '%s', data => 'called_features', output => '%s',"
                + " min_cosine => 0.9999999)",
            model, at("q"), at("e"));
    assertThat(failed.<String>getAs("gate")).isEqualTo("failed");
    assertThat(failed.<String>getAs("verdict")).contains("cosine of 'y'", "below 1.0");
    Row refused =
        call("publish(run => '%s', `as` => '%s', gate => '%s')", at("q"), at("name"), at("e"));
    assertThat(refused.<String>getAs("gate")).isEqualTo("failed");
    assertThat(refused.<String>getAs("verdict")).contains("nothing was published");
    Row published = call("publish(run => '%s', `as` => '%s')", at("run"), at("name"));
    assertThat(published.<String>getAs("verdict")).contains("points to");
    assertThat(call("drift(baseline => '%s', current => '%s')", at("c"), at("d")))
        .extracting(row -> row.getAs("verdict"))
        .asString()
        .startsWith("drift: none");
    assertThat(call("verify('%s')", at("name")).<String>getAs("verdict")).contains("is whole");
    assertThat(
            call("gc('%s', older_than => '1d', dry_run => true)", folder).<String>getAs("verdict"))
        .startsWith("Would remove 0");
  }

  @Test
  void theSessionIsAsBefore() throws TimeoutException {
    SortedSet<String> before = settings();
    spark().sparkContext().setJobDescription("mine");
    List<String> shown = new CopyOnWriteArrayList<>();
    SparkListener pages =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart job) {
            shown.add(job.properties().getProperty("spark.job.description", "none"));
          }
        };
    spark().sparkContext().addSparkListener(pages);
    call("calibrate(model => '%s', data => '%s', output => '%s')", model, files, at("settings"));
    spark().sparkContext().listenerBus().waitUntilEmpty();
    spark().sparkContext().removeSparkListener(pages);
    assertThat(shown)
        .contains("read: count and check rows", "calibrate: write statistics")
        .doesNotContain("none", "mine");
    assertThat(spark().sparkContext().getLocalProperty("spark.job.description")).isEqualTo("mine");
    spark().sparkContext().setJobDescription(null);
    assertThat(settings()).isEqualTo(before);
  }

  private static SortedSet<String> settings() {
    SortedSet<String> settings = new TreeSet<>();
    CollectionConverters.asJava(spark().conf().getAll())
        .forEach((key, value) -> settings.add(key + "=" + value));
    return settings;
  }

  private static void refuses(String call, String... words) {
    assertThatThrownBy(() -> call(call))
        .isInstanceOf(TareException.class)
        .satisfies(failure -> assertThat(failure.getMessage()).contains(words));
  }

  @Test
  void whatIsWrongIsSaidAsOnTheConsole() {
    refuses(
        "run(modle => 'm')", "calls.system.run has no argument 'modle'", "did you mean 'model'");
    refuses("verify(x => 'm')", "has no argument 'x'; it has run");
    refuses(
        "run(model => 'm', data => 'd')", "calls.system.run needs 'output' (Run folder to write");
    refuses("walk()", "No procedure calls.system.walk; there are run, calibrate, select");
    refuses(
        "calibrate(model => '/none.onnx', data => 'd', output => '%s')".formatted(at("none")),
        "/none.onnx");
    refuses(
        "run(model => 'm', data => 'd', output => 'o', samples => 0)",
        "'--samples': 0 is less than 1");
    refuses("verify('%s')".formatted(at("nothing")), "nothing");
    refuses("calibrate(config => '%s')".formatted(at("no.conf")), "no.conf");
    assertThat(at("none").resolve("status.json")).exists();
  }

  @Test
  void theyAreOffUnlessSwitchedOn() {
    spark().conf().unset(SWITCH);
    try {
      refuses("verify('/runs')", "are off: set " + SWITCH + "=true");
    } finally {
      spark().conf().set(SWITCH, "true");
    }
  }

  @Test
  void theyAreListedWhereTheyAreOn() {
    assumeThat(spark().version()).as("Spark 4.0 lists none").doesNotStartWith("4.0.");
    spark().conf().unset(SWITCH);
    try {
      assertThat(spark().sql("SHOW PROCEDURES IN calls.system").collectAsList()).isEmpty();
    } finally {
      spark().conf().set(SWITCH, "true");
    }
    assertThat(spark().sql("SHOW PROCEDURES IN calls.system").collectAsList()).hasSize(10);
    assertThat(spark().sql("DESCRIBE PROCEDURE calls.system.verify").collectAsList().toString())
        .contains("Compare every file of a finished run");
  }
}
