package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Inputs that are unusual, and right. */
@Tag("slow")
class OddInputsTest {

  @TempDir Path folder;

  @Test
  void namesBeyondTheBasicPlaneWorkForModelDataAndOutput() throws IOException {
    Path odd = Files.createDirectories(folder.resolve("\uD83D\uDE00 \u00fc"));
    Path data = odd.resolve("d\uD83D\uDE00");
    write(data, "x array<float>", gaussian(40, 6, 1));
    String model = SmallModels.exportedMlp().write(odd.resolve("m\uD83D\uDE00.onnx"));
    Path output = odd.resolve("run");
    tare("run", "--model", model, "--data", data.toString(), "--output", output.toString()).ends(0);
    assertThat(json(output.resolve("status.json")).path("outcome").asText()).isEqualTo("finished");
    Path split = odd.resolve("split.onnx");
    Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w", 6, 4096)
        .node("MatMul", "first", java.util.List.of("x", "w"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 4096)
        .writeSplit(split, "w\uD83D\uDE00.bin");
    Path second = odd.resolve("second");
    tare(
            "run",
            "--model",
            split.toString(),
            "--data",
            data.toString(),
            "--output",
            second.toString())
        .ends(0);
  }

  /** A loop of one turn beside a product. */
  private static Models looping() {
    GraphProto body =
        GraphProto.newBuilder()
            .setName("body")
            .addInput(Models.info("i", TensorProto.DataType.INT64))
            .addInput(Models.info("go", TensorProto.DataType.BOOL))
            .addInput(Models.info("v", TensorProto.DataType.FLOAT, "batch", 4))
            .addNode(NodeProto.newBuilder().setOpType("Identity").addInput("go").addOutput("on"))
            .addNode(NodeProto.newBuilder().setOpType("Neg").addInput("v").addOutput("n"))
            .addOutput(Models.info("on", TensorProto.DataType.BOOL))
            .addOutput(Models.info("n", TensorProto.DataType.FLOAT, "batch", 4))
            .build();
    return Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w", 6, 4)
        .constant(
            TensorProto.newBuilder()
                .setName("turns")
                .setDataType(TensorProto.DataType.INT64.getNumber())
                .addInt64Data(1)
                .build())
        .node("MatMul", "first", java.util.List.of("x", "w"), "m")
        // A number of rounds that is computed.
        .node("Abs", "rounds", java.util.List.of("turns"), "rounds")
        .node(
            "Loop",
            "spin",
            java.util.List.of("rounds", "", "m"),
            "y",
            AttributeProto.newBuilder()
                .setName("body")
                .setType(AttributeProto.AttributeType.GRAPH)
                .setG(body)
                .build())
        .output("y", TensorProto.DataType.FLOAT, "batch", 4);
  }

  @Test
  void warningsOfAModelAreSaidOnceAndKeptByEveryCommandThatOpensIt() throws IOException {
    String model = looping().write(folder.resolve("loop.onnx"));
    Path data = folder.resolve("data");
    write(data, "x array<float>", gaussian(40, 6, 1));
    String warning = "model loop.onnx: Loop 'spin' may run without end";
    Path run = folder.resolve("run");
    said(
        tare("run", "--model", model, "--data", data.toString(), "--output", run.toString()),
        warning,
        run);
    Path calibrated = folder.resolve("calibrated");
    said(
        tare("calibrate", "--model", model, "--data", data.toString(), "--output", calibrated + ""),
        warning,
        calibrated);
    Path quantized = folder.resolve("quantized");
    said(
        tare("quantize", "--model", model, "--plan", run.toString(), "--output", quantized + ""),
        warning,
        quantized);
  }

  private static void said(CommandLine.Result result, String warning, Path run) throws IOException {
    result.ends(0);
    assertThat(result.err()).containsOnlyOnce("Warning: " + warning);
    assertThat(json(run.resolve("manifest.json")).path("properties").path("warnings"))
        .singleElement()
        .satisfies(kept -> assertThat(kept.asText()).isEqualTo(warning));
  }

  @Test
  void manyDataFilesAreOneLineOfInspectAndRunsOverTheSameOnesAreMergedWithAWarning()
      throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    Path data = folder.resolve("data");
    for (int i = 0; i < 5; i++) {
      write(data, "x array<float>", gaussian(4, 6, i));
    }
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    for (Path run : java.util.List.of(first, second)) {
      tare("calibrate", "--model", model, "--data", data.toString(), "--output", run.toString())
          .ends(0);
    }
    CommandLine.Result inspected = tare("inspect", first.toString()).ends(0);
    assertThat(inspected.out().lines().filter(line -> line.startsWith("data ")))
        .singleElement()
        .satisfies(line -> assertThat(line).contains(" 5 files, ", " bytes, file:"));
    CommandLine.Result merged =
        tare("merge", first.toString(), second.toString(), "--output", folder + "/sum").ends(0);
    assertThat(merged.err())
        .contains("Warning: file:" + first, "the same data, which counts twice", "and 4 more");
  }
}
