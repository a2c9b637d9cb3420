package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;
  private static String evalData;
  private static Path whole;

  @BeforeAll
  static void run() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    Row[] rows = gaussian(60, 6, 1);
    data = write(shared.resolve("data"), "x array<float>", rows);
    write(shared.resolve("half1"), "x array<float>", Arrays.copyOfRange(rows, 0, 25));
    write(shared.resolve("half2"), "x array<float>", Arrays.copyOfRange(rows, 25, 60));
    evalData = write(shared.resolve("eval"), "x array<float>", gaussian(30, 6, 2));
    whole = shared.resolve("whole");
    CommandLine.Result result = runAll(whole, "--eval-data", evalData).ends(0);
    assertThat(result.err())
        .contains(
            "[1/4] calibrate",
            "[4/4] evaluate",
            "60 samples, 2 tensors, histograms of 14 channels, 1 executor, content ")
        .containsPattern(
            "  model +\\S*/whole/model.onnx, [0-9.]+ kB -> [0-9.]+ kB, [0-9.]+ of float's")
        .containsPattern("  report +\\S+ report \\S*/whole\n")
        .containsPattern("  deploy +\\S+ publish \\S*/whole --as NAME");
    assertThat(result.out()).contains("gate: passed", whole.toString());
  }

  private static CommandLine.Result runAll(Path output, String... more) {
    return command(
        List.of("run", "--model", model, "--data", data, "--output", output.toString()), more);
  }

  private static CommandLine.Result calibrate(String data, Path output, String... more) {
    return command(
        List.of("calibrate", "--model", model, "--data", data, "--output", output.toString()),
        more);
  }

  private static CommandLine.Result command(List<String> words, String... more) {
    List<String> arguments = new ArrayList<>(words);
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  @Test
  void stagesOneByOneEqualTheWholeRun() throws IOException {
    Path statistics = folder.resolve("statistics");
    Path plan = folder.resolve("plan");
    Path quantized = folder.resolve("quantized");
    Path quality = folder.resolve("quality");
    calibrate(data, statistics, "--partitions", "5", "--batch-size", "1").ends(0);
    command(
            List.of("select", "--statistics", statistics.toString(), "--model", model),
            "--recipe",
            "int8",
            "--output",
            plan.toString())
        .ends(0);
    command(
            List.of("quantize", "--plan", plan.toString(), "--model", model),
            "--output",
            quantized.toString())
        .ends(0);
    CommandLine.Result evaluated =
        command(
                List.of("evaluate", "--model", model, "--quantized", quantized.toString()),
                "--data",
                evalData,
                "--output",
                quality.toString())
            .ends(0);

    assertThat(contentSha256(statistics)).isEqualTo(contentSha256(whole));
    assertThat(plan.resolve("plan.json")).hasSameTextualContentAs(whole.resolve("plan.json"));
    assertThat(quantized.resolve("model.onnx")).hasSameBinaryContentAs(whole.resolve("model.onnx"));
    assertThat(json(quality.resolve("quality.json")).path("outputs"))
        .isEqualTo(json(whole.resolve("quality.json")).path("outputs"));
    assertThat(evaluated.out()).contains("y ", "gate: none");
    assertThat(json(quality.resolve("manifest.json")).path("properties").has("gate")).isFalse();
  }

  @Tag("slow")
  @Test
  void everyCommandThatReadsARunFollowsAName() throws IOException {
    String name = folder.resolve("current").toString();
    tare("publish", whole.toString(), "--as", name).ends(0);
    Path floats = folder.resolve("float");
    Path plan = folder.resolve("plan");
    Path quantized = folder.resolve("quantized");
    Path quality = folder.resolve("quality");
    Path merged = folder.resolve("merged");
    tare("dequantize", name, "--output", floats.toString()).ends(0);
    tare("select", "--model", model, "--statistics", name, "--output", plan.toString()).ends(0);
    tare("quantize", "--model", model, "--plan", name, "--output", quantized.toString()).ends(0);
    tare("merge", name, "--output", merged.toString()).ends(0);
    command(
            List.of("evaluate", "--model", model, "--quantized", name),
            "--data",
            evalData,
            "--output",
            quality.toString())
        .ends(0);

    String read = RunFolder.open(whole.toString(), new Configuration()).folder().uri().toString();
    for (Path made : List.of(floats, plan, quantized, quality, merged)) {
      assertThat(json(made.resolve("manifest.json")).path("inputs").findValuesAsText("uri"))
          .contains(read);
    }
  }

  @Tag("slow")
  @Test
  void placementOfTheRecipeChoosesWhatIsObservedUnlessTheUserDoes() throws IOException {
    Path all = folder.resolve("all");
    runAll(all, "--recipe", "int8-all", "--eval-data", evalData).ends(0);
    JsonNode calibration =
        json(all.resolve("manifest.json")).path("properties").path("calibration");
    assertThat(calibration.path("observe").asText()).isEqualTo("all-supported");
    assertThat(calibration.path("tensors")).hasSize(5);
    Path own = folder.resolve("own");
    assertThat(
            runAll(own, "--recipe", "int8-all", "--observe", "constant-weight-inputs")
                .ends(3)
                .err())
        .contains("The statistics lack 2 tensors that recipe 'int8-all' needs: m, y.");
  }

  @Tag("slow")
  @Test
  void mergeOfTheHalvesEqualsTheWhole() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Path sum = folder.resolve("sum");
    calibrate(shared.resolve("half1").toString(), first).ends(0);
    calibrate(shared.resolve("half2").toString(), second).ends(0);
    tare("merge", "--output", sum.toString(), first.toString(), second.toString()).ends(0);

    assertThat(contentSha256(sum)).isEqualTo(contentSha256(whole));
    assertThat(contentSha256(first)).isNotEqualTo(contentSha256(whole));
    JsonNode calibration =
        json(sum.resolve("manifest.json")).path("properties").path("calibration");
    assertThat(calibration.path("samples").asInt()).isEqualTo(60);
    assertThat(calibration.has("mixed")).isFalse();

    Path plan = folder.resolve("plan");
    command(
            List.of("select", "--statistics", sum.toString(), "--model", model),
            "--recipe",
            "int8",
            "--output",
            plan.toString())
        .ends(0);
    assertThat(plan.resolve("plan.json")).hasSameTextualContentAs(whole.resolve("plan.json"));
  }

  /** The input itself is observed, so which row holds its extremes can be read off the data. */
  @Tag("slow")
  @Test
  void statisticsNameTheRowThatHoldsEachExtreme() throws IOException {
    float[] extremes = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    long[] positions = new long[2];
    Row[] rows = gaussian(60, 6, 1);
    for (int i = 0; i < rows.length; i++) {
      for (float value : rows[i].<List<Float>>getAs(0)) {
        if (value < extremes[0]) {
          extremes[0] = value;
          positions[0] = i;
        }
        if (value > extremes[1]) {
          extremes[1] = value;
          positions[1] = i;
        }
      }
    }
    String columns = "min, min_sample, min_row, min_file, max, max_sample, max_row, max_file";
    Row row = whole(PipelineTest.whole, "x").selectExpr(columns.split(", ")).first();
    for (int i = 0; i < 2; i++) {
      assertThat(row.getFloat(4 * i)).isEqualTo(extremes[i]);
      Row held = rows[(int) positions[i]];
      assertThat(row.getString(4 * i + 1)).isEqualTo(origin(held).sha256());
      assertThat(row.getLong(4 * i + 2)).isEqualTo(positions[i]);
      assertThat(row.getString(4 * i + 3)).startsWith("file:").contains(data).endsWith(".parquet");
    }
    assertThat(
            whole(PipelineTest.whole, "x")
                .sparkSession()
                .read()
                .parquet(PipelineTest.whole.resolve("statistics").toString())
                .filter("channel is not null and coalesce(min_sample, max_sample) is not null")
                .count())
        .isZero();

    Path merged = folder.resolve("merged");
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    calibrate(shared.resolve("half1").toString(), first).ends(0);
    calibrate(shared.resolve("half2").toString(), second).ends(0);
    tare("merge", "--output", merged.toString(), second.toString(), first.toString()).ends(0);
    Row sum = whole(merged, "x").selectExpr(columns.split(", ")).first();
    for (int i = 0; i < 2; i++) {
      assertThat(sum.getString(4 * i + 1)).isEqualTo(row.getString(4 * i + 1));
      boolean inFirst = positions[i] < 25;
      assertThat(sum.getLong(4 * i + 2)).isEqualTo(positions[i] - (inFirst ? 0 : 25));
      assertThat(sum.getString(4 * i + 3)).contains(inFirst ? "half1" : "half2");
    }
  }

  private static Dataset<Row> whole(Path run, String tensor) {
    return CommandLine.spark()
        .read()
        .parquet(run.resolve("statistics").toString())
        .filter("channel is null and tensor = '" + tensor + "'");
  }

  private static SampleOrigin origin(Row row) {
    float[] values = new float[6];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.<List<Float>>getAs(0).get(i);
    }
    return SampleOrigin.of(
        Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(values.length), values))));
  }

  @Test
  void inspectTellsRunsAndModels() throws IOException {
    assertThat(tare("inspect", whole.toString()).ends(0).out())
        .contains("content-sha256", contentSha256(whole), "model.onnx", "plan.json");
    assertThat(tare("inspect", "--verbose", whole.toString()).ends(0).out())
        .contains("calibration.samples", "  plan.json");
    assertThat(tare("inspect", model).ends(0).out())
        .contains("x FLOAT32", "batch", "can be quantized", "yes", "MatMul")
        .contains("2 of 2 products in integers", "-> about ", "inspect --verbose " + model)
        .doesNotContain("second");
    assertThat(tare("inspect", "--verbose", model).ends(0).out()).contains("second", "sha256");
    assertThat(tare("inspect", folder.resolve("absent").toString()).ends(3).err())
        .contains("No such file or folder", "absent");
    assertThat(tare("inspect", folder.toString()).ends(3).err()).contains("not a run");
  }

  @Test
  void finishedOutputIsKeptOrReused() throws IOException {
    SortedMap<String, Long> before = times(whole);
    assertThat(runAll(whole, "--eval-data", evalData).ends(5).err())
        .contains("finished run", whole.toString(), "--if-finished reuse");
    assertThat(runAll(whole, "--eval-data", evalData, "--if-finished", "reuse").ends(0).out())
        .contains("Reused", whole.toString());
    assertThat(
            runAll(whole, "--eval-data", evalData, "--if-finished", "reuse", "--channel-bits", "4")
                .ends(5)
                .err())
        .contains("channel-bits", "4", "5");
    assertThat(times(whole)).isEqualTo(before);
  }

  @Tag("slow")
  @Test
  void changedRecipeFileIsAnotherRun() throws IOException {
    Path recipe = Files.writeString(folder.resolve("own.conf"), "include \"int8.conf\"\n");
    Path statistics = folder.resolve("statistics");
    calibrate(data, statistics).ends(0);
    Path plan = folder.resolve("plan");
    List<String> select =
        List.of(
            "select",
            "--statistics",
            statistics.toString(),
            "--model",
            model,
            "--recipe",
            recipe.toString(),
            "--output",
            plan.toString());
    command(select).ends(0);
    command(select, "--if-finished", "reuse").ends(0);
    Files.writeString(recipe, "include \"int8-mse.conf\"\n");
    assertThat(command(select, "--if-finished", "reuse").ends(5).err()).contains("recipe");
  }

  @Tag("slow")
  @Test
  void failedGateIsAFinishedRun() throws IOException {
    Path output = folder.resolve("run");
    CommandLine.Result result = runAll(output, "--eval-data", evalData, "--min-sqnr-db", "90");
    result.ends(4);
    assertThat(result.out()).contains("gate: failed", "90");
    assertThat(result.err()).doesNotContain("error");
    assertThat(json(output.resolve("manifest.json")).path("properties").path("gate").asText())
        .isEqualTo("failed");
    JsonNode status = json(output.resolve("status.json"));
    assertThat(status.path("exit-code").asInt()).isEqualTo(4);
    assertThat(status.path("outcome").asText()).isEqualTo("finished");
    assertThat(output.resolve("model.onnx")).exists();
    runAll(output, "--eval-data", evalData, "--min-sqnr-db", "90", "--if-finished", "reuse")
        .ends(4);
  }

  @Tag("slow")
  @Test
  void badRowsAreSkippedAndCountedWhereAllowed() throws IOException {
    Path mixed = folder.resolve("mixed");
    write(mixed, "x array<float>", gaussian(60, 6, 1));
    write(
        mixed,
        "x array<float>",
        RowFactory.create(List.of(1f)),
        RowFactory.create(List.of(1f, 2f, Float.NaN, 4f, 5f, 6f)));
    Path output = folder.resolve("run");
    calibrate(mixed.toString(), output, "--max-bad-rows", "1")
        .refuses(3, output, "2 of 62 rows", "1 shape", "1 nan-in-input");
    calibrate(mixed.toString(), output, "--max-bad-rows", "2").ends(0);
    assertThat(contentSha256(output)).isEqualTo(contentSha256(whole));
    JsonNode counts = json(output.resolve("manifest.json")).path("properties").path("data");
    assertThat(counts.path("rows").asInt()).isEqualTo(62);
    assertThat(counts.path("bad-rows").toString()).isEqualTo("{\"nan-in-input\":1,\"shape\":1}");
  }

  @Tag("slow")
  @Test
  void withoutEvaluationDataRowsAreHeldOutByHash() throws IOException {
    Path output = folder.resolve("run");
    runAll(output).ends(0);
    JsonNode quality = json(output.resolve("quality.json"));
    assertThat(quality.path("held-out").asText()).contains("by hash", "not calibrated on");
    int calibrated =
        json(output.resolve("manifest.json"))
            .path("properties")
            .path("calibration")
            .path("samples")
            .asInt();
    assertThat(calibrated + quality.path("samples").asInt()).isEqualTo(60);
    assertThat(json(whole.resolve("quality.json")).path("held-out").asText()).contains("eval");
  }

  private static SortedMap<String, Long> times(Path run) throws IOException {
    SortedMap<String, Long> times = new TreeMap<>();
    try (var files = Files.walk(run)) {
      for (Path file : files.toList()) {
        times.put(file.toString(), Files.getLastModifiedTime(file).toMillis());
      }
    }
    return times;
  }
}
