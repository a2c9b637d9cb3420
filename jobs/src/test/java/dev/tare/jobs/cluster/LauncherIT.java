package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.law.MiniLm;
import dev.tare.testkit.SmallModels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/tare} as a newcomer types it. */
@Tag("slow")
class LauncherIT {

  private static final long LIMIT_SECONDS = 1800;
  private static final String SPARK = org.apache.spark.package$.MODULE$.SPARK_VERSION();

  @TempDir Path folder;

  /** Of the run whose cluster is not there. */
  @TempDir static Path lost;

  private static String nobody;
  private static Process submitted;

  /**
   * Most of a short run is code that runs a few times. One test leaves it away: what a newcomer
   * types.
   */
  private static final Map<String, String> SHORT = Map.of("SPARK_SUBMIT_OPTS", ClassArchive.SHORT);

  private record Result(int exitCode, String out, String err) {}

  private Result tare(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return run(environment, launcher(arguments));
  }

  private static List<String> launcher(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("tare.root"), "deploy", "tare").toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private Result run(Map<String, String> environment, List<String> command)
      throws IOException, InterruptedException {
    return await(start(folder, environment, command), folder);
  }

  private static Process start(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("SPARK_HOME");
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    Path build = Path.of(System.getProperty("tare.jar")).getParent();
    if (!build.endsWith("jobs/target")) {
      // That of another line of Spark.
      builder.environment().put("TARE_BUILD", build.toString());
    }
    builder.environment().putAll(environment);
    builder.directory(folder.toFile());
    builder.redirectOutput(folder.resolve("out").toFile());
    builder.redirectError(folder.resolve("err").toFile());
    return builder.start();
  }

  private static Result await(Process process, Path folder)
      throws IOException, InterruptedException {
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroy();
    }
    return new Result(
        process.waitFor(),
        Files.readString(folder.resolve("out"), StandardCharsets.UTF_8),
        Files.readString(folder.resolve("err"), StandardCharsets.UTF_8));
  }

  private static Map<String, String> with(Map<String, String> more) {
    Map<String, String> all = new HashMap<>(SHORT);
    all.putAll(more);
    return all;
  }

  @Test
  void demoEndsWithATableAndAFinishedRun() throws IOException, InterruptedException {
    Path run = folder.resolve("demo-run");
    Path logs = folder.resolve("logs of runs");
    Result result =
        tare(Map.of("TARE_LOG_DIR", logs.toString()), "demo", "--output", run.toString());
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err())
        .contains("[1/4] calibrate", "[2/4] select", "[3/4] quantize", "[4/4] evaluate")
        .doesNotContain("WARN", " INFO ", "\r", "the complete log");
    assertThat(onlyLog(logs))
        .contains(" INFO ", "SparkContext", "DAGScheduler", "TaskSetManager")
        .doesNotContain("[1/4] calibrate");
    assertThat(result.out())
        .contains(
            "tensors quantized              39 weights and 24 activations",
            "bytes before and after         90.4 MB -> 23.1 MB",
            "cosine to float, unseen text",
            "same nearest neighbour",
            "calibration over inference",
            "Look next at",
            run.resolve("plan.json").toString());
    assertThat(run.resolve("manifest.json")).exists();
    assertReported(run);
  }

  /** The page of a run by the launcher, which stands by itself. */
  private void assertReported(Path run) throws IOException, InterruptedException {
    Result result = tare(SHORT, "report", run.toString(), "--out", "page.html");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err()).doesNotContain("WARN", " INFO ");
    Path page = folder.resolve("page.html");
    assertThat(result.out()).contains(page.toString());
    String html = Files.readString(page, StandardCharsets.UTF_8);
    assertThat(html.strip()).startsWith("<!DOCTYPE html>").endsWith("</html>");
    assertThat(html)
        .contains("<h1>" + run.getFileName() + "</h1>", "Gate passed")
        .contains("/encoder/layer.5/output/dense/MatMul", "<svg ", "<style>", "<script>");
    assertThat(html).doesNotContain("url(", "@import", "fetch(", "XMLHttpRequest");
    Matcher reference =
        Pattern.compile("(?i)\\b(?:src|srcset|href|action)\\s*=\\s*[\"']?+(?!#|data:).{0,80}")
            .matcher(html);
    assertThat(reference.results().map(MatchResult::group)).isEmpty();
  }

  private static String onlyLog(Path logs) throws IOException {
    try (Stream<Path> files = Files.list(logs)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      assertThat(all.get(0).getFileName().toString()).matches("tare-\\d{8}-\\d{6}-\\d+\\.log");
      return Files.readString(all.get(0), StandardCharsets.UTF_8);
    }
  }

  /** {@code script} gives the launcher a terminal, and what it shows there as its output. */
  @Test
  void onATerminalABarShowsTheJobAtWork() throws IOException, InterruptedException {
    assumeThat(Path.of("/usr/bin/script")).as("util-linux gives a terminal").exists();
    Path tare = Path.of(System.getProperty("tare.root"), "deploy", "tare");
    Path text = MiniLm.write(folder.resolve("text.txt"), MiniLm.definitions(64));
    String command =
        "stty cols 100; '%s' run --samples 16 --model '%s' --tokenizer '%s' --data '%s' --output '%s'"
            .formatted(tare, MiniLm.model(), MiniLm.tokenizer(), text, folder.resolve("run"));
    Result result =
        run(
            with(
                Map.of(
                    "TERM",
                    "xterm",
                    "TARE_LOG_DIR",
                    folder.resolve("logs").toString(),
                    "OPENLINEAGE__TRANSPORT__TYPE",
                    "file",
                    "OPENLINEAGE__TRANSPORT__LOCATION",
                    folder.resolve("events.jsonl").toString())),
            List.of("/usr/bin/script", "-qec", command, "/dev/null"));
    assertThat(result.exitCode()).as(result.out()).isZero();
    assertThat(result.out())
        .contains("\r", "\u001b[K", "calibrate: run 16 samples, observe 24 tensors", "%")
        .contains("[4/4] evaluate", folder.resolve("run").toString())
        .doesNotContain("OpenLineage");
    // By the library in the jar, under other names than its own.
    assertThat(Files.readAllLines(folder.resolve("events.jsonl")))
        .hasSize(2)
        .last()
        .asString()
        .contains("\"eventType\":\"COMPLETE\"", "tare_gate", "all-minilm-l6-v2.onnx");
    for (String line : result.out().split("[\r\n]+", -1)) {
      assertThat(line.startsWith("calibrate:") ? line.length() : 0).isLessThan(100);
    }
  }

  /** Spark asks for a minute whether there is a cluster; meanwhile the other tests run. */
  @BeforeAll
  static void submitToNobody() throws IOException {
    Path assets = Path.of(System.getProperty("tare.assets"));
    Files.writeString(lost.resolve("text.txt"), "one line\nand another\n");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = "spark://127.0.0.1:" + free.getLocalPort();
    }
    submitted =
        start(
            lost,
            with(
                Map.of(
                    "TARE_LOG_DIR",
                    lost.resolve("logs").toString(),
                    "SPARK_LOCAL_IP",
                    "127.0.0.1")),
            launcher(
                "--master",
                nobody,
                "calibrate",
                "--model",
                assets.resolve("all-minilm-l6-v2.onnx").toString(),
                "--tokenizer",
                assets.resolve("all-minilm-l6-v2-tokenizer.json").toString(),
                "--data",
                lost.resolve("text.txt").toString(),
                "--output",
                lost.resolve("run").toString()));
  }

  @Test
  void aClusterThatIsNotThereEndsWithSixAndTellsTheLog() throws IOException, InterruptedException {
    Path logs = lost.resolve("logs");
    Path run = lost.resolve("run");
    Result result = await(submitted, lost);
    assertThat(result.exitCode()).as(result.err()).isEqualTo(6);
    assertThat(result.err())
        .contains("is " + nobody + " up", "tare: the complete log of this run: " + logs);
    assertThat(onlyLog(logs)).contains(" INFO ");
    assertThat(Files.readString(run.resolve("status.json"))).contains("failed", ": 6");
    assertThat(run.resolve("manifest.json")).doesNotExist();
  }

  @Test
  void visionDemoEndsWithATableForEachModel() throws IOException, InterruptedException {
    Path runs = folder.resolve("vision");
    Result result =
        tare(
            SHORT,
            "demo",
            "--vision",
            "--samples=24",
            "--eval-samples=24",
            "--output",
            runs.toString());
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.err()).contains("[2/5] passes", "[5/5] evaluate").doesNotContain("WARN");
    assertThat(result.out())
        .contains(
            "PP-OCRv4 recognizer: characters of a line (24 images, 24 others for calibration)",
            "PP-OCR angle classifier: upright or upside down (24 images",
            "tensors quantized",
            "bytes before and after         10.86 MB -> ",
            "bytes before and after         0.59 MB -> ",
            "SQNR",
            "cosine to float",
            "int8 over float time");
    assertThat(share(result.out(), "positions read the same")).isGreaterThan(90);
    assertThat(share(result.out(), "images judged the same")).isGreaterThan(90);
    assertThat(runs.resolve("rec/manifest.json")).exists();
    assertThat(runs.resolve("cls/manifest.json")).exists();
  }

  /** The file of loaded classes is made by the first run and used by what comes later. */
  @Test
  void flagsOfTheLauncherChangeNoByte() throws IOException, InterruptedException {
    SmallModels.exportedCnn().write(folder.resolve("model.onnx"));
    Path images = Files.createDirectory(folder.resolve("images"));
    Random random = new Random(43);
    for (int i = 0; i < 12; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int pixel = 0; pixel < 64; pixel++) {
        image.setRGB(pixel % 8, pixel / 8, random.nextInt(1 << 24));
      }
      ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
    }
    String[] words = {"run", "--model=model.onnx", "--data=images", "--min-cosine=0.5", "--output"};
    Result plain =
        tare(
            Map.of(
                "TARE_CLASS_ARCHIVE",
                "off",
                // Both compilers and another collector than so small a run gets.
                "SPARK_SUBMIT_OPTS",
                "-XX:TieredStopAtLevel=4 -XX:+UseG1GC"),
            Stream.concat(
                    Stream.of("--conf", "spark.sql.codegen.wholeStage=true"),
                    Stream.concat(Stream.of(words), Stream.of("plain")))
                .toArray(String[]::new));
    assertThat(plain.exitCode()).as(plain.err()).isZero();
    Result tuned =
        tare(Map.of(), Stream.concat(Stream.of(words), Stream.of("tuned")).toArray(String[]::new));
    assertThat(tuned.exitCode()).as(tuned.err()).isZero();
    for (String part : List.of("statistics-sha256", "plan.json", "model.onnx")) {
      assertThat(part(folder.resolve("tuned"), part))
          .as(part)
          .isEqualTo(part(folder.resolve("plain"), part));
    }

    Map<String, String> said = Map.of("SPARK_SUBMIT_OPTS", "-XX:+PrintCommandLineFlags");
    String[] select = {"select", "--statistics=tuned", "--model=model.onnx", "--recipe=int8-mse"};
    Result little =
        tare(
            said,
            Stream.concat(Stream.of(select), Stream.of("--output=little")).toArray(String[]::new));
    assertThat(little.exitCode()).as(little.err()).isZero();
    assertThat(little.out()).contains("-XX:TieredStopAtLevel=1 ");
    Result both =
        tare(
            Map.of("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=4 -XX:+PrintCommandLineFlags"),
            Stream.concat(Stream.of(select), Stream.of("--output=both")).toArray(String[]::new));
    assertThat(both.exitCode()).as(both.err()).isZero();
    assertThat(both.out()).contains("-XX:TieredStopAtLevel=4 ");
    assertThat(part(folder.resolve("little"), "plan.json"))
        .isEqualTo(part(folder.resolve("both"), "plan.json"));

    Path loads = folder.resolve("loads");
    Result later =
        tare(Map.of("SPARK_SUBMIT_OPTS", "-Xlog:class+load:file=" + loads), "inspect", "tuned");
    assertThat(later.exitCode()).as(later.err()).isZero();
    assertThat(later.err()).isEmpty();
    assertThat(Files.readAllLines(loads))
        .anyMatch(line -> line.contains("dev.tare.jobs.Tare source: shared objects file (top)"));
  }

  private static byte[] part(Path run, String part) throws IOException {
    return part.equals("statistics-sha256")
        ? new ObjectMapper()
            .readTree(run.resolve("manifest.json").toFile())
            .at("/properties/calibration/content-sha256")
            .asText()
            .getBytes(StandardCharsets.UTF_8)
        : Files.readAllBytes(run.resolve(part));
  }

  private static double share(String table, String row) {
    Matcher matcher = Pattern.compile(row + " +([0-9.]+) %").matcher(table);
    assertThat(matcher.find()).as(table).isTrue();
    return Double.parseDouble(matcher.group(1));
  }

  @Test
  void anotherSparkIsRefusedByName() throws IOException, InterruptedException {
    Path jars = Files.createDirectories(folder.resolve("spark/jars"));
    Path core = Files.createFile(jars.resolve("spark-core_2.13-3.4.4.jar"));
    Result result = tare(Map.of("SPARK_HOME", jars.getParent().toString()), "--version");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("is Spark 3.4.4; Tare needs Spark " + SPARK);

    Files.move(core, jars.resolve("spark-core_2.12-" + SPARK + ".jar"));
    Result scala = tare(Map.of("SPARK_HOME", jars.getParent().toString()), "--version");
    assertThat(scala.exitCode()).isEqualTo(2);
    assertThat(scala.err())
        .contains("is for Scala 2.12; Tare needs Spark " + SPARK + " for Scala 2.13");
  }

  /** As that for Spark 3.5. */
  @Test
  void aBuildWithoutJarsForS3aSaysSo() throws IOException, InterruptedException {
    Path given = Path.of(System.getProperty("tare.jar")).getParent();
    Path build = Files.createDirectory(folder.resolve("build"));
    for (String part : List.of("tare-0.1.0.jar", "classes", "spark", "assets")) {
      Files.createSymbolicLink(build.resolve(part), given.resolve(part));
    }
    Result result = tare(Map.of("TARE_BUILD", build.toString()), "inspect", "s3a://bucket/run");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err())
        .contains("the build for Spark " + SPARK + " has no jars for s3a:; name hadoop-aws and");
  }

  @Test
  void exitCodesPassThroughSparkSubmit() throws IOException, InterruptedException {
    Result unknown = tare(Map.of(), "calibrat");
    assertThat(unknown.exitCode()).as(unknown.err()).isEqualTo(2);
    Result missing = tare(Map.of(), "inspect", "missing.onnx");
    assertThat(missing.exitCode()).as(missing.err()).isEqualTo(3);
    assertThat(missing.err())
        .contains("missing.onnx")
        .doesNotContain("\tat ", "the complete log of this run");
  }

  @Test
  void versionNamesTareAndSpark() throws IOException, InterruptedException {
    Result result = tare(Map.of(), "--version");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).contains("0.1.0", SPARK);
  }
}
