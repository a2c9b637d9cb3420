package dev.tare.jobs.airflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.cluster.ClassArchive;
import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.report.Chromium;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.testkit.SmallModels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The DAG of {@code deploy/airflow} in a real Airflow, on Master and two Workers. */
@Tag("slow")
class AirflowIT {

  private static final String DAG = "tare_nightly";
  private static final String NAME = "first-20261121T0200-";
  private static final String CONNECTION = "AIRFLOW_CONN_SPARK_DEFAULT";

  @TempDir static Path folder;

  private static final List<String> TASKS =
      List.of("calibrate", "select", "quantize", "gate", "publish");
  private static final Path PICTURE = Path.of("target", "airflow", "graph.png").toAbsolutePath();

  private static Airflow airflow;

  /** For what reads results of the night before: its drivers are their own executors. */
  private static Airflow hasty;

  private static Night night;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    SmallModels.exportedCnn()
        .write(Files.createDirectories(folder.resolve("models")).resolve("model.onnx"));
    images("data/2026-11-21", 40);
    images("held-out", 42);
    Path root = Path.of(System.getProperty("tare.root"));
    // Executors of the same PySpark as the drivers map the same file of loaded classes.
    Path sparkHome = ClassArchive.spark(Airflow.environment());
    String options = ClassArchive.options(Airflow.environment());
    String settings =
        Files.readString(root.resolve("conf/spark-cluster.conf"))
            + """
            spark.driver.host 127.0.0.1
            spark.ui.enabled false
            spark.executor.cores 1
            spark.executor.memory 600m
            spark.executor.memoryOverhead 384m
            spark.sql.shuffle.partitions 4
            spark.sql.codegen.wholeStage false
            spark.executor.extraJavaOptions %s
            """
                .formatted(options);
    Path properties =
        Files.writeString(
            folder.resolve("spark.conf"),
            settings + "spark.cores.max 2\nspark.scheduler.minRegisteredResourcesRatio 1.0\n");
    hasty =
        new Airflow(
            folder.resolve("airflow"),
            Map.of(
                "TARE_HOME",
                root.toRealPath().toString(),
                "TARE_JAR",
                System.getProperty("tare.jar"),
                "TARE_ROOT",
                folder.toString(),
                "TARE_SPARK_PROPERTIES",
                properties.toString(),
                CONNECTION,
                connection("local[1]"),
                // The DAG leaves the pause between two tries to the installation.
                "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY",
                "2",
                "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION",
                "False",
                // Whoever reaches the pages on the loopback needs no login.
                "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS",
                "True"));
    try (LocalCluster cluster =
        LocalCluster.start(sparkHome, folder.resolve("cluster"), 2, options)) {
      airflow = hasty.with(CONNECTION, connection(cluster.master()));
      night = killedHalfWay();
    }
  }

  private static String connection(String master) {
    return "{\"conn_type\": \"spark\", \"host\": \"%s\", \"extra\": {\"deploy-mode\": \"client\"}}"
        .formatted(master);
  }

  private static void images(String name, int seed) throws IOException {
    Path images = Files.createDirectories(folder.resolve(name));
    Random random = new Random(seed);
    for (int i = 0; i < 24; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int pixel = 0; pixel < 64; pixel++) {
        image.setRGB(pixel % 8, pixel / 8, random.nextInt(1 << 24));
      }
      ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
    }
  }

  @Test
  void theFileImportsWithoutErrorsAndDoesNoWork() throws IOException {
    Airflow.Outcome outcome =
        airflow.run(
            "python",
            Path.of(System.getProperty("tare.root"), "jobs/src/test/python/airflow_dag.py")
                .toString(),
            Airflow.folder().toString(),
            DAG + ".py");
    assertThat(outcome.exit()).as(outcome.said()).isZero();
    JsonNode dag =
        new ObjectMapper().readTree(outcome.said().strip().lines().reduce((a, b) -> b).get());

    assertThat(dag.path("errors")).isEmpty();
    assertThat(dag.path("dags")).extracting(JsonNode::asText).containsExactly(DAG);
    assertThat(dag.path("control")).hasSize(1);
    assertThat(dag.path("reached")).isEmpty();
    // Under 2 seconds with all of Airflow's own imports; wide of it only on a machine in trouble.
    assertThat(dag.path("seconds").asDouble()).isLessThan(30);

    assertThat(dag.path("chain").toString())
        .isEqualTo(
            "[[\"calibrate\",[\"select\"]],[\"select\",[\"quantize\"]],[\"quantize\",[\"gate\"]],"
                + "[\"gate\",[\"publish\"]],[\"publish\",[]]]");
    for (JsonNode task : dag.path("tasks")) {
      assertThat(task.path("operator").asText()).isEqualTo("SparkSubmitOperator");
      assertThat(task.path("application").asText()).isEqualTo(System.getProperty("tare.jar"));
      assertThat(task.path("retries").asInt()).isEqualTo(2);
      assertThat(task.path("hours").asDouble()).isEqualTo(6);
      assertThat(task.path("pool").asText()).isEqualTo("default_pool");
    }
    assertThat(dag.at("/tasks/publish/outlets/0").asText())
        .isEqualTo("tare://nightly/quantized_model");
    assertThat(dag.path("active").asInt()).isEqualTo(1);
    assertThat(dag.path("catchup").asBoolean()).isFalse();
    assertThat(dag.path("timetable").asText()).isEqualTo("CronDataIntervalTimetable 0 2 * * *");
    assertThat(dag.path("doc").asText()).contains("| `gate` |");

    JsonNode params = dag.path("params");
    assertThat(params.properties().stream().map(Map.Entry::getKey))
        .containsExactlyInAnyOrder(
            "name",
            "model",
            "data",
            "held_out",
            "tokenizer",
            "recipe",
            "samples",
            "min_cosine",
            "runs",
            "mlflow",
            "config");
    for (JsonNode param : params) {
      assertThat(param.has("type")).as("type of %s", param).isTrue();
      assertThat(param.path("description").asText()).isNotEmpty();
    }
    assertThat(params.at("/runs/value").asText()).isEqualTo(folder + "/runs");
    List<String> registered = new ArrayList<>();
    dag.path("registered").forEach(word -> registered.add(word.asText()));
    assertThat(registered)
        .startsWith("publish")
        .contains("--gate")
        .endsWith("--as", "model", "--mlflow", "http://mlflow:5000");

    assertThat(dag.at("/nights/interval").asText()).isEqualTo("20261122T0200");
    assertThat(dag.at("/days/interval").asText()).isEqualTo("2026-11-22");
    // Without a data interval the run id it is, and no two become one.
    assertThat(dag.at("/nights/named").asText()).isEqualTo("try-2");
    assertThat(dag.at("/nights/asset").asText())
        .matches("[A-Za-z0-9._-]{1,39}")
        .isNotEqualTo(dag.at("/nights/other asset").asText());
    assertThat(dag.at("/days/asset").asText()).isEqualTo("2026-11-23");
  }

  /**
   * A run of the DAG.
   *
   * @param id Airflow's id of it
   */
  private record Night(Airflow.Outcome outcome, String id) {}

  /** The night of 21 November; its first driver is killed while it calibrates. */
  private static Night killedHalfWay() throws IOException, InterruptedException {
    Airflow.Started started = airflow.start(night("2026-11-22T12:00:00", .9));
    Path statistics = folder.resolve("runs/" + NAME + "statistics");
    try {
      while (!attempted(statistics)) {
        assertThat(started.process().isAlive()).as(started.said()).isTrue();
        Thread.sleep(20);
      }
      Optional<ProcessHandle> driver =
          started.descendant("dev.tare.jobs.Tare", "calibrate", NAME + "statistics");
      assertThat(driver).as(started.said()).isPresent();
      driver.get().destroyForcibly();
      Airflow.Outcome outcome = airflow.await(started);
      return new Night(outcome, stored("select run_id from dag_run order by id desc"));
    } finally {
      started.stop();
    }
  }

  /** In Airflow's own pages; copied to {@code -Dtare.airflow.picture=FILE} below the project. */
  @Test
  void pictureShowsTheGraphOfAFinishedNight(@TempDir(cleanup = CleanupMode.NEVER) Path profile)
      throws IOException {
    String run = night.id();
    try (Chromium browser = Chromium.start(profile);
        AirflowPages pages = AirflowPages.serve(airflow)) {
      browser.screen(1360, 330, false);
      pages.openGraph(browser, DAG, run);
      for (String task : TASKS) {
        String text = "document.querySelector('.react-flow__node[data-id=%s]')?.innerText ?? ''";
        browser.awaitTrue("(%s).includes('success')".formatted(text.formatted(task)));
        assertThat(browser.evaluate(text.formatted(task)))
            .contains(task, "SparkSubmitOperator", "success");
      }
      assertThat(browser.evaluate("document.body.innerText")).contains(run, "quantized_model");
      assertThat(browser.complaints()).isEmpty();
      browser.screenshot(PICTURE);
    }
    assertThat(Files.size(PICTURE)).isBetween(20_000L, 150_000L);
    String wanted = System.getProperty("tare.airflow.picture", "");
    if (!wanted.isEmpty()) {
      Files.copy(
          PICTURE,
          Path.of(System.getProperty("tare.root")).resolve(wanted),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Test
  void aTaskKilledHalfWayIsTriedAgainAndPublishesOnce() throws IOException {
    String said = night.outcome().said();
    assertThat(night.outcome().exit()).as(said).isZero();
    assertThat(said)
        .contains("Error code is: -9", "2 executors", "gate: passed", "(entry 1)")
        .contains("Spark application app-", ": tare calibrate " + NAME + "statistics");
    assertThat(said.lines().filter(line -> line.contains(" WARN "))).isEmpty();
    assertThat(said.split("running task <TaskInstance: tare_nightly.calibrate", -1))
        .as("two tries")
        .hasSize(3);
    Path statistics = folder.resolve("runs/" + NAME + "statistics");
    RunFolder.open(statistics.toString(), new Configuration()).verifyAll();
    assertThat(attempted(statistics)).isFalse();
    assertThat(published()).hasSize(1);
    assertThat(published().get(0)).contains("\"../" + NAME + "int8-quantized\"");
    assertThat(folder.resolve("runs/" + NAME + "int8-quantized/model.onnx")).exists();
    assertThat(stored("select extra from asset_event order by id"))
        .contains("\"name\": \"%s/runs/first\"".formatted(folder))
        .contains("\"run\": \"%s/runs/%sint8-quantized\"".formatted(folder, NAME));
  }

  @Test
  void theNightAgainPublishesNothingTwice() throws IOException {
    List<String> before = published();
    Airflow.Outcome again = hasty.run(night("2026-11-22T13:00:00", .9));
    assertThat(again.exit()).as(again.said()).isZero();
    assertThat(again.said().split("Reused the finished run", -1)).hasSize(5);
    assertThat(published()).isEqualTo(before);
  }

  @Test
  void aFailingGateMovesNothingAndIsNotTriedAgain() throws IOException {
    List<String> before = published();
    List<String> words = new ArrayList<>(List.of(night("2026-11-22T14:00:00", 1)));
    // That a night again finds what these have made is the test above.
    words.addAll(List.of("--mark-success-pattern", "calibrate|select|quantize"));
    Airflow.Outcome refused = hasty.run(words.toArray(String[]::new));
    assertThat(refused.exit()).as(refused.said()).isOne();
    assertThat(refused.said())
        .contains("gate: failed", "Error code is: 4", "exit code 4: the quality gate failed")
        .doesNotContain("Spark-Submit cmd: publish", "starting task_id=publish");
    assertThat(refused.said().split("running task <TaskInstance: tare_nightly.gate", -1))
        .as("one try of the gate")
        .hasSize(2);
    assertThat(published()).hasSize(1).isEqualTo(before);
  }

  private static String[] night(String logicalDate, double limit) {
    return new String[] {
      "airflow",
      "dags",
      "test",
      DAG,
      logicalDate,
      "--conf",
      "{\"name\": \"first\", \"samples\": 16, \"min_cosine\": %s}".formatted(limit)
    };
  }

  private static boolean attempted(Path run) throws IOException {
    if (!Files.exists(run)) {
      return false;
    }
    try (Stream<Path> parts = Files.list(run)) {
      return parts.anyMatch(part -> part.getFileName().toString().startsWith("_attempt-"));
    }
  }

  /** What the name's pointer holds. */
  private static List<String> published() throws IOException {
    List<String> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder.resolve("runs/first/_LATEST"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        entries.add(file.getFileName() + " " + Files.readString(file, StandardCharsets.UTF_8));
      }
    }
    return entries;
  }

  /** The first column of the first row of a query to Airflow's database. */
  private static String stored(String query) throws IOException {
    Airflow.Outcome outcome =
        airflow.run(
            "python",
            "-c",
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1])"
                + ".execute(sys.argv[2]).fetchone()[0])",
            folder.resolve("airflow/airflow.db").toString(),
            query);
    assertThat(outcome.exit()).as(outcome.said()).isZero();
    return outcome.said().strip();
  }
}
