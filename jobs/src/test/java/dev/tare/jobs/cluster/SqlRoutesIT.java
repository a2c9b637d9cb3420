package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.run.TextRuns;
import dev.tare.testkit.PythonEnvironment;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The built jar in the hands of an SQL user, by every way that leads to Spark SQL. */
@Tag("slow")
class SqlRoutesIT {

  private static final long LIMIT_SECONDS = 1800;
  private static final String CATALOG = "spark.sql.catalog.tare";

  /** Scalars over a scan, an aggregate, an aggregate over a window, and a table of the driver. */
  private static final List<String> QUERIES =
      List.of(
          """
          SELECT to_json(struct(tensor, tare.fn.scale(s, 'uint8', 'mse') AS scale,
            tare.fn.zero_point(s, 'uint8', 'mse') AS zero, tare.fn.sqnr(s, 'int4') AS db))
          FROM (SELECT tensor, struct(*) AS s FROM tare.statistics
            WHERE channel IS NULL AND run_id = 'calibrated-2026-11-08')
          ORDER BY tensor
          """,
          """
          SELECT to_json(struct(tensor, channel, s.count, s.max,
            tare.fn.histogram(s, 4) AS histogram))
          FROM (SELECT tensor, channel, tare.fn.merge(struct(*)) AS s FROM tare.statistics
            WHERE run_id LIKE 'calibrated-%' AND channel < 2 GROUP BY tensor, axis, channel)
          ORDER BY tensor, channel
          """,
          """
          SELECT to_json(struct(tensor, run_id, s.max_sample, tare.fn.quantile(s, 0.99) AS p99))
          FROM (SELECT tensor, run_id, tare.fn.merge(struct(*)) OVER (
              PARTITION BY tensor ORDER BY run_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s
            FROM tare.statistics WHERE channel IS NULL AND run_id LIKE 'calibrated-%')
          ORDER BY tensor, run_id
          """,
          "SELECT to_json(struct(run_id, stages, samples)) FROM tare.runs ORDER BY run_id\n");

  private static final String MARKER = "the picture";
  private static final Path PICTURE = Path.of("target", "pictures", "sql-session.svg");

  @TempDir static Path folder;

  /** Of drivers. */
  private static String options;

  private static Path python;
  private static Path spark;
  private static List<String> settings;
  private static Path script;
  private static Path queries;
  private static List<String> expected;
  private static String model;

  /** Of statistics, from the first route that made them. */
  private static final Map<String, String> contentByRun = new TreeMap<>();

  @BeforeAll
  static void run() throws IOException {
    PythonEnvironment environment = PythonEnvironment.of(Path.of("../notebooks/requirements.txt"));
    python = environment.home().resolve("bin").resolve("python");
    options = ClassArchive.options(environment.home());
    spark = ClassArchive.spark(environment.home());
    Path root = TextRuns.made();
    settings =
        List.of(
            CATALOG + "=dev.tare.jobs.sql.TareCatalog",
            CATALOG + ".root=" + root.toUri(),
            CATALOG + ".procedures=true");
    model = SmallModels.exportedMlp().write(folder.resolve("mlp.onnx"));
    script = Path.of("src/test/python/sql_routes.py").toAbsolutePath();
    queries = Files.writeString(folder.resolve("queries.sql"), String.join("---\n", QUERIES));
    expected = new ArrayList<>();
    // A later class in this JVM may ask which namespaces the catalog has: no procedures here.
    for (String setting : settings.subList(0, 2)) {
      int equals = setting.indexOf('=');
      LocalSpark.spark().conf().set(setting.substring(0, equals), setting.substring(equals + 1));
    }
    for (String query : QUERIES) {
      LocalSpark.spark().sql(query).collectAsList().forEach(row -> expected.add(row.getString(0)));
    }
    // 24 tensors, two channels of each, four weeks of each, five runs.
    assertThat(expected).hasSize(24 + 48 + 96 + 5);
  }

  @Test
  void sqlShellWhichIsDrawnForTheReadme() throws IOException, InterruptedException {
    String shown = documented("clip-most");
    Path file =
        Files.writeString(
            folder.resolve("shell.sql"),
            String.join(";\n", QUERIES)
                + ";\n"
                + documentedCall("```sql call=run\n", "shell")
                + ";\nSELECT '"
                + MARKER
                + "';\n"
                + shown
                + ";\n");
    List<String> command = submit("spark-sql", "local[2]");
    // One route runs the code that Spark makes of whole stages.
    command.addAll(List.of("--conf", "spark.sql.codegen.wholeStage=true"));
    command.addAll(List.of("--conf", "spark.sql.cli.print.header=true", "-f", file.toString()));
    List<String> lines = ran(start(command, "shell", Map.of()), "shell");
    assertThat(lines).filteredOn(line -> line.startsWith("{")).isEqualTo(expected);
    assertCalledOnce("shell", "sql");

    List<String> answer = lines.subList(lines.lastIndexOf(MARKER) + 1, lines.size());
    assertThat(answer).hasSize(6);
    List<String> picture =
        new ArrayList<>(
            List.of(
                "$ spark-sql --jars tare-0.1.0.jar --conf " + settings.get(0) + " \\",
                "    --conf " + CATALOG + ".root=/runs"));
    String prompt = "spark-sql> ";
    for (String line : (shown.strip() + ";").split("\n", -1)) {
      picture.add(prompt + line);
      prompt = "         > ";
    }
    picture.addAll(TerminalPicture.aligned(answer));
    Files.createDirectories(PICTURE.getParent());
    Files.writeString(PICTURE, TerminalPicture.svg("spark-sql", picture));
    assertThat(Files.size(PICTURE)).isLessThan(60_000);
  }

  /** A query of jobs/docs/sql.md. */
  private static String documented(String name) throws IOException {
    return block("```sql name=" + name + "\n");
  }

  private static String block(String begin) throws IOException {
    String text = Files.readString(Path.of("docs", "sql.md"));
    int from = text.indexOf(begin) + begin.length();
    return text.substring(from, text.indexOf("```", from));
  }

  /** A call of jobs/docs/sql.md, whose files are here. */
  private static String documentedCall(String begin, String route) throws IOException {
    return block(begin)
        .replace("/models/mlp.onnx", model)
        .replace("/runs/", folder.resolve("called-" + route) + "/");
  }

  private static String python(String route) throws IOException {
    return Files.writeString(
            folder.resolve("called-" + route + ".py"), documentedCall("```python\n", route))
        .toString();
  }

  /** The same with the rows as vectors of Spark ML, which only a whole Spark has. */
  private static String pythonOnVectors(String route) throws IOException {
    Path calls = Path.of(python(route));
    String view = "rows.createOrReplaceTempView(";
    String text = Files.readString(calls);
    assertThat(text).contains(view);
    String vectors =
        """
        from pyspark.ml.functions import array_to_vector
        rows = rows.select(array_to_vector(rows.x.cast("array<double>")).alias("x"))
        assert rows.schema["x"].dataType.simpleString() == "vector"
        """;
    return Files.writeString(calls, text.replace(view, vectors + view)).toString();
  }

  /** A second run of the same call would have found a finished output, and failed. */
  private static void assertCalledOnce(String route, String run) throws IOException {
    Path called = folder.resolve("called-" + route).resolve(run);
    String content = contentByRun.computeIfAbsent(run, name -> content(called));
    assertThat(content(called)).as("statistics by every route").hasSize(64).isEqualTo(content);
    assertThat(called.resolve("manifest.json")).isRegularFile();
    assertThat(CommandLine.json(called.resolve("status.json")).path("outcome").asText())
        .isEqualTo("finished");
  }

  private static String content(Path run) {
    try {
      return CommandLine.contentSha256(run);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void pySpark() throws IOException, InterruptedException {
    List<String> conf =
        new ArrayList<>(
            List.of(
                "--master",
                "local[2]",
                "--jars",
                jar(),
                "--driver-java-options",
                "'" + options + "'"));
    conf.addAll(confs());
    conf.add("pyspark-shell");
    Process process =
        start(
            List.of(
                python.toString(),
                script.toString(),
                queries.toString(),
                pythonOnVectors("pyspark")),
            "pyspark",
            Map.of("PYSPARK_SUBMIT_ARGS", String.join(" ", conf)));
    assertThat(rowsOf(process, "pyspark")).isEqualTo(expected);
    assertCalledOnce("pyspark", "python");
  }

  @Test
  void submittedToAClusterOfTwoWorkers() throws IOException, InterruptedException {
    // Executors of the same PySpark as the driver map the same file of loaded classes.
    try (LocalCluster cluster = LocalCluster.start(spark, folder.resolve("cluster"), 2, options)) {
      List<String> command = submit("spark-submit", cluster.master());
      command.addAll(
          List.of(
              "--conf",
              "spark.driver.host=127.0.0.1",
              "--conf",
              "spark.executor.memory=512m",
              "--conf",
              "spark.executor.extraJavaOptions=" + options,
              "--conf",
              "spark.scheduler.minRegisteredResourcesRatio=1.0",
              script.toString(),
              queries.toString(),
              python("cluster")));
      assertThat(rows(command)).isEqualTo(expected);
      assertCalledOnce("cluster", "python");
    }
  }

  @Test
  void sparkConnectClients() throws IOException, InterruptedException {
    int port = LocalCluster.freePort();
    List<String> command = submit("spark-submit", "local[2]");
    command.addAll(
        List.of(
            "--conf",
            "spark.connect.grpc.binding.address=127.0.0.1",
            "--conf",
            "spark.connect.grpc.binding.port=" + port,
            "--class",
            "org.apache.spark.sql.connect.service.SparkConnectServer",
            "spark-internal"));
    Path events = folder.resolve("connect.jsonl");
    Process server =
        start(
            command,
            "connect-server",
            Map.of(
                "OPENLINEAGE__TRANSPORT__TYPE",
                "file",
                "OPENLINEAGE__TRANSPORT__LOCATION",
                events.toString()));
    try {
      await(server, port);
      List<String> client =
          List.of(
              python.toString(),
              script.toString(),
              queries.toString(),
              python("connect"),
              "sc://127.0.0.1:" + port);
      assertThat(rows(client)).isEqualTo(expected);
      assertCalledOnce("connect", "python");
      // Connect once executed commands twice (SPARK-51273): one run begins and ends for one CALL.
      assertThat(Files.readString(events))
          .containsOnlyOnce("\"eventType\":\"START\"")
          .containsOnlyOnce("\"eventType\":\"COMPLETE\"");
    } finally {
      server.destroy();
      if (!server.waitFor(20, TimeUnit.SECONDS)) {
        server.destroyForcibly();
      }
    }
  }

  private static List<String> submit(String program, String master) {
    List<String> command =
        new ArrayList<>(
            List.of(
                spark.resolve("bin").resolve(program).toString(),
                "--master",
                master,
                "--jars",
                jar(),
                "--driver-java-options",
                options));
    command.addAll(confs());
    return command;
  }

  private static String jar() {
    return System.getProperty("tare.jar");
  }

  private static List<String> confs() {
    List<String> confs = new ArrayList<>();
    List<String> all = new ArrayList<>(settings);
    all.addAll(
        List.of(
            "spark.ui.enabled=false",
            "spark.sql.shuffle.partitions=2",
            "spark.sql.codegen.wholeStage=false"));
    for (String setting : all) {
      confs.addAll(List.of("--conf", setting));
    }
    return confs;
  }

  private static Process start(List<String> command, String name, Map<String, String> variables)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_HOME", spark.toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("PYSPARK_PYTHON", python.toString());
    builder.environment().put("PYSPARK_DRIVER_PYTHON", python.toString());
    builder.environment().putAll(variables);
    // The shell keeps its metastore in the working folder.
    builder.directory(Files.createDirectories(folder.resolve(name)).toFile());
    builder.redirectOutput(folder.resolve(name + ".out").toFile());
    builder.redirectError(folder.resolve(name + ".err").toFile());
    return builder.start();
  }

  private static List<String> rows(List<String> command) throws IOException, InterruptedException {
    String name = "rows-" + Integer.toHexString(command.hashCode());
    return rowsOf(start(command, name, Map.of()), name);
  }

  private static List<String> rowsOf(Process process, String name)
      throws IOException, InterruptedException {
    return ran(process, name).stream().filter(line -> line.startsWith("{")).toList();
  }

  /** What a process printed that ended well. */
  private static List<String> ran(Process process, String name)
      throws IOException, InterruptedException {
    boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String errors = Files.readString(folder.resolve(name + ".err"), StandardCharsets.UTF_8);
    assertThat(ended).as("ended within %d s: %s", LIMIT_SECONDS, errors).isTrue();
    assertThat(process.exitValue()).as(errors).isZero();
    return Files.readAllLines(folder.resolve(name + ".out"));
  }

  private static void await(Process server, int port) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (System.nanoTime() < deadline && server.isAlive()) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(socket.isConnected()).isTrue();
        return;
      } catch (IOException e) {
        Thread.sleep(200);
      }
    }
    throw new IOException(
        "The server did not start: " + Files.readString(folder.resolve("connect-server.err")));
  }
}
