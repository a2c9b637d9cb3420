package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.CorrectedModel;
import dev.tare.engine.onnx.write.SmoothedModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.model.RecipeText;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every shipped recipe through the whole pipeline, and back to a float model. */
@Tag("slow")
class ModeRunsTest {

  @TempDir static Path shared;

  private static String model;
  private static String data;
  private static Path statistics;

  /** For blocks of 64: the other's matrices are smaller. */
  private static String wideModel;

  private static String wideData;

  @BeforeAll
  static void prepare() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(400, 6, 7));
    wideModel =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 64)
            .weight("w1", 64, 128)
            .weight("w2", 128, 64)
            .node("MatMul", "first", List.of("x", "w1"), List.of("h"))
            .node("Relu", "h", "r")
            .node("MatMul", "second", List.of("r", "w2"), List.of("y"))
            .output("y")
            .write(shared.resolve("wide.onnx"));
    wideData = write(shared.resolve("wide"), "x array<float>", gaussian(100, 64, 7));
    statistics = shared.resolve("statistics");
    tare("calibrate", "--model", model, "--data", data, "--output", statistics.toString()).ends(0);
  }

  /** All but those for models of another format, which LiteRunTest runs. */
  static Stream<String> recipes() {
    return RecipeText.SHIPPED.stream().filter(recipe -> !recipe.contains("-tflite"));
  }

  private static Path run(String recipe, String... more) {
    Path run = shared.resolve("run-" + recipe.replaceAll(".*/", ""));
    boolean wide = recipe.contains("bnb4");
    List<String> arguments = new ArrayList<>(List.of("run", "--model", wide ? wideModel : model));
    arguments.addAll(List.of("--data", wide ? wideData : data, "--recipe", recipe, "--output"));
    arguments.add(run.toString());
    arguments.addAll(List.of(more));
    tare(arguments.toArray(String[]::new)).ends(0);
    return run;
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void shippedRecipeRunsFromDataToAQualityReportAndBack(String recipe) throws IOException {
    Path run = run(recipe, "--min-cosine", "0.95");
    JsonNode manifest = json(run.resolve("manifest.json"));
    boolean calibrated = Files.exists(run.resolve("statistics"));
    assertThat(calibrated)
        .isEqualTo(
            recipe.contains("gptq")
                || (!recipe.contains("weights")
                    && !recipe.contains("nbits")
                    && !recipe.contains("bnb4")
                    && !recipe.contains("dynamic")));
    assertThat(manifest.path("stages").get(0).asText())
        .isEqualTo(calibrated ? "calibrate" : "select");
    QuantPlan plan = CommandLine.plan(run);
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(weight -> weight.tensor().replace("_smoothed", ""))
        .contains("w1", "w2");

    Path back = shared.resolve("float-" + recipe);
    tare("dequantize", run.toString(), "--output", back.toString()).ends(0);
    OnnxModel before =
        CorrectedModel.of(
            SmoothedModel.of(
                OnnxModel.read(Path.of(recipe.contains("bnb4") ? wideModel : model)),
                plan.smoothed()),
            plan.corrected());
    OnnxModel after = OnnxModel.read(back.resolve("model.onnx"));
    for (Role role : List.of(Role.WEIGHT, Role.BIAS)) {
      for (TensorPlan tensor : plan.quantized(role)) {
        Tensor dequantized = OnnxGraph.of(after).constant(tensor.tensor() + "_dequantized");
        Tensor fake =
            Quantizer.fakeQuantize(
                // GPTQ rounds to other values of the same grid, which stay as they are.
                roundedByGptq(plan, tensor)
                    ? dequantized
                    : OnnxGraph.of(before).constant(tensor.tensor()),
                tensor.params(),
                tensor.granularity(),
                tensor.limits(),
                Rounding.DIVISION);
        assertThat(dequantized).isEqualTo(fake);
      }
    }
    assertThat(plan.gptq().isPresent()).isEqualTo(recipe.contains("gptq"));
  }

  private static boolean roundedByGptq(QuantPlan plan, TensorPlan tensor) {
    return plan.gptq()
        .filter(
            rounded ->
                rounded.weights().stream()
                    .anyMatch(weight -> weight.weight().equals(tensor.tensor())))
        .isPresent();
  }

  @Test
  void selectNeedsStatisticsOnlyWhereTheRecipeDoes() throws IOException {
    Path output = shared.resolve("no-statistics");
    tare("select", "--model", model, "--recipe", "int8", "--output", output.toString())
        .refuses(2, output, "Recipe 'int8' needs statistics: give --statistics RUN");
    Path weights = shared.resolve("weights-alone");
    tare("select", "--model", model, "--recipe", "int4-weights", "--output", weights.toString())
        .ends(0);
    assertThat(planned(weights, "w1").path("type").asText()).isEqualTo("int4");
  }

  @Test
  void mixedRecipeSaysWhichRuleDecided() throws IOException {
    Path recipe = shared.resolve("mixed.conf");
    Files.writeString(
        recipe,
        """
        include "int8.conf"
        rules = [
          { tensors = "second", mode = weight-only }
          { tensors = w2, role = weight, type = int4, narrow-range = false }
          { operators = [MatMul], role = activation, type = uint16 }
        ]
        """);
    Path run = run(recipe.toString(), "--min-cosine", "0.95");
    assertThat(planned(run, "x").path("type").asText()).isEqualTo("uint16");
    assertThat(planned(run, "x").path("decided-by").asText()).isEqualTo("rule 3");
    assertThat(planned(run, "w1").path("decided-by").asText()).isEqualTo("recipe");
    assertThat(planned(run, "w2").path("type").asText()).isEqualTo("int4");
    assertThat(planned(run, "w2").path("decided-by").asText()).isEqualTo("rule 2");
    QuantPlan plan = CommandLine.plan(run);
    assertThat(plan.quantized(Role.ACTIVATION)).hasSize(1);
    assertThat(OnnxModel.read(run.resolve("model.onnx")).opset()).isEqualTo(21);
  }

  @Test
  void stageAloneFindsItsPlanAndModelThroughTheManifests() throws IOException {
    Path plan = shared.resolve("stage-plan");
    tare(
            "select",
            "--statistics",
            statistics.toString(),
            "--model",
            model,
            "--output",
            plan.toString())
        .ends(0);
    Path quantized = shared.resolve("stage-quantized");
    tare("quantize", "--plan", plan.toString(), "--model", model, "--output", quantized.toString())
        .ends(0);
    Path back = shared.resolve("stage-float");
    tare("dequantize", quantized.toString(), "--output", back.toString()).ends(0);
    assertThat(back.resolve("model.onnx")).exists();
    Path refused = shared.resolve("refused");
    tare("dequantize", statistics.toString(), "--output", refused.toString())
        .refuses(3, refused, "has no");
  }
}
