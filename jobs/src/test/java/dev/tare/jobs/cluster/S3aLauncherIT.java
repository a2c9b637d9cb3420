package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.stores.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/tare} on {@code s3a:}: it brings the jars and the committer's settings itself. */
@Tag("slow")
class S3aLauncherIT {
  private static final String MODEL = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx";

  @TempDir private Path folder;

  @Test
  void anAddressIsAllThatAUserGives() throws IOException, InterruptedException {
    Path store = Files.createDirectory(folder.resolve("store"));
    try (S3Server server = S3Server.start(store)) {
      Path bucket = store.resolve("data/bucket");
      tare(
          server,
          "select",
          "--model",
          Path.of(System.getProperty("tare.assets")).resolve(MODEL).toString(),
          "--recipe",
          "int8-weights",
          "--output",
          S3Server.uri() + "/plan");

      JsonNode manifest =
          new ObjectMapper().readTree(bucket.resolve("plan/manifest.json").toFile());
      Path parts = bucket.resolve("plan").resolve(manifest.path("parts-folder").asText());
      JsonNode success = new ObjectMapper().readTree(parts.resolve("plan/_SUCCESS").toFile());
      assertThat(success.path("committer").asText()).isEqualTo("magic");
      assertThat(tare(server, "verify", S3Server.uri() + "/plan"))
          .contains("s3a://bucket/plan is whole: ");
    }
  }

  private String tare(S3Server server, String... words) throws IOException, InterruptedException {
    Map<String, String> settings = new TreeMap<>(server.settings());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("tare.root"), "deploy", "tare").toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    // Credentials as a user has them: in the environment, where S3A looks by itself.
    builder.environment().put("AWS_ACCESS_KEY_ID", settings.remove("fs.s3a.access.key"));
    builder.environment().put("AWS_SECRET_ACCESS_KEY", settings.remove("fs.s3a.secret.key"));
    settings.remove("fs.s3a.aws.credentials.provider");
    settings.forEach(
        (key, value) -> command.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value)));
    command.addAll(List.of(words));
    builder.environment().remove("SPARK_HOME");
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(1800, TimeUnit.SECONDS)) {
      process.destroy();
    }
    assertThat(process.waitFor()).as(Files.readString(err)).isZero();
    return Files.readString(out);
  }
}
