package dev.tare.jobs.cluster;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Delta through the launcher, by the options that {@code jobs/docs/stack.md} gives, with a Hive
 * metastore that keeps the names of tables from one process to the next. Spark fetches the library,
 * so this needs Maven Central.
 */
@Tag("extended")
class TablesLauncherTest {

  @TempDir Path folder;

  private Path spark;

  @Test
  void aRunIsAppendedOnceAndReadByNameInOtherProcesses() throws IOException, InterruptedException {
    spark =
        ClassArchive.spark(PythonEnvironment.of(Path.of("../notebooks/requirements.txt")).home());
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    Path first = folder.resolve("first");
    tare("run", "--model", model, "--data", data, "--output", first.toString()).ends(0);

    int port = LocalCluster.freePort();
    Process metastore = metastore(port);
    try {
      List<String> delta = documentedOptions("thrift://127.0.0.1:" + port);
      assertThat(launch(delta, "publish", first.toString(), "--tables", "spark_catalog.runs"))
          .contains("spark_catalog.runs.quality: 1 row of run first appended");
      assertThat(launch(delta, "publish", first.toString(), "--tables", "spark_catalog.runs"))
          .contains("spark_catalog.runs.statistics: has run first already")
          .contains("spark_catalog.runs.quality: has run first already");
      Path log = folder.resolve("warehouse/runs.db/statistics/_delta_log");
      assertThat(log.resolve("00000000000000000000.json")).exists();
      assertThat(log.resolve("00000000000000000001.json")).doesNotExist();

      // Another program makes a table, and Tare finds it by its name.
      String copy = "CREATE TABLE features USING delta AS SELECT * FROM parquet.`%s`";
      List<String> shell = new ArrayList<>(delta);
      shell.addAll(List.of("-e", copy.formatted(data)));
      process(spark.resolve("bin/spark-sql"), shell);
      Path table = folder.resolve("table");
      launch(delta, calibrate(model, "table:features", table));
      tare(calibrate(model, data, folder.resolve("files"))).ends(0);
      assertThat(contentSha256(table)).isEqualTo(contentSha256(folder.resolve("files")));
      assertThat(json(table.resolve("manifest.json")).path("inputs").path(0).path("uri").asText())
          .isEqualTo("table:features@version=0");
    } finally {
      metastore.destroy();
      metastore.waitFor();
    }
  }

  /** The words before the subcommand of the documented line. */
  private List<String> documentedOptions(String metastore) throws IOException {
    String text = Files.readString(Path.of("docs", "stack.md"));
    int from = text.indexOf("--packages io.delta:");
    String options = text.substring(from, text.indexOf(" publish ", from)).replace("\\\n", " ");
    assertThat(options).contains("thrift://METASTORE:9083");
    List<String> words = new ArrayList<>(List.of(options.strip().split("\\s+")));
    words.replaceAll(word -> word.replace("thrift://METASTORE:9083", metastore));
    words.addAll(List.of("--conf", "spark.sql.warehouse.dir=" + folder.resolve("warehouse")));
    // Delta's default is 50 tasks, for logs of large tables.
    words.addAll(List.of("--conf", "spark.databricks.delta.snapshotPartitions=1"));
    return words;
  }

  /** Hive's own service, which Spark ships, with a database of files. */
  private Process metastore(int port) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(List.of(ClassArchive.SHORT.split(" ")));
    command.addAll(
        List.of(
            "-Xmx512m",
            "-Djava.io.tmpdir=" + folder,
            "--add-opens=java.base/java.net=ALL-UNNAMED",
            "-cp",
            spark.resolve("jars") + "/*",
            "org.apache.hadoop.hive.metastore.HiveMetaStore",
            "-p",
            String.valueOf(port)));
    for (String setting :
        List.of(
            "javax.jdo.option.ConnectionURL=jdbc:derby:;create=true;databaseName="
                + folder.resolve("metastore"),
            "hive.metastore.warehouse.dir=" + folder.resolve("warehouse"),
            // Which needs a library that Spark does not ship.
            "hive.async.log.enabled=false",
            "hive.metastore.schema.verification=false",
            "datanucleus.schema.autoCreateAll=true")) {
      command.addAll(List.of("--hiveconf", setting));
    }
    Path said = folder.resolve("metastore.log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    long limit = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
    while (!listens(port)) {
      assertThat(process.isAlive() && System.nanoTime() < limit)
          .as(Files.readString(said))
          .isTrue();
      Thread.sleep(200);
    }
    return process;
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static String[] calibrate(String model, String data, Path output) {
    return new String[] {
      "calibrate", "--model", model, "--data", data, "--output", output.toString()
    };
  }

  private String launch(List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(options);
    words.addAll(List.of(arguments));
    return process(Path.of(System.getProperty("tare.root"), "deploy", "tare"), words);
  }

  private String process(Path program, List<String> words)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(words);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("SPARK_HOME", spark.toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_SUBMIT_OPTS", ClassArchive.SHORT);
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    if (!process.waitFor(30, TimeUnit.MINUTES)) {
      process.destroy();
    }
    assertThat(process.waitFor()).as(Files.readString(err)).isZero();
    return Files.readString(out);
  }
}
