package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.Tare;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.PlanStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Types command lines as a user would, on one embedded Spark for all tests of a JVM. */
public final class CommandLine {

  /** The session; a new one where a test had to stop the last. */
  public static SparkSession spark() {
    return LocalSpark.spark();
  }

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private CommandLine() {}

  /** How a command line ended. */
  public record Result(int code, String out, String err) {

    public Result ends(int expected) {
      assertThat(code).as(err).isEqualTo(expected);
      return this;
    }

    /** Ended with a refusal that a user can act on, and published nothing. */
    public void refuses(int expected, Path output, String... words) throws IOException {
      ends(expected);
      String message = err.substring(Math.max(0, err.indexOf("tare: error: ")));
      assertThat(message).startsWith("tare: error: ").contains(words);
      assertThat(err).doesNotContain("\tat ").doesNotContain("Exception");
      assertThat(output.resolve("manifest.json")).doesNotExist();
      JsonNode status = json(output.resolve("status.json"));
      assertThat(status.path("outcome").asText()).isEqualTo("failed");
      assertThat(status.path("exit-code").asInt()).isEqualTo(expected);
      assertThat(status.path("message").asText()).contains(words);
      try (var files = Files.list(output)) {
        assertThat(files.map(file -> file.getFileName().toString()))
            .filteredOn(name -> !name.startsWith("."))
            .containsExactly("status.json");
      }
    }
  }

  public static Result tare(String... arguments) {
    spark();
    return tareAlone(arguments);
  }

  /** A subcommand that needs no Spark; starts none by itself. */
  public static Result tareAlone(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
    int code = new Tare(outStream, errStream).run(arguments);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  public static JsonNode json(Path file) throws IOException {
    return MAPPER.readTree(file.toFile());
  }

  public static String contentSha256(Path run) throws IOException {
    String hash =
        json(run.resolve("manifest.json"))
            .path("properties")
            .path("calibration")
            .path("content-sha256")
            .asText();
    assertThat(hash).hasSize(64);
    return hash;
  }

  /** The plan of a run, with the scales that only its table has. */
  public static QuantPlan plan(Path run) throws IOException {
    return PlanStore.read(spark(), RunFolder.open(run.toString(), SparkJobs.hadoop(spark())));
  }

  /** The entry of a tensor in {@code plan.json}. */
  public static JsonNode planned(Path run, String tensor) throws IOException {
    for (JsonNode node : json(run.resolve("plan.json")).path("tensors")) {
      if (node.path("tensor").asText().equals(tensor)) {
        return node;
      }
    }
    throw new AssertionError("no tensor '" + tensor + "' in the plan");
  }

  public static String write(Path folder, String ddl, Row... rows) {
    table(ddl, List.of(rows)).coalesce(1).write().mode(SaveMode.Append).parquet(folder.toString());
    return folder.toString();
  }

  private static Dataset<Row> table(String ddl, List<Row> rows) {
    return spark().createDataFrame(rows, StructType.fromDDL(ddl));
  }

  /** Rows of one column of normal deviates. */
  public static Row[] gaussian(int rows, int width, long seed) {
    Random random = new Random(seed);
    Row[] made = new Row[rows];
    for (int i = 0; i < rows; i++) {
      List<Float> values = new ArrayList<>();
      for (int k = 0; k < width; k++) {
        values.add((float) random.nextGaussian());
      }
      made[i] = RowFactory.create(values);
    }
    return made;
  }

  public static Path onlyPart(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }
}
