package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputPlaceTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "/d,/d/run",
    "/d,/d",
    "/d/,/d/a/b",
    "file:/d,/d/run",
    "/d/day=*,/d/day=1/run",
    "'/d/{a,b}',/d/b/run",
    "s3a://bucket/d,s3a://bucket/d/run",
    "hdfs://host:8020/d,hdfs://host:8020/d/run",
    "d,d/run",
  })
  void anOutputAmongTheDataIsRefused(String data, String output) {
    assertThatThrownBy(() -> OutputPlace.requireApart(output, List.of("/elsewhere", data)))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("Cannot write a run into " + output)
        .hasMessageContaining("it is inside the data " + data);
  }

  @ParameterizedTest
  @CsvSource({
    "/d,/run",
    "/d/data.parquet,/d/run",
    "/d/*.png,/d/run",
    "/d/day=*,/d/run",
    "/d,/data/run",
    "/d,/d/_runs/first",
    "/d,/d/.runs/first",
    "s3a://bucket/d,s3a://other/d/run",
    "s3a://bucket/d,/d/run",
    "/d/{a/b,/d/run",
  })
  void anOutputElsewhereIsNot(String data, String output) {
    assertThatCode(() -> OutputPlace.requireApart(output, List.of(data)))
        .doesNotThrowAnyException();
  }

  @Test
  void linksAreFollowed() throws IOException {
    Path data = Files.createDirectory(folder.resolve("data"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), data);
    for (Path output : List.of(link.resolve("run"), link.resolve("a/b"))) {
      assertThatThrownBy(
              () -> OutputPlace.requireApart(output.toString(), List.of(data.toString())))
          .hasMessageContaining("it is inside the data");
    }
  }

  @Test
  void nothingIsWrittenIntoTheData() throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(20, 6, 1));
    String other = write(folder.resolve("other"), "x array<float>", gaussian(20, 6, 2));
    for (String command : List.of("run", "calibrate")) {
      CommandLine.Result refused =
          tare(command, "--model", model, "--data", data, "--output", data + "/run").ends(2);
      assertThat(refused.err()).contains("it is inside the data").doesNotContain("\tat ");
      assertThat(Path.of(data, "run")).doesNotExist();
    }
    tare("run", "--model", model, "--data", data, "--eval-data", other, "--output", other + "/run")
        .ends(2);
    assertThat(Path.of(other, "run")).doesNotExist();
    tare("calibrate", "--model", model, "--data", data, "--output", folder.resolve("run") + "")
        .ends(0);
  }
}
