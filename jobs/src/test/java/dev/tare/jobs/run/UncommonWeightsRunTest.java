package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stacks of matrices, shared tables, infinite biases and recurrent weights, from end to end. */
@Tag("slow")
class UncommonWeightsRunTest {

  @TempDir Path folder;

  private static TensorProto longs(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return tensor.build();
  }

  private static Models graphs() {
    float[] bias = {Float.NEGATIVE_INFINITY, .5f, -.5f, 1};
    return Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .input("ids", TensorProto.DataType.INT64, "batch", 2)
        .constant(longs("first", 0))
        .constant(longs("second", 1))
        .constant(longs("both", 0, 1))
        .weight("stack", 1, 6, 8)
        .weight("table", 6, 8)
        .weight("gate", 6, 4)
        .constant(Models.floats("gate_bias", bias, 4))
        .weight("input_weight", 1, 16, 6)
        .weight("state_weight", 1, 16, 4)
        .node("Unsqueeze", "row", List.of("x", "second"), "rows")
        .node("MatMul", "stacked", List.of("rows", "stack"), "y_stack")
        .node("Gather", "lookup", List.of("table", "ids"), "y_rows")
        .node("MatMul", "soft", List.of("x", "table"), "y_soft")
        .node("Gemm", "gemm", List.of("x", "gate", "gate_bias"), "gates")
        .node("Sigmoid", "sigmoid", List.of("gates"), "y_gate")
        .node("Unsqueeze", "step", List.of("x", "first"), "steps")
        .node(
            "LSTM",
            "lstm",
            List.of("steps", "input_weight", "state_weight"),
            "states",
            Models.integer("hidden_size", 4))
        .node("Squeeze", "last", List.of("states", "both"), "y_lstm")
        .output("y_stack", TensorProto.DataType.FLOAT, "batch", 1, 8)
        .output("y_rows", TensorProto.DataType.FLOAT, "batch", 2, 8)
        .output("y_soft", TensorProto.DataType.FLOAT, "batch", 8)
        .output("y_gate", TensorProto.DataType.FLOAT, "batch", 4)
        .output("y_lstm", TensorProto.DataType.FLOAT, "batch", 4);
  }

  private static Row[] rows() {
    Row[] rows = gaussian(60, 6, 1);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = RowFactory.create(rows[i].get(0), List.of(i % 6L, (i + 1) % 6L));
    }
    return rows;
  }

  private static List<JsonNode> entries(Path run, String tensor) throws IOException {
    List<JsonNode> entries = new ArrayList<>();
    for (JsonNode entry : json(run.resolve("plan.json")).path("tensors")) {
      if (entry.path("tensor").asText().equals(tensor)) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private static void staysFloat(Path run, String tensor, String reason) throws IOException {
    assertThat(entries(run, tensor))
        .as(tensor)
        .filteredOn(entry -> !entry.path("quantized").asBoolean())
        .anySatisfy(entry -> assertThat(entry.path("reason").asText()).contains(reason));
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "int8-dynamic", "int4-nbits-b32", "int8-all"})
  void everyOutputIsNearAndEveryFloatWeightHasItsReason(String recipe) throws IOException {
    Path run = folder.resolve("run");
    CommandLine.Result result =
        tare(
            "run",
            "--model",
            graphs().write(folder.resolve("model.onnx")),
            "--data",
            write(folder.resolve("data"), "x array<float>, ids array<bigint>", rows()),
            "--output",
            run.toString(),
            "--recipe",
            recipe,
            "--min-cosine",
            "-1");
    result.ends(0);
    for (JsonNode output : json(run.resolve("quality.json")).path("outputs")) {
      // Rows of a table in float are those of the model: no noise, which JSON has no number for.
      boolean same = output.path("sqnr-db").isNull();
      assertThat(same ? Double.POSITIVE_INFINITY : output.path("sqnr-db").asDouble())
          .as("%s", output)
          .isGreaterThan(recipe.startsWith("int4") ? 10 : 22);
    }
    staysFloat(run, "input_weight", "constants of LSTM are not quantized");
    staysFloat(run, "state_weight", "constants of LSTM are not quantized");
    assertThat(result.err())
        .contains("2 x weight in float: constants of LSTM are not quantized")
        .contains(" stay float");
    assertThat(entries(run, "table")).hasSize(2);
    assertThat(entries(run, "table").get(0).path("consumers").get(0).asText()).isEqualTo("soft");
    assertThat(entries(run, "table").get(1).path("consumers").get(0).asText()).isEqualTo("lookup");
    assertThat(entries(run, "table").get(1).path("reason").asText()).isNotBlank();
    boolean integerSums = recipe.equals("int8") || recipe.equals("int8-all");
    assertThat(entries(run, "gate").get(0).path("quantized").asBoolean()).isEqualTo(!integerSums);
    if (integerSums) {
      staysFloat(run, "gate_bias", "it contains NaN or infinity");
      staysFloat(run, "gate", "its bias 'gate_bias' stays float: it contains NaN or infinity");
      assertThat(entries(run, "stack").get(0).has("axis")).isFalse();
    }
  }

  private static GraphProto.Builder branch(String result) {
    return GraphProto.newBuilder()
        .setName("branch")
        .addInitializer(Models.floats("w", new float[24], 6, 4))
        .addNode(
            NodeProto.newBuilder()
                .setOpType("MatMul")
                .setName("product")
                .addInput("x")
                .addInput("w")
                .addOutput(result))
        .addOutput(ValueInfoProto.newBuilder().setName(result));
  }

  @Test
  void inspectCountsWhatStandsInBodiesAndSaysWhatQuantizesIt() throws IOException {
    TensorProto yes =
        TensorProto.newBuilder()
            .setName("flag")
            .setDataType(TensorProto.DataType.BOOL.getNumber())
            .setRawData(ByteString.copyFrom(new byte[] {1}))
            .build();
    String model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .constant(yes)
            .node(
                "If",
                "if",
                List.of("flag"),
                "y",
                Models.graph("then_branch", branch("a")),
                Models.graph("else_branch", branch("b")))
            .output("y", TensorProto.DataType.FLOAT, "batch", 4)
            .write(folder.resolve("branches.onnx"));
    assertThat(tareAlone("inspect", "--verbose", model).ends(0).out())
        .containsPattern("parameters +48\n")
        .containsPattern(
            "can be quantized +weights alone, by int8-weights and its kin: its operators with a"
                + " constant weight stand in bodies of If, Loop or Scan")
        .contains("0 operators with a constant weight")
        .contains("2 more in bodies of If, Loop or Scan, for recipes of weights alone")
        .contains("if/then_branch/product");
    CommandLine.Result refused =
        tare(
            "run",
            "--model",
            model,
            "--data",
            write(folder.resolve("data"), "x array<float>", gaussian(20, 6, 1)),
            "--output",
            folder.resolve("run").toString());
    refused.refuses(
        3, folder.resolve("run"), "nothing to quantize", "mode weight-only quantizes it");
  }

  @Test
  void modelOfRecurrentWeightsAloneIsRefusedWithTheirReasons() throws IOException {
    String model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 1, 6)
            .weight("w", 1, 16, 6)
            .weight("r", 1, 16, 4)
            .node("LSTM", "lstm", List.of("x", "w", "r"), "y", Models.integer("hidden_size", 4))
            .output("y", TensorProto.DataType.FLOAT, "batch", 1, 1, 4)
            .write(folder.resolve("lstm.onnx"));
    tare(
            "run",
            "--model",
            model,
            "--data",
            write(
                folder.resolve("data"),
                "x array<array<float>>",
                RowFactory.create(List.of(List.of(1f, 2f, 3f, 4f, 5f, 6f)))),
            "--recipe",
            "int8-weights",
            "--output",
            folder.resolve("run").toString())
        .refuses(3, folder.resolve("run"), "w, r: constants of LSTM are not quantized");
  }
}
