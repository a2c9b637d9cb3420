package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

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
import org.apache.hadoop.util.VersionInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/tare} on {@code s3a:}: it brings the jars and the committer's settings itself. */
@Tag("slow")
class S3aLauncherIT {
  private static final String MODEL = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx";

  @TempDir private Path folder;

  /** As in Spark 4.0. */
  private static final boolean OLDER = VersionInfo.getVersion().compareTo("3.4.2") < 0;

  private record Ended(int exitCode, String out, String err) {}

  @Test
  void anAddressIsAllThatAUserGives() throws IOException, InterruptedException {
    assumeThat(OLDER).as("this Hadoop has no conditional writes").isFalse();
    Path store = Files.createDirectory(folder.resolve("store"));
    try (S3Server server = S3Server.start(store)) {
      Path bucket = store.resolve("data/bucket");
      ends(0, tare(server, select()));

      JsonNode manifest =
          new ObjectMapper().readTree(bucket.resolve("plan/manifest.json").toFile());
      Path parts = bucket.resolve("plan").resolve(manifest.path("parts-folder").asText());
      JsonNode success = new ObjectMapper().readTree(parts.resolve("plan/_SUCCESS").toFile());
      assertThat(success.path("committer").asText()).isEqualTo("magic");
      assertThat(ends(0, tare(server, "verify", S3Server.uri() + "/plan")).out())
          .contains("s3a://bucket/plan is whole: ");
    }
  }

  @Test
  void anOlderHadoopWritesOnlyWhereThatIsAccepted() throws IOException, InterruptedException {
    assumeThat(OLDER).as("this Hadoop has conditional writes").isTrue();
    try (S3Server server = S3Server.start(Files.createDirectory(folder.resolve("store")))) {
      assertThat(ends(2, tare(server, select())).err())
          .contains("Cannot publish on 's3a:'", "Hadoop is older than 3.4.2", "--allow-non-atomic");
      ends(0, tare(server, select("--allow-non-atomic")));
      assertThat(ends(0, tare(server, "verify", S3Server.uri() + "/plan")).out())
          .contains("s3a://bucket/plan is whole: ");
    }
  }

  private static String[] select(String... more) {
    List<String> words = new ArrayList<>(List.of("select", "--recipe", "int8-weights"));
    words.addAll(
        List.of("--model", Path.of(System.getProperty("tare.assets")).resolve(MODEL).toString()));
    words.addAll(List.of("--output", S3Server.uri() + "/plan"));
    words.addAll(List.of(more));
    return words.toArray(String[]::new);
  }

  private static Ended ends(int expected, Ended ended) {
    assertThat(ended.exitCode()).as(ended.err()).isEqualTo(expected);
    return ended;
  }

  private Ended tare(S3Server server, String... words) throws IOException, InterruptedException {
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
    builder
        .environment()
        .put("TARE_BUILD", Path.of(System.getProperty("tare.jar")).getParent().toString());
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(1800, TimeUnit.SECONDS)) {
      process.destroy();
    }
    return new Ended(process.waitFor(), Files.readString(out), Files.readString(err));
  }
}
