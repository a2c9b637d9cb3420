package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import dev.tare.testkit.PythonEnvironment;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.imageio.ImageIO;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Types what README.md says, line by line, in a fresh folder that has the archive, the wheel, a
 * Python with PySpark, and the user's files. A line that is not typed is in a list with the reason.
 */
@Tag("slow")
class ReadmeIT {

  private static final Path ROOT = Path.of(System.getProperty("tare.root")).toAbsolutePath();
  private static final Path JAR = Path.of(System.getProperty("tare.jar"));
  private static final Path ARCHIVE =
      Path.of(JAR.toString().replaceFirst("\\.jar$", ".tar.gz")).toAbsolutePath();

  /** What stands in README for a name that is the reader's own, or only a clone has. */
  private static final Map<String, String> PLACEHOLDERS =
      Map.of("spark://host:7077", "local[2]", "deploy/tare ", "tare-0.1.0/bin/tare ");

  /** Lines by their beginnings that are not typed here. */
  private static final TreeMap<String, String> NOT_TYPED =
      new TreeMap<>(
          Map.of(
              "deploy/tare demo",
              "LauncherIT types it: a minute",
              "mvn verify",
              "the build that runs this test",
              "tare-0.1.0/bin/tare demo",
              "the same command as LauncherIT's, and a minute",
              "spark-submit --class dev.tare.jobs.Tare",
              "SqlRoutesIT submits the jar; the line ends with dots"));

  /** Commands inside sentences, which the wheel's command types after the blocks. */
  private static final List<String> IN_SENTENCES =
      List.of(
          "tare publish RUN --as runs/minilm",
          "tare inspect runs/minilm",
          "tare report runs/first");

  private static final List<String> WORDS =
      List.of("the", "cat", "old", "captain", "rain", "sleeps", "harbour", "today");

  @TempDir Path folder;

  private final Map<String, String> environment = new LinkedHashMap<>();

  @Test
  void everyLineDoesWhatItSays() throws IOException, InterruptedException {
    Path home = PythonEnvironment.of(Path.of("../notebooks/requirements.txt")).home();
    Path python = home.resolve("bin");
    environment.put(
        "PATH",
        "%s:%s:%s:%s"
            .formatted(pip(python), python, folder.resolve("prefix/bin"), System.getenv("PATH")));
    environment.put("SPARK_SUBMIT_OPTS", ClassArchive.options(home));
    // Writing one of their own takes longer than the few runs here could gain.
    environment.put("TARE_CLASS_ARCHIVE", "off");
    environment.put("XDG_STATE_HOME", folder.resolve("state").toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    // What the lines of pip ask for is there, or beside them.
    environment.put("PIP_NO_INDEX", "1");
    environment.put("PIP_PREFIX", folder.resolve("prefix").toString());
    Files.createSymbolicLink(folder.resolve(ARCHIVE.getFileName()), ARCHIVE);
    makeTheWheel(python);
    filesOfTheReader();

    String readme = Files.readString(ROOT.resolve("README.md"));
    TreeSet<String> left = new TreeSet<>();
    Map<String, String> said = new LinkedHashMap<>();
    for (String line : lines(readme)) {
      List<String> known = NOT_TYPED.keySet().stream().filter(line::startsWith).toList();
      left.addAll(known);
      if (known.isEmpty()) {
        said.put(line, type(line));
      }
      if (line.startsWith("tar xzf")) {
        withoutSparkItSaysWhatToInstall();
      }
      if (line.startsWith("pip install tare_spark")) {
        environment.put("PYTHONPATH", onlySitePackages().toString());
      }
    }
    assertThat(left).as("lines that README no longer has").isEqualTo(NOT_TYPED.keySet());
    assertThat(said.keySet())
        .filteredOn(line -> line.startsWith("deploy/tare"))
        .as("runs of a text, a table and images")
        .hasSize(3);

    assertThat(said(said, "--output runs/first"))
        .contains("Texts are read from column 'text'.", "gate: passed")
        .contains("runs/first/model.onnx, ", "report", "publish");
    assertThat(said(said, "--image-size")).contains("runs/third");
    assertThat(said(said, "spark_conf"))
        .contains("dev.tare.jobs.sql.TareCatalog", "'spark.sql.catalog.tare.root': 'runs'")
        .contains("tare/home/lib/" + JAR.getFileName());
    assertThat(readme)
        .contains("InferenceSession(\"runs/first/model.onnx\")")
        .contains("createSession(\"runs/first/model.onnx\")");
    opens(folder.resolve("runs/first/model.onnx"));
    commandsOfTheWheel(readme);
  }

  /** The environment has no pip of its own; every Python that makes environments comes with one. */
  private Path pip(Path python) throws IOException {
    Path program = Files.createDirectory(folder.resolve("tools")).resolve("pip");
    Files.writeString(
        program,
        """
        #!/bin/sh
        wheel=$('%1$s/python' -c 'import ensurepip, glob, os
        own = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")
        print([f for d in (own, "/usr/share/python-wheels") for f in glob.glob(d + "/pip-*.whl")][0])')
        PYTHONPATH=$wheel exec '%1$s/python' -m pip "$@"
        """
            .formatted(python));
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return program.getParent();
  }

  private void makeTheWheel(Path python) throws IOException, InterruptedException {
    Path maker = ROOT.resolve("deploy/python/wheel.py");
    String wheel = type("%s/python %s %s .".formatted(python, maker, ARCHIVE)).strip();
    assertThat(folder.resolve(wheel.replaceFirst("\\.whl$", ".cdx.json")))
        .content()
        .contains("pkg:pypi/pyspark@4.1.2", "tare/home/lib/" + JAR.getFileName());
  }

  /** By a link in another folder, as one installs it. */
  private void withoutSparkItSaysWhatToInstall() throws IOException, InterruptedException {
    Path link = Files.createDirectory(folder.resolve("bin")).resolve("tare");
    Files.createSymbolicLink(link, folder.resolve("tare-0.1.0/bin/tare"));
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(type(link + " --help", Map.of("PYTHONHOME", empty.toString()), 2))
        .contains("no Spark found; install it with 'pip install pyspark==4.1.2' or set SPARK_HOME");
  }

  /** After pip the word {@code tare} is a command; what follows a run needs no new one. */
  private void commandsOfTheWheel(String readme) throws IOException, InterruptedException {
    assertThat(readme).contains(IN_SENTENCES.stream().map(line -> "`" + line + "`").toList());
    assertThat(type("command -v tare")).contains("prefix/bin/tare");
    for (String line : IN_SENTENCES) {
      assertThat(type(line.replace("RUN", "runs/first"))).as(line).isNotEmpty();
    }
    assertThat(folder.resolve("report.html"))
        .content()
        .contains("Tare report: first", "Gate passed");
  }

  private Path onlySitePackages() throws IOException {
    try (var found =
        Files.find(folder.resolve("prefix"), 4, (p, a) -> p.endsWith("site-packages"))) {
      return found.findFirst().orElseThrow();
    }
  }

  /** Lines of all blocks that are in no language; continued lines are one. */
  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    boolean inside = false;
    boolean shell = false;
    for (String line : text.replaceAll("\\\\\n\\s*", "").lines().toList()) {
      if (line.startsWith("```")) {
        inside = !inside;
        shell = line.equals("```");
      } else if (inside && shell && !line.startsWith(" ")) {
        // The demo's table, which is printed, is indented.
        lines.add(line.replaceFirst("\\s+# .*$", "").strip());
      }
    }
    return lines;
  }

  private static String said(Map<String, String> said, String part) {
    return said.entrySet().stream()
        .filter(one -> one.getKey().contains(part))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  private String type(String line) throws IOException, InterruptedException {
    return type(line, environment, 0);
  }

  private String type(String line, Map<String, String> variables, int exitCode)
      throws IOException, InterruptedException {
    String typed = line;
    for (Map.Entry<String, String> one : PLACEHOLDERS.entrySet()) {
      typed = typed.replace(one.getKey(), one.getValue());
    }
    Path said = folder.resolve("said");
    ProcessBuilder builder = new ProcessBuilder("bash", "-c", typed);
    builder.environment().keySet().removeAll(List.of("SPARK_HOME", "PYTHONPATH"));
    builder.environment().putAll(variables);
    builder.directory(folder.toFile());
    builder.redirectErrorStream(true).redirectOutput(said.toFile());
    int code = builder.start().waitFor();
    String text = Files.readString(said, StandardCharsets.UTF_8);
    assertThat(code).as("%s%n%s", typed, text).isEqualTo(exitCode);
    return text;
  }

  private static void opens(Path model) {
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(model.toString())) {
      assertThat(session.getInputNames()).containsExactly("input_ids");
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  /** Small ones of the names that README gives them. */
  private void filesOfTheReader() throws IOException {
    Models.exported(13)
        .input("input_ids", TensorProto.DataType.INT64, "batch", "length")
        .weight("words", WORDS.size(), 6)
        .weight("dense", 6, 4)
        .node("Gather", "look_up", List.of("words", "input_ids"), "h")
        .node("MatMul", "dense", List.of("h", "dense"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", "length", 4)
        .write(folder.resolve("model.onnx"));
    StringBuilder vocabulary = new StringBuilder();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < WORDS.size(); i++) {
      vocabulary.append(i == 0 ? "" : ", ").append("\"%s\": %d".formatted(WORDS.get(i), i));
      for (String other : WORDS) {
        texts.add(WORDS.get(i) + ", " + other);
      }
    }
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "the"}}
        """
            .formatted(vocabulary));
    MessageType ofTexts =
        MessageTypeParser.parseMessageType(
            "message texts { required int64 id; required binary text (STRING); }");
    List<Group> rows = new ArrayList<>();
    for (String text : texts) {
      rows.add(new SimpleGroup(ofTexts).append("id", (long) rows.size()).append("text", text));
    }
    write(ofTexts, rows, folder.resolve("texts.parquet"));
    MessageType ofFeatures =
        MessageTypeParser.parseMessageType(
            """
            message features {
              required group input_ids (LIST) { repeated group list { required int64 element; } }
            }\
            """);
    List<Group> features = new ArrayList<>();
    for (int i = 0; i < WORDS.size(); i++) {
      for (int j = 0; j < WORDS.size(); j++) {
        Group row = new SimpleGroup(ofFeatures);
        Group ids = row.addGroup("input_ids");
        ids.addGroup("list").append("element", (long) i);
        ids.addGroup("list").append("element", (long) j);
        features.add(row);
      }
    }
    write(
        ofFeatures,
        features,
        Files.createDirectory(folder.resolve("features")).resolve("part-0.parquet"));
    network().write(folder.resolve("resnet.onnx"));
    photos(Files.createDirectory(folder.resolve("photos")));
  }

  private static void write(MessageType type, List<Group> rows, Path file) throws IOException {
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file)).withType(type).build()) {
      for (Group row : rows) {
        writer.write(row);
      }
    }
  }

  /** One convolution over images of the size that README's line says. */
  private static Models network() {
    return Models.exported(13)
        .input("image", "batch", 3, 224, 224)
        .weight("kernel", 5, 3, 7, 7)
        .weight("dense", 5, 4)
        .node("Conv", "image kernel", "conv", Models.ints("strides", 16L, 16L))
        .node("Relu", "conv", "relu")
        .node("GlobalAveragePool", "relu", "mean")
        .node("Flatten", "mean", "flat")
        .node("MatMul", "product", List.of("flat", "dense"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 4);
  }

  private static void photos(Path folder) throws IOException {
    Random random = new Random(3);
    for (int i = 0; i < 24; i++) {
      BufferedImage photo = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
      int colour = random.nextInt(1 << 24);
      for (int x = 0; x < 64; x++) {
        for (int y = 0; y < 48; y++) {
          photo.setRGB(x, y, x * (i + 1) % 64 < 32 ? colour : random.nextInt(1 << 24));
        }
      }
      ImageIO.write(photo, "png", folder.resolve("photo-%d.png".formatted(i)).toFile());
    }
  }
}
