package dev.tare.jobs.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The Python package in {@code deploy/pytorch}: its own tests, and its notebook. */
class PyTorchPackageTest {

  private static final Path PACKAGE = Path.of("..", "deploy", "pytorch");

  @Test
  void whatNeedsNoTorchPasses() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("python3", "-m", "unittest", "discover", "-s", "tests", "-t", ".")
            .directory(PACKAGE.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains("Ran 9 tests");
  }

  @Tag("extended")
  @Test
  void itsTestsWithTorchPass() {
    environment()
        .script(
            "-m",
            "unittest",
            "discover",
            "-s",
            PACKAGE.resolve("tests_torch").toString(),
            "-t",
            PACKAGE.toString());
  }

  @Tag("extended")
  @Test
  void itsTypesAreChecked() {
    environment()
        .script(
            "-m",
            "mypy",
            "--config-file",
            PACKAGE.resolve("pyproject.toml").toString(),
            "--cache-dir",
            "/dev/null",
            PACKAGE.resolve("tare_pytorch").toString());
  }

  /** The mean over five seeds after fine-tuning is above that before it. */
  @Tag("extended")
  @Test
  void theNotebookRunsAndFineTuningGains() {
    String printed =
        environment()
            .script(
                PACKAGE.resolve("tests_torch/run_cells.py").toString(),
                PACKAGE.resolve("qat-digits.ipynb").toString());
    String[] mean =
        printed
            .lines()
            .filter(line -> line.startsWith("mean"))
            .findFirst()
            .orElseThrow(() -> new AssertionError(printed))
            .split(" +", -1);
    assertThat(Double.parseDouble(mean[3])).as(printed).isGreaterThan(Double.parseDouble(mean[2]));
  }

  private static PythonEnvironment environment() {
    return PythonEnvironment.of(Path.of("src/test/python/requirements-compressed-tensors.txt"));
  }
}
