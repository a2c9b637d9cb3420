package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.HalfTypes;
import dev.tare.engine.onnx.proto.TensorProto.DataType;
import dev.tare.engine.tensor.DType;
import dev.tare.testkit.HalfModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in half precision from end to end. */
@Tag("slow")
class HalfPrecisionRunTest {

  @TempDir Path folder;

  @Test
  void floatsOfTheResultAreFloat32AndSizesAreComparedWithTheFile() throws IOException {
    Path model = folder.resolve("model.onnx");
    Path run = folder.resolve("run");
    CommandLine.Result result =
        tare(
            "run",
            "--model",
            HalfModels.mlp(DataType.FLOAT16).write(model),
            "--data",
            write(folder.resolve("data"), "x array<float>", gaussian(40, 6, 1)),
            "--output",
            run.toString());
    result.ends(0);
    assertThat(result.err())
        .contains(
            "model model.onnx: it is in half precision: FLOAT16 is widened to float32, so inputs"
                + " and outputs are float32 in what comes out");
    assertThat(CommandLine.plan(run).widened()).containsExactly(DType.FLOAT16);
    OnnxModel quantized = OnnxModel.read(run.resolve("model.onnx"));
    assertThat(HalfTypes.in(quantized.graph())).isEmpty();
    assertThat(quantized.inputs())
        .extracting(TensorInfo::dtype)
        .containsExactly(Optional.of(DType.FLOAT32));
    JsonNode manifest = json(run.resolve("manifest.json"));
    assertThat(manifest.findValue("float-model-bytes").asLong()).isEqualTo(Files.size(model));
    JsonNode output = json(run.resolve("quality.json")).path("outputs").get(0);
    assertThat(output.path("sqnr-db").asDouble()).isGreaterThan(20);
  }
}
