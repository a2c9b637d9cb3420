package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.testkit.Encoders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Smoothing with shift and GPTQ through all stages, on a layer of an encoder that normalizes before
 * attention, whose constants take the factors.
 */
@Tag("slow")
class FoldedRunTest {

  @TempDir static Path shared;

  private static String model;
  private static String recipe;
  private static List<Row> rows;
  private static Path first;

  @BeforeAll
  static void prepare() throws IOException {
    OnnxModel encoder = Encoders.normalizingBefore(false, "Gelu").build();
    model = shared.resolve("model.onnx").toString();
    Files.write(Path.of(model), encoder.toByteArray());
    Files.copy(Path.of("..", "conf", "recipes", "int8.conf"), shared.resolve("int8.conf"));
    recipe = shared.resolve("folded.conf").toString();
    Files.writeString(
        Path.of(recipe),
        "include \"int8.conf\"\nsmoothing { alpha = 0.8, shift = on }\ngptq.damping = 0.01\n");
    Random random = new Random(12);
    rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      List<List<Float>> sample = new ArrayList<>();
      for (int token = 0; token < 3 + i % 2; token++) {
        List<Float> values = new ArrayList<>();
        for (int k = 0; k < 8; k++) {
          values.add((float) random.nextGaussian() * (k == 2 ? 20 : 1) + (k == 5 ? 3 : 0));
        }
        sample.add(values);
      }
      rows.add(RowFactory.create(sample));
    }
    first = run("first", rows, "--partitions", "2");
  }

  private static Path run(String name, List<Row> samples, String... more) {
    String data =
        write(shared.resolve("data-" + name), "x array<array<float>>", samples.toArray(Row[]::new));
    Path run = shared.resolve("run-" + name);
    List<String> line = new ArrayList<>(List.of("run", "--model", model, "--data", data));
    line.addAll(List.of("--recipe", recipe, "--min-cosine", "0.9", "--output", run.toString()));
    line.addAll(Arrays.asList(more));
    tare(line.toArray(String[]::new)).ends(0);
    return run;
  }

  @Test
  void onlyTheInputBehindGeluGetsNodes() throws IOException {
    assertThat(CommandLine.plan(first).smoothed())
        .extracting(SmoothedInput::tensor, SmoothedInput::through)
        .containsExactly(
            tuple("context", List.of("join", "back", "mix", "v_first", "v_parts", "v_add", "v")),
            tuple("h", List.of()),
            tuple("n1", List.of("n1_add", "n1_mul")),
            tuple("n2", List.of("n2_add", "n2_mul")));
    assertThat(CommandLine.plan(first).smoothed())
        .filteredOn(input -> !input.offsets().isEmpty())
        .isNotEmpty();
    assertThat(json(first.resolve("plan.json")).path("format-version").asInt()).isEqualTo(16);
    int before = OnnxModel.read(Path.of(model)).operatorCounts().get("Mul");
    assertThat(OnnxModel.read(first.resolve("model.onnx")).operatorCounts())
        .containsEntry("Mul", before + 1);
    double cosine =
        json(first.resolve("quality.json"))
            .path("outputs")
            .get(0)
            .path("cosine")
            .path("mean")
            .asDouble();
    assertThat(cosine).isGreaterThan(0.99);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 8"})
  void partitionsBatchesAndOrderDoNotChangeTheModel(int partitions, int batch) throws IOException {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(partitions));
    Path run =
        run(
            "law-" + partitions,
            shuffled,
            "--partitions",
            "" + partitions,
            "--batch-size",
            "" + batch);
    assertThat(Files.readAllBytes(run.resolve("model.onnx")))
        .isEqualTo(Files.readAllBytes(first.resolve("model.onnx")));
  }
}
