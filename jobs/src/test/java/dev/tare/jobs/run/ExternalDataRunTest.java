package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A model whose weights are in a file beside it, against the same model as one file. */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExternalDataRunTest {

  @TempDir static Path folder;
  private Path whole;
  private Path split;

  @BeforeAll
  void run() throws IOException {
    Models graphs =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 64)
            .weight("w1", 64, 80)
            .weight("w2", 80, 48)
            .weight("b2", 48)
            .node("MatMul", "first", List.of("x", "w1"), "m")
            .node("Relu", "bend", List.of("m"), "r")
            .node("Gemm", "second", List.of("r", "w2", "b2"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 48);
    whole = Files.createDirectory(folder.resolve("whole")).resolve("model.onnx");
    graphs.write(whole);
    split = Files.createDirectory(folder.resolve("split")).resolve("model.onnx");
    graphs.writeSplit(split, "weights.bin");
    write(folder.resolve("data"), "x array<float>", gaussian(60, 64, 1));
    for (Path model : List.of(whole, split)) {
      tare(arguments(model, folder.resolve("data"))).ends(0);
      tare("dequantize", runOf(model), "--output", model.resolveSibling("float").toString())
          .ends(0);
    }
  }

  private static String runOf(Path model) {
    return model.resolveSibling("run").toString();
  }

  private static String[] arguments(Path model, Path data, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "run",
                "--model",
                model.toString(),
                "--data",
                data.toString(),
                "--sensitivity",
                "8",
                "--output",
                runOf(model)));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static JsonNode manifest(Path model) throws IOException {
    return json(model.resolveSibling("run").resolve("manifest.json"));
  }

  @Test
  void whereWeightsAreKeptChangesNothing() throws IOException {
    assertThat(manifest(split).at("/properties/calibration/content-sha256"))
        .isEqualTo(manifest(whole).at("/properties/calibration/content-sha256"));
    for (String made : List.of("run/model.onnx", "float/model.onnx")) {
      assertThat(split.resolveSibling(made)).hasSameBinaryContentAs(whole.resolveSibling(made));
    }
    assertThat(json(split.resolveSibling("run/quality.json")).path("outputs"))
        .isEqualTo(json(whole.resolveSibling("run/quality.json")).path("outputs"));
    assertThat(json(split.resolveSibling("run/quality.json")).path("sensitivity"))
        .isEqualTo(json(whole.resolveSibling("run/quality.json")).path("sensitivity"));
  }

  @Test
  void everyFileOfTheModelIsAnInput() throws IOException {
    assertThat(manifest(split).path("inputs"))
        .extracting(input -> input.path("name").asText())
        .contains("model", "model-data");
    assertThat(manifest(split).at("/properties/quantization/float-model-bytes").asLong())
        .isEqualTo(Files.size(split) + Files.size(split.resolveSibling("weights.bin")));
    assertThat(tareAlone("inspect", "--verbose", split.toString()).ends(0).out())
        .contains("weights.bin, " + Files.size(split.resolveSibling("weights.bin")) + " bytes")
        .contains(
            "sha256 of all                    "
                + manifest(split).at("/properties/calibration/model-sha256").asText());
  }

  @Test
  void otherWeightsAreAnotherModel() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other")).resolve("model.onnx");
    Files.copy(split, other);
    byte[] weights = Files.readAllBytes(split.resolveSibling("weights.bin"));
    weights[100] ^= 1;
    Files.write(other.resolveSibling("weights.bin"), weights);

    assertThat(
            tare(
                    "select",
                    "--statistics",
                    runOf(split),
                    "--model",
                    other.toString(),
                    "--output",
                    folder.resolve("never").toString())
                .ends(3)
                .err())
        .contains("are of another model: sha256 ");
    assertThat(
            tare(
                    "evaluate",
                    "--quantized",
                    runOf(split),
                    "--model",
                    other.toString(),
                    "--data",
                    folder.resolve("data").toString(),
                    "--output",
                    folder.resolve("never-either").toString())
                .ends(3)
                .err())
        .contains("was quantized from another model", "model-data with sha256 ");
    assertThat(tare(arguments(other, folder.resolve("data"), "--if-finished", "reuse")).code())
        .isZero();
    assertThat(tare(arguments(split, folder.resolve("data"), "--if-finished", "reuse")).out())
        .contains("Reused the finished run");
  }
}
