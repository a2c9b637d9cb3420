package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One product over 24 rows, and what was made of it.
 *
 * @param finished a run of all stages
 * @param statistics a calibration
 */
record TinyRuns(String model, Path data, Path finished, Path statistics) {

  static TinyRuns in(Path folder) throws IOException {
    String model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .weight("w", 6, 4)
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4)
            .write(folder.resolve("model.onnx"));
    String data = CommandLine.write(folder.resolve("data"), "x array<float>", gaussian(24, 6, 1));
    TinyRuns runs =
        new TinyRuns(
            model, Path.of(data), folder.resolve("finished"), folder.resolve("statistics"));
    tare(runs.run(runs.finished)).ends(0);
    tare("calibrate", "--model", model, "--data", data, "--output", runs.statistics.toString())
        .ends(0);
    return runs;
  }

  /** The command line of a run like the finished one. */
  String[] run(Path output, String... more) {
    return with(output, model, data, more);
  }

  /** The command line of a run of another model, or over other data. */
  String[] with(Path output, String model, Path data, String... more) {
    List<String> line = new ArrayList<>(List.of("run", "--model", model));
    line.addAll(List.of("--data", data.toString(), "--output", output.toString()));
    line.addAll(List.of(more));
    return line.toArray(String[]::new);
  }

  /** Asserts what the status of a run says. */
  static void says(Path run, String outcome, int code) throws IOException {
    JsonNode status = json(run.resolve("status.json"));
    assertThat(status.path("outcome").asText()).isEqualTo(outcome);
    assertThat(status.path("exit-code").asInt(-1)).isEqualTo(code);
  }
}
