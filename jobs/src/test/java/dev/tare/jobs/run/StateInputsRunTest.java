package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models with inputs whose batch is not in front, or that have none: a state, a sampling rate. */
@Tag("slow")
class StateInputsRunTest {

  @TempDir Path folder;

  private String model(Object... stateDims) throws IOException {
    return Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "N", 6)
        .input("state", TensorProto.DataType.FLOAT, stateDims)
        .input("sr", TensorProto.DataType.INT64)
        .weight("w", 6, 4)
        .node("MatMul", "product", List.of("x", "w"), "m")
        .node("Cast", "rate", List.of("sr"), "factor", Models.integer("to", 1))
        .node("Mul", "scale", List.of("m", "factor"), "y")
        .node("Add", "next", List.of("state", "m"), "stateN")
        .output("y", TensorProto.DataType.FLOAT, "N", 4)
        .output("stateN", TensorProto.DataType.FLOAT, 2, "N", 4)
        .write(folder.resolve("model.onnx"));
  }

  private static List<Float> floats(Random random, int count) {
    List<Float> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add((float) random.nextGaussian());
    }
    return values;
  }

  /** Rows whose state is [2, 4], or [2, 1, 4]. */
  private String data(boolean whole) {
    Random random = new Random(3);
    Row[] rows = new Row[40];
    for (int i = 0; i < rows.length; i++) {
      List<Object> state = new ArrayList<>();
      for (int k = 0; k < 2; k++) {
        List<Float> values = floats(random, 4);
        state.add(whole ? List.of(values) : values);
      }
      rows[i] = RowFactory.create(floats(random, 6), state, i % 2 == 0 ? 8L : 16L);
    }
    String type = whole ? "array<array<array<float>>>" : "array<array<float>>";
    return write(
        folder.resolve("data-" + whole), "x array<float>, state " + type + ", sr bigint", rows);
  }

  private JsonNode manifest(String run) throws IOException {
    return json(folder.resolve(run).resolve("manifest.json"));
  }

  private CommandLine.Result run(String model, String data, String run) {
    return tare(
        "run", "--model", model, "--data", data, "--output", folder.resolve(run).toString());
  }

  @Test
  void rowsMayLeaveTheBatchOfAStateOutOrHaveItAsOne() throws IOException {
    String model = model(2, "N", 4);
    run(model, data(false), "bare").ends(0);
    run(model, data(true), "whole").ends(0);
    JsonNode bare = manifest("bare").path("properties");
    assertThat(bare.path("calibration").path("content-sha256"))
        .isEqualTo(manifest("whole").path("properties").path("calibration").path("content-sha256"));
    assertThat(bare.path("calibration").path("batch-size").asInt()).as("of sr").isEqualTo(1);
    assertThat(json(folder.resolve("bare/quality.json")).path("outputs")).hasSize(2);
  }

  @Test
  void stateWithoutNamesIsFedAsAWhole() throws IOException {
    String model = model(2, "M", 4);
    run(model, data(false), "bare").ends(0);
    run(model, data(true), "whole").ends(0);
    assertThat(manifest("bare").path("properties").path("calibration").path("content-sha256"))
        .isEqualTo(manifest("whole").path("properties").path("calibration").path("content-sha256"));
  }

  @Test
  void rowOfTwoSamplesIsRefused() throws IOException {
    Random random = new Random(1);
    List<Object> state = new ArrayList<>();
    for (int k = 0; k < 2; k++) {
      state.add(List.of(floats(random, 4), floats(random, 4)));
    }
    String data =
        write(
            folder.resolve("two"),
            "x array<float>, state array<array<array<float>>>, sr bigint",
            RowFactory.create(floats(random, 6), state, 8L));
    run(model(2, "N", 4), data, "run")
        .refuses(3, folder.resolve("run"), "'state'", "[2, 2, 4]", "[2, 4]");
  }

  @Test
  void modelWithAFixedBatchTakesRowsThatAreWholeBatches() throws IOException {
    String model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, 3, 6)
            .weight("w", 6, 4)
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, 3, 4)
            .write(folder.resolve("fixed.onnx"));
    Random random = new Random(2);
    Row[] rows = new Row[30];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = RowFactory.create(List.of(floats(random, 6), floats(random, 6), floats(random, 6)));
    }
    String data = write(folder.resolve("batches"), "x array<array<float>>", rows);
    run(model, data, "run").ends(0);
    assertThat(manifest("run").path("properties").path("calibration").path("batch-size").asInt())
        .isEqualTo(1);
  }
}
