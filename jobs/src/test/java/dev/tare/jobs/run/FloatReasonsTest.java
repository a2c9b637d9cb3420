package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors that no scale can serve stay in float, and the plan says why. */
class FloatReasonsTest {

  @TempDir static Path shared;

  private static Path run;
  private static CommandLine.Result result;

  /** Four branches: logarithms of negatives, quotients by zero, huge values, and a sane one. */
  @BeforeAll
  static void run() throws IOException {
    Models graphs =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .constant(Models.floats("one", new float[] {1}, 1))
            .constant(Models.floats("huge", new float[] {1e31f}, 1))
            .node("Relu", "bend", List.of("x"), "r")
            .node("Log", "log", List.of("x"), "undefined")
            .node("Div", "div", List.of("one", "r"), "infinite")
            .node("Mul", "mul", List.of("x", "huge"), "large");
    for (String tensor : List.of("r", "undefined", "infinite", "large")) {
      graphs
          .weight("w_" + tensor, 6, 3)
          .node("MatMul", "product_" + tensor, List.of(tensor, "w_" + tensor), "y_" + tensor)
          .output("y_" + tensor, TensorProto.DataType.FLOAT, "batch", 3);
    }
    String model = graphs.write(shared.resolve("model.onnx"));
    String data = write(shared.resolve("data"), "x array<float>", gaussian(40, 6, 1));
    run = shared.resolve("run");
    result = tare("run", "--model", model, "--data", data, "--output", run.toString());
  }

  private static void staysFloat(String tensor, String reason) throws IOException {
    JsonNode plan = planned(run, tensor);
    assertThat(plan.path("quantized").asBoolean()).as(tensor).isFalse();
    assertThat(plan.path("reason").asText()).contains(reason);
    JsonNode weight = planned(run, "w_" + tensor);
    assertThat(weight.path("quantized").asBoolean()).as("weight of " + tensor).isFalse();
    assertThat(weight.path("reason").asText()).contains(tensor);
  }

  @Test
  void nanStaysFloat() throws IOException {
    staysFloat("undefined", " NaN and 0 infinite values among ");
  }

  @Test
  void infinityStaysFloat() throws IOException {
    staysFloat("infinite", "0 NaN and ");
  }

  @Test
  void valuesBeyondTheLimitStayFloat() throws IOException {
    staysFloat("large", "beyond float-above 1.0E30");
  }

  @Test
  void theRestIsQuantized() throws IOException {
    result.ends(0);
    assertThat(planned(run, "r").path("quantized").asBoolean()).isTrue();
    assertThat(planned(run, "w_r").path("quantized").asBoolean()).isTrue();
    JsonNode properties = json(run.resolve("manifest.json")).path("properties");
    assertThat(properties.path("selection").path("quantized-weight").asInt()).isEqualTo(1);
    assertThat(result.out()).contains("y_r", "y_undefined");
  }
}
