package dev.tare.jobs.faults;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs that cannot be made, and those that hold what is not a run's. */
@Tag("slow")
class RefusedOutputTest {

  @TempDir static Path folder;

  @Test
  void aPlaceWhereNothingCanBeWrittenIsNamedBeforeAnyWork() throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(20, 6, 1));
    Path file = Files.writeString(folder.resolve("file"), "mine");
    Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("gone/x"));
    Path strange = Files.createDirectories(folder.resolve("strange/plan"));
    Files.writeString(strange.resolve("mine.txt"), "precious");
    Files.createFile(folder.resolve("strange/status.json"));
    for (String output :
        List.of(
            "/proc/x",
            file.toString(),
            file.resolve("run").toString(),
            dangling.toString(),
            strange.getParent().toString(),
            "http://127.0.0.1:1/x",
            "nope:/x")) {
      CommandLine.Result result =
          tare("calibrate", "--model", model, "--data", data, "--output", output).ends(2);
      assertThat(result.err())
          .contains("tare: error: ", output)
          .doesNotContain("\tat ", "[1/1]", "bug");
      result = tare("run", "--model", model, "--data", data, "--output", output).ends(2);
      assertThat(result.err()).contains("tare: error: ", output).doesNotContain("\tat ", "[1/4]");
    }
    assertThat(strange.resolve("mine.txt")).hasContent("precious");
    String run = folder.resolve("run").toString();
    tare("calibrate", "--model", model, "--data", data, "--output", run).ends(0);
    String below = file.resolve("x").toString();
    for (CommandLine.Result result :
        List.of(
            tare("report", run, "--out", below),
            tare("drift", "--baseline", run, "--current", run, "--json", below),
            tare("publish", run, "--as", below, "--ungated"))) {
      assertThat(result.ends(2).err()).contains("Cannot write ", below).doesNotContain("\tat ");
    }
    assertThat(file).hasContent("mine");
  }
}
