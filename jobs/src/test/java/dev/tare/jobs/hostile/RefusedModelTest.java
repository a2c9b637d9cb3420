package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;

import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.HalfModels;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusedModelTest {

  @TempDir static Path shared;
  @TempDir Path folder;

  private Path output;

  @BeforeEach
  void data() {
    output = folder.resolve("run");
    if (!Files.exists(shared.resolve("data"))) {
      write(shared.resolve("data"), "x array<float>", gaussian(40, 6, 1));
    }
  }

  private CommandLine.Result run(Path model) {
    return tare(
        "run",
        "--model",
        model.toString(),
        "--data",
        shared.resolve("data").toString(),
        "--output",
        output.toString());
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("model.onnx"), bytes);
  }

  private Path file(Models graphs) throws IOException {
    return file(graphs.bytes());
  }

  @Test
  void missingModel() throws IOException {
    run(folder.resolve("absent.onnx")).refuses(3, output, "absent.onnx");
  }

  @Test
  void folderAsModel() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model.onnx"));
    run(model).refuses(3, output, "model.onnx");
  }

  @Test
  void emptyModel() throws IOException {
    run(file(new byte[0])).refuses(3, output, "model.onnx", "empty");
  }

  @Test
  void textAsModel() throws IOException {
    run(file("Not an ONNX model, but a letter.\n".getBytes(StandardCharsets.UTF_8)))
        .refuses(3, output, "model.onnx");
  }

  @Test
  void truncatedModelAtAnyByte() throws IOException {
    byte[] whole = SmallModels.exportedMlp().bytes();
    for (int length : List.of(7, whole.length / 3, whole.length / 2, whole.length - 1)) {
      run(file(Arrays.copyOf(whole, length))).refuses(3, output, "model.onnx");
    }
  }

  @Test
  void modelThatTheRuntimeRefuses() throws IOException {
    Models graphs = SmallModels.exportedMlp();
    graphs
        .node("NoSuchOperator", "odd", List.of("y"), "z")
        .output("z", TensorProto.DataType.FLOAT, "batch", 4);
    run(file(graphs)).refuses(3, output, "model.onnx", "NoSuchOperator");
  }

  @Test
  void modelWithoutQuantizableTensor() throws IOException {
    Models graphs =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .node("Relu", "bend", List.of("x"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 6);
    run(file(graphs))
        .refuses(3, output, "model.onnx", "nothing to quantize", "MatMul or Gemm or Conv");
  }

  @Test
  void modelThatFailsOnASample() throws IOException {
    Models graphs =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", "width")
            .weight("w", 5, 2)
            .node("MatMul", "first", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 2);
    run(file(graphs)).refuses(3, output, "model.onnx", "ONNX Runtime", "first");
  }

  @Test
  void halfPrecisionWhoseBitsAreRead() throws IOException {
    Models graphs =
        HalfModels.mlp(TensorProto.DataType.FLOAT16)
            .node("BitCast", "bits", List.of("y"), "z", Models.integer("to", 4))
            .output("z", TensorProto.DataType.UINT16, "batch", 4);
    run(file(graphs)).refuses(3, output, "model.onnx", "'bits'", "half precision");
  }

  @Test
  void quantizedModel() throws IOException {
    Models graphs = SmallModels.exportedMlp();
    graphs
        .weight("step", 1)
        .node("QuantizeLinear", "quantize", List.of("y", "step"), "q")
        .output("q", TensorProto.DataType.FLOAT, "batch", 4);
    run(file(graphs)).refuses(3, output, "model.onnx", "already quantized", "QuantizeLinear");
  }

  @Test
  void externalData() throws IOException {
    Models graphs = SmallModels.exportedMlp();
    graphs.constant(
        TensorProto.newBuilder()
            .setName("outside")
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addDims(4)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                StringStringEntryProto.newBuilder().setKey("location").setValue("weights.bin"))
            .build());
    run(file(graphs))
        .refuses(
            3,
            output,
            "model.onnx",
            "'outside' stores its data in 'weights.bin' (external data)",
            "that file does not exist in the model's folder");
  }

  @Test
  void decoderWithCache() throws IOException {
    Models graphs = SmallModels.exportedMlp();
    graphs
        .input("past_key_values.0.key", TensorProto.DataType.FLOAT, "batch", 4)
        .node("Add", "cache", List.of("y", "past_key_values.0.key"), "present.0.key")
        .output("present.0.key", TensorProto.DataType.FLOAT, "batch", 4);
    run(file(graphs)).refuses(3, output, "model.onnx", "cache");
  }

  @Test
  void fixedBatch() throws IOException {
    Models graphs =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, 4, 6)
            .weight("w", 6, 2)
            .node("MatMul", "first", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, 4, 2);
    run(file(graphs)).refuses(3, output, "'x'", "[4, 6]", "batch dimension fixed to 4");
  }
}
