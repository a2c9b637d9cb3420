package dev.tare.jobs.checkpoint;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A convolutional network of PyTorch, trained on digits, is quantized here; its plan is loaded into
 * PT2E; training goes on from the plan, and what it learns is quantized, verified and evaluated
 * here. It needs PyTorch, some 6 GB.
 */
@Tag("extended")
class PyTorchRoundTripTest {

  private static final Path SCRIPT =
      Path.of("..", "deploy", "pytorch", "tests_torch", "round_trip.py");

  @TempDir private Path folder;

  @Test
  void thePlanRunsInPyTorchAndTrainedScalesComeBack() {
    python("make", folder);
    // Without passes, which insert tensors that the PyTorch model does not have.
    Path first = run("int8");

    List<String> loaded = python("load", folder, first);
    assertThat(number(loaded, "integer-weights")).isEqualTo(3);
    // Weights, biases and rounded inputs are Tare's, so nothing differs.
    assertThat(number(loaded, "difference")).as(loaded.toString()).isZero();
    // Another library adds up in another order, which may move an input by a step.
    assertThat(number(loaded, "onnxruntime")).as(loaded.toString()).isLessThan(0.2);

    List<String> trained = python("train", folder, first);
    assertThat(trained).contains("moved 0.weight 2.weight 5.weight relu view x");

    String tuned = folder.resolve("tuned").resolve("model.onnx").toString();
    Path plan = folder.resolve("plan");
    String scales = folder.resolve("tuned").resolve("scales.json").toString();
    String to = plan.toString();
    tare("select", "--recipe", "int8", "--ranges", scales, "--model", tuned, "--output", to)
        .ends(0);
    Path second = folder.resolve("second");
    tare("quantize", "--plan", plan.toString(), "--model", tuned, "--output", second.toString())
        .ends(0);
    tare("verify", second.toString()).ends(0);
    Path report = folder.resolve("report");
    String data = folder.resolve("x.jsonl").toString();
    tare(
            "evaluate",
            "--quantized",
            second.toString(),
            "--model",
            tuned,
            "--data",
            data,
            "--min-cosine",
            "0.99",
            "--output",
            report.toString())
        .ends(0);

    List<String> compared = python("compare", folder, plan, second);
    assertThat(number(compared, "scales")).isEqualTo(6);
    // The weights that PyTorch computed with are those that the integers stand for.
    assertThat(number(compared, "constants")).as(compared.toString()).isZero();
    assertThat(number(compared, "logits")).as(compared.toString()).isLessThan(0.2);
  }

  /** Scales that are powers of two, weights alone, and what PyTorch's model cannot have. */
  @Test
  void plansOfOtherRecipesRunOrAreRefusedByName() {
    python("make", folder);
    List<String> loaded = python("load", folder, run("int8-power-of-two"));
    assertThat(number(loaded, "integer-weights")).isEqualTo(3);
    assertThat(number(loaded, "difference")).as(loaded.toString()).isZero();
    loaded = python("load", folder, run("int8-weights"));
    assertThat(number(loaded, "integer-weights")).isEqualTo(3);
    assertThat(number(loaded, "difference")).as(loaded.toString()).isZero();
    assertThat(python("refused", folder, run("codebook4-weights")))
        .anyMatch(line -> line.contains("weight' are indices of a table (codebook4)"));
    assertThat(python("refused", folder, run("float8e4m3fn")))
        .anyMatch(line -> line.contains("has the type float8e4m3fn"));
    assertThat(python("refused", folder, run("int8-dynamic")))
        .anyMatch(line -> line.contains("is found at run time"));
    assertThat(python("refused", folder, run("int8-transformer")))
        .anyMatch(line -> line.contains("the plan rescales the channels of '"));
  }

  private Path run(String recipe) {
    String model = folder.resolve("model.onnx").toString();
    String data = folder.resolve("x.jsonl").toString();
    Path run = folder.resolve(recipe);
    String out = run.toString();
    tare("run", "--recipe", recipe, "--model", model, "--data", data, "--output", out).ends(0);
    return run;
  }

  private static List<String> python(String step, Path... paths) {
    String[] arguments = new String[2 + paths.length];
    arguments[0] = SCRIPT.toString();
    arguments[1] = step;
    for (int i = 0; i < paths.length; i++) {
      arguments[2 + i] = paths[i].toString();
    }
    return PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"))
        .script(arguments)
        .lines()
        .toList();
  }

  /** The number after a word at the beginning of a line. */
  private static double number(List<String> lines, String word) {
    return lines.stream()
        .filter(line -> line.startsWith(word + " "))
        .map(line -> Arrays.asList(line.split(" ", -1)).get(1))
        .mapToDouble(Double::parseDouble)
        .findFirst()
        .orElseThrow(() -> new AssertionError(word + " in " + lines));
  }
}
