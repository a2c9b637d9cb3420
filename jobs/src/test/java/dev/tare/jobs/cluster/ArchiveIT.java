package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of a release: what is in it, and that it runs where nothing else of Tare is. */
@Tag("slow")
class ArchiveIT {

  private static final String JAR = System.getProperty("tare.jar");
  private static final Path ARCHIVE = Path.of(JAR.replaceFirst("\\.jar$", ".tar.gz"));
  private static final String TOP =
      ARCHIVE.getFileName().toString().replaceFirst("\\.tar\\.gz$", "/");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");

  private static final Pattern FIRST_RUN =
      Pattern.compile("### Your first run\n+```\ndeploy/tare (run [^\n]*)\n```");
  private static final List<String> WORDS =
      List.of("the", "cat", "old", "captain", "rain", "sleeps", "harbour", "today");

  private static final String PYTHON = "/usr/bin/python3";

  @TempDir Path folder;

  private static final Map<String, TarArchiveEntry> ENTRIES = new TreeMap<>();
  private static final Map<String, String> DOCUMENTS = new TreeMap<>();

  @BeforeAll
  static void list() throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new GZIPInputStream(new BufferedInputStream(Files.newInputStream(ARCHIVE)), 1 << 16))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        assertThat(entry.getName()).startsWith(TOP);
        String name = entry.getName().substring(TOP.length());
        assertThat(ENTRIES.put(name, entry)).as(name).isNull();
        if (name.endsWith(".md")) {
          DOCUMENTS.put(name, new String(tar.readAllBytes(), StandardCharsets.UTF_8));
        }
      }
    }
  }

  @Test
  void itHasWhatRunsNeedAndNothingOfTheMachineThatBuiltIt() {
    assertThat(ENTRIES.keySet())
        .contains(
            "README.md",
            "bin/tare",
            "lib/" + Path.of(JAR).getFileName(),
            "lib/s3a/hadoop-aws-3.4.2.jar",
            "conf/log4j2.properties",
            "conf/spark-defaults.conf",
            "conf/recipes/int8.conf",
            "conf/targets/openvino.conf",
            "deploy/airflow/tare_nightly.py",
            "demo/all-minilm-l6-v2.onnx",
            "demo/net/sf/extjwnl/data/wordnet/wn31/data.noun",
            "notebooks/explore-statistics.ipynb",
            "notebooks/requirements.txt")
        .allMatch(
            name -> name.matches("README.md|(bin|lib|conf|deploy|demo|notebooks)/.*|.*/docs/.*"))
        .noneMatch(
            name -> name.matches(".*(__pycache__|ipynb_checkpoints|/logs/|\\.pyc|\\.html).*"));
    long built = ENTRIES.get("README.md").getLastModifiedTime().toMillis();
    ENTRIES.forEach(
        (name, entry) -> {
          boolean executable = entry.isDirectory() || name.equals("bin/tare");
          assertThat(entry.getMode() & 0777).as(name).isEqualTo(executable ? 0755 : 0644);
          assertThat(entry.getLongUserId()).as(name).isZero();
          assertThat(entry.getLongGroupId()).as(name).isZero();
          assertThat(entry.getLastModifiedTime().toMillis()).as(name).isEqualTo(built);
        });
  }

  /** Source code stays in the repository; every other link leads to a file of the archive. */
  @Test
  void itsDocumentsLinkToWhatItHas() {
    assertThat(DOCUMENTS).containsKeys("README.md", "jobs/docs/sql.md", "conf/recipes/README.md");
    DOCUMENTS.forEach(
        (name, text) -> {
          Path here = Path.of("/", name).getParent();
          for (MatchResult link : LINK.matcher(text).results().toList()) {
            String target = here.resolve(link.group(1)).normalize().toString().substring(1);
            assertThat(target.contains("/src/") || ENTRIES.containsKey(target))
                .as("%s links to %s", name, link.group(1))
                .isTrue();
          }
        });
  }

  @Test
  void unpackedItRunsWithThePySparkOfAPython() throws IOException, InterruptedException {
    run(
        Map.of(),
        0,
        List.of(
            "tar",
            "xzf",
            ARCHIVE.toAbsolutePath().toString(),
            "--exclude=*/demo/all-minilm*",
            "--exclude=*/lib/s3a/*"));
    Path top = folder.resolve(TOP);
    // Linked into a folder of the PATH, as one installs it.
    Path tare = folder.resolve("tare");
    Files.createSymbolicLink(tare, top.resolve("bin/tare"));
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThat(run(Map.of("PYTHONHOME", empty.toString()), 2, List.of(tare.toString(), "--help")))
        .contains("no Spark found; install it with 'pip install pyspark==4.1.2' or set SPARK_HOME");

    Map<String, String> python = python();
    String model = TOP + "demo/models/ch_ppocr_mobile_v2.0_cls_infer.onnx";
    assertThat(run(python, 0, List.of(tare.toString(), "inspect", model)))
        .contains("can be quantized                 yes", "int8-cnn: 53 convolutions");
    typesTheFirstRun(python, tare);
  }

  /** The line of README.md as it is, with files of its names where the user stands. */
  private void typesTheFirstRun(Map<String, String> python, Path tare)
      throws IOException, InterruptedException {
    Matcher line = FIRST_RUN.matcher(DOCUMENTS.get("README.md"));
    assertThat(line.find()).isTrue();
    Models.exported(13)
        .input("input_ids", TensorProto.DataType.INT64, "batch", "length")
        .weight("words", WORDS.size(), 6)
        .weight("dense", 6, 4)
        .node("Gather", "look_up", List.of("words", "input_ids"), "h")
        .node("MatMul", "dense", List.of("h", "dense"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", "length", 4)
        .write(folder.resolve("model.onnx"));
    StringBuilder vocabulary = new StringBuilder();
    StringBuilder texts = new StringBuilder("id,text\n");
    for (int i = 0; i < WORDS.size(); i++) {
      vocabulary.append(i == 0 ? "" : ", ").append("\"%s\": %d".formatted(WORDS.get(i), i));
      for (String other : WORDS) {
        texts.append("%d,\"%s, %s\"%n".formatted(i, WORDS.get(i), other));
      }
    }
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "the"}}
        """
            .formatted(vocabulary));
    Files.writeString(folder.resolve("texts.csv"), texts);
    List<String> words = new ArrayList<>(List.of(tare.toString()));
    // No Spark is here that could write Parquet.
    words.addAll(List.of(line.group(1).replace("texts.parquet", "texts.csv").split(" ")));
    assertThat(run(python, 0, words))
        .contains("Texts are read from column 'text'.", "gate: passed")
        .contains("runs/first/model.onnx, ", "report", "publish");
    assertThat(DOCUMENTS.get("README.md")).contains("createSession(\"runs/first/model.onnx\")");
    try (OrtSession session =
        OrtEnvironment.getEnvironment()
            .createSession(folder.resolve("runs/first/model.onnx").toString())) {
      assertThat(session.getInputNames()).containsExactly("input_ids");
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aWheelHasTheCommandAndTheSettingsOfASession() throws IOException, InterruptedException {
    Map<String, String> python = python();
    String maker = Path.of(System.getProperty("tare.root"), "deploy/python/wheel.py").toString();
    String archive = ARCHIVE.toAbsolutePath().toString();
    String wheel = run(python, 0, List.of(PYTHON, maker, archive, folder.toString())).strip();
    assertThat(Path.of(wheel.replaceFirst("\\.whl$", ".cdx.json")))
        .content()
        .contains("pkg:pypi/pyspark@4.1.2", "tare/home/lib/" + Path.of(JAR).getFileName());
    run(python, 0, List.of(PYTHON, "-m", "zipfile", "-e", wheel, "site"));
    assertThat(run(python, 0, List.of(PYTHON, "-c", "import tare; print(tare.spark_conf('runs'))")))
        .contains("dev.tare.jobs.sql.TareCatalog", "'spark.sql.catalog.tare.root': 'runs'")
        .contains("site/tare/home/lib/" + Path.of(JAR).getFileName());
    // Its launcher, without a start of Spark.
    Map<String, String> noSpark = new HashMap<>(python);
    noSpark.put("SPARK_HOME", folder.toString());
    assertThat(run(noSpark, 2, List.of(PYTHON, "-c", "import tare; tare.main()", "--version")))
        .contains("has no jars/spark-core_*.jar; Tare needs Spark 4.1.2");
  }

  /** An environment whose Python imports a PySpark with the jars of the build. */
  private Map<String, String> python() throws IOException {
    assumeThat(Path.of(PYTHON)).exists();
    Path pyspark = Files.createDirectories(folder.resolve("site/pyspark"));
    Files.createFile(pyspark.resolve("__init__.py"));
    Files.createSymbolicLink(
        pyspark.resolve("jars"), Path.of(System.getProperty("tare.spark.home"), "jars"));
    return Map.of(
        "PYTHONPATH",
        pyspark.getParent().toString(),
        "PYSPARK_PYTHON",
        PYTHON,
        "SPARK_SUBMIT_OPTS",
        ClassArchive.SHORT,
        // Writing one takes longer than the only run here could gain.
        "TARE_CLASS_ARCHIVE",
        "off");
  }

  private String run(Map<String, String> environment, int exitCode, List<String> command)
      throws IOException, InterruptedException {
    Path said = folder.resolve("said");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeAll(List.of("SPARK_HOME", "PYTHONPATH"));
    builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    builder.environment().putAll(environment);
    builder.directory(folder.toFile());
    builder.redirectErrorStream(true).redirectOutput(said.toFile());
    int code = builder.start().waitFor();
    String text = Files.readString(said, StandardCharsets.UTF_8);
    assertThat(code).as(text).isEqualTo(exitCode);
    return text;
  }
}
