package dev.tare.engine.infer.ort;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OrtRuntimeTest {

  /** Prints the version of ONNX Runtime. */
  static final class Version {
    public static void main(String[] arguments) {
      System.out.println(OrtRuntime.INSTANCE.version());
    }
  }

  @Test
  void aLongCommandLineDoesNotKillTheJvm() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Dlong=" + "x/".repeat(15_000),
            Version.class.getName());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().remove("ORT_DISABLE_TELEMETRY");
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    // With telemetry ONNX Runtime asks blkid, and a machine without it says so first.
    assertThat(said.lines()).last().isEqualTo(OrtRuntime.INSTANCE.version());
  }
}
