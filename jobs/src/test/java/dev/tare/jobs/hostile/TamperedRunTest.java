package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.run.CommandLine;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.PlanStore;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Artifacts that contradict themselves, in runs whose manifest was made to fit them: whoever can
 * write a run can do that.
 */
@Tag("slow")
class TamperedRunTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String model;
  private static String data;
  private static Path whole;
  private static Path statistics;

  private Path output;

  @BeforeAll
  static void runs() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(40, 6, 1));
    whole = shared.resolve("whole");
    tare("run", "--model", model, "--data", data, "--output", whole.toString(), "--min-cosine=-1")
        .ends(0);
    statistics = shared.resolve("statistics");
    tare("calibrate", "--model", model, "--data", data, "--output", statistics.toString()).ends(0);
  }

  @BeforeEach
  void output() {
    output = folder.resolve("output");
  }

  private Path copy(Path run) throws IOException {
    Path to = Files.createTempDirectory(folder, "tampered");
    try (var all = Files.walk(run)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Path target = to.resolve(run.relativize(file).toString());
        Files.createDirectories(target.getParent());
        Files.copy(file, target);
      }
    }
    return to;
  }

  /** A copy whose table is another one, and whose manifest says so. */
  private Path withTable(Path run, String part, UnaryOperator<Dataset<Row>> change)
      throws IOException {
    Path tampered = copy(run);
    Path table = tampered.resolve(part);
    Path file = table.resolve(CommandLine.onlyPart(table).getFileName());
    Path made = folder.resolve("made-" + System.nanoTime());
    change
        .apply(CommandLine.spark().read().parquet(run.resolve(part).toString()))
        .coalesce(1)
        .write()
        .parquet(made.toString());
    try (var files = Files.list(table)) {
      for (Path old : files.toList()) {
        Files.delete(old);
      }
    }
    Files.move(CommandLine.onlyPart(made), file);
    return fitted(tampered, part + "/" + file.getFileName());
  }

  private Path withText(Path run, String part, String what, String with) throws IOException {
    Path tampered = copy(run);
    Path file = tampered.resolve(part);
    String text = Files.readString(file);
    assertThat(text).contains(what);
    Files.writeString(file, text.replace(what, with));
    Files.deleteIfExists(file.resolveSibling("." + part + ".crc"));
    return part.equals("manifest.json") ? tampered : fitted(tampered, part);
  }

  private static Path fitted(Path run, String path) throws IOException {
    Path manifest = run.resolve("manifest.json");
    ObjectNode root = (ObjectNode) JSON.readTree(manifest.toFile());
    byte[] bytes = Files.readAllBytes(run.resolve(path));
    for (var files = root.path("files").iterator(); files.hasNext(); ) {
      ObjectNode file = (ObjectNode) files.next();
      String named = file.path("path").asText();
      if (named.equals(path)) {
        file.put("bytes", bytes.length).put("sha256", sha256(bytes));
      } else if (path.contains("/") && named.startsWith(path.replaceFirst("/.*", "/"))) {
        files.remove();
      }
    }
    Files.writeString(manifest, JSON.writeValueAsString(root));
    tareAlone("verify", run.toString()).ends(0);
    return run;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void selectRefuses(UnaryOperator<Dataset<Row>> change, String... words)
      throws IOException {
    output = Files.createTempDirectory(folder, "select");
    select(withTable(statistics, "statistics", change)).refuses(3, output, words);
  }

  private CommandLine.Result select(Path from) {
    return tare(
        "select", "--model", model, "--statistics", from.toString(), "--output", output.toString());
  }

  private static UnaryOperator<Dataset<Row>> cell(String where, String column, String value) {
    return table ->
        table.withColumn(
            column.replace("`", ""),
            functions.expr("CASE WHEN %s THEN %s ELSE %s END".formatted(where, value, column)));
  }

  @Test
  void statisticsThatContradictThemselvesOrTheManifest() throws IOException {
    String whole = "tensor = 'x' AND channel IS NULL";
    selectRefuses(table -> table.drop("zeros"), "lacks the column 'zeros'", ".parquet");
    selectRefuses(
        table -> table.withColumn("count", functions.col("count").cast("string")),
        "has the column 'count' as optional binary",
        "bigint");
    selectRefuses(cell(whole, "bin", "NULL"), "tensor 'x': 'bin' is null");
    selectRefuses(
        cell("tensor = 'x' AND channel = 2", "count", "count + 1"), "tensor 'x', channel 2");
    selectRefuses(
        cell("tensor = 'r'", "model_sha256", "'00'"), "tensor 'r'", "'model_sha256' is 00");
    selectRefuses(table -> table.union(table.limit(1)), "there are two rows of it");
    selectRefuses(table -> table.where("NOT (tensor = 'x' AND channel = 2)"), "tensor 'x'", "rows");
    selectRefuses(table -> table.where("NOT (tensor = 'x' AND channel = 5)"), "content has sha256");
    selectRefuses(table -> table.where("tensor <> 'r'"), "lacks tensors [r]");
    selectRefuses(
        table ->
            cell(whole, "zeros", "zeros + 1").apply(cell(whole, "count", "count + 1").apply(table)),
        "contradict its manifest: the table's content has sha256");
  }

  @Test
  void everyReaderOfStatisticsRefusesThem() throws IOException {
    Path tampered =
        withTable(statistics, "statistics", cell("tensor = 'x'", "count", "CAST(-5 AS BIGINT)"));
    String[] words = {"statistics of tensor 'x'", "-5"};
    select(tampered).refuses(3, output, words);
    output = folder.resolve("merged");
    tare("merge", statistics.toString(), tampered.toString(), "--output", output.toString())
        .refuses(3, output, words);
    for (String[] sides :
        new String[][] {{"--baseline", "--current"}, {"--current", "--baseline"}}) {
      refused(tare("drift", sides[0], tampered.toString(), sides[1], statistics.toString()), words);
    }
    Path page = folder.resolve("page.html");
    refused(tare("report", tampered.toString(), "--out", page.toString()), words);
    assertThat(page).doesNotExist();
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.tampered", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.tampered.root", tampered.toString());
    assertThatThrownBy(
            () ->
                spark
                    .sql("SELECT tampered.fn.scale(struct(*), 'uint8') FROM tampered.statistics")
                    .collectAsList())
        .hasStackTraceContaining(
            "fn.scale of tensor 'x': Invalid statistics: negative among count");
  }

  @Test
  void plansThatTheModelOrTheyThemselvesContradict() throws IOException {
    for (String[] change :
        new String[][] {
          {"\"axis\" : 1", "\"axis\" : 9", "axis 9 of shape"},
          {"\"tensor\" : \"w1\"", "\"tensor\" : \"w9\"", "w9"},
          {"\"tensor\" : \"x\"", "\"tensor\" : \"q\"", "'q'"},
          {"\"consumers\" : [ \"first\" ]", "\"consumers\" : [ \"third\" ]", "third"},
          {"\"shape\" : [ 6, 8 ]", "\"shape\" : [ 7, 8 ]", "[7, 8]"},
        }) {
      Path tampered = withText(whole, "plan.json", change[0], change[1]);
      output = Files.createTempDirectory(folder, "quantize");
      quantize(tampered).refuses(3, output, change[2]);
    }
    Path tampered = withText(whole, "plan.json", "\"axis\" : 1", "\"axis\" : 9");
    String words = "axis 9 of shape";
    output = folder.resolve("floats");
    tare("dequantize", tampered.toString(), "--output", output.toString())
        .refuses(3, output, words);
    refused(
        tare("drift", "--baseline", tampered.toString(), "--current", statistics.toString()),
        words);
    refused(
        tare("report", tampered.toString(), "--out", folder.resolve("p.html").toString()), words);
    output = folder.resolve("evaluated");
    tare(
            "evaluate",
            "--model",
            model,
            "--data",
            data,
            "--quantized",
            tampered.toString(),
            "--sensitivity=4",
            "--output",
            output.toString())
        .refuses(3, output, words);
  }

  /** Each list of the plan fits the others: only the weights show that they are wrong. */
  @Test
  void rangesThatTheWeightsContradict() throws IOException {
    rangesRefused(List.of("scale", "low", "high"), true, 1, "'w1'", "outside the range");
    rangesRefused(List.of("scale", "low", "high"), false, 4, "'w1'", "keep an SQNR of");
    rangesRefused(List.of("scale"), false, 4, "'w1'", "is wider than its range");
  }

  private void rangesRefused(List<String> keys, boolean reverse, float factor, String... words)
      throws IOException {
    // The plan's table says the same, or the two would contradict each other.
    Path tampered = withTable(whole, "plan", table -> changed(table, keys, reverse, factor));
    Path file = tampered.resolve("plan.json");
    ObjectNode plan = (ObjectNode) JSON.readTree(file.toFile());
    for (JsonNode tensor : plan.path("tensors")) {
      if (tensor.path("tensor").asText().equals("w1")) {
        for (String key : keys) {
          List<Float> values = new ArrayList<>();
          tensor.path(key).forEach(value -> values.add(value.floatValue() * factor));
          if (reverse) {
            Collections.reverse(values);
          }
          values.forEach(((ObjectNode) tensor).putArray(key)::add);
        }
      }
    }
    JSON.writeValue(file.toFile(), plan);
    Files.deleteIfExists(tampered.resolve(".plan.json.crc"));
    output = Files.createTempDirectory(folder, "quantize");
    quantize(fitted(tampered, "plan.json")).refuses(3, output, words);
  }

  private static Dataset<Row> changed(
      Dataset<Row> table, List<String> keys, boolean reverse, float factor) {
    List<Row> all = table.collectAsList();
    List<Row> own = all.stream().filter(row -> row.getAs("tensor").equals("w1")).toList();
    List<Row> rows = new ArrayList<>();
    for (Row row : all) {
      Object[] cells = new Object[row.length()];
      for (int i = 0; i < cells.length; i++) {
        boolean changes = own.contains(row) && keys.contains(row.schema().fieldNames()[i]);
        int channel = changes ? row.<Integer>getAs("channel") : 0;
        cells[i] =
            changes
                ? own.get(reverse ? own.size() - 1 - channel : channel).getFloat(i) * factor
                : row.get(i);
      }
      rows.add(RowFactory.create(cells));
    }
    return CommandLine.spark().createDataset(rows, Encoders.row(table.schema()));
  }

  @Test
  void plansThatTheirTablesContradict() throws IOException {
    planRefuses(table -> table.drop("low"), "lacks the column 'low'");
    planRefuses(
        table -> table.where("NOT (tensor = 'w1' AND channel = 3)"),
        "Invalid plan of weight 'w1': the table has scale 4 where 3 must be next");
    planRefuses(
        table -> table.where("NOT (tensor = 'w1' AND channel = 7)"),
        "'w1': the table has 7 of its 8 scales");
    planRefuses(table -> table.where("tensor <> 'w1'"), "'w1': the table has 0 of its 8 scales");
    planRefuses(
        table -> table.union(table.where("tensor = 'w1'").limit(1)), "'w1'", "must be next");
    planRefuses(cell("tensor = 'x'", "tensor", "'q'"), "'x': the table has 0 of its 1 scales");
    planRefuses(cell("tensor = 'w1'", "format_version", "9"), "'w1'", "version 9");
    planRefuses(cell("tensor = 'w1'", "high", "NULL"), "'w1'", "'high' is null");
    planRefuses(cell("tensor = 'w1'", "scale", "CAST(-1 AS FLOAT)"), "'w1'", "Invalid scale: -1");
    for (String change :
        List.of(
            "low - 1 AS FLOAT",
            "high + 1 AS FLOAT",
            "scale * 2 AS FLOAT",
            "zero_point + 1 AS INT",
            "clipped_share + 0.5 AS DOUBLE",
            "expected_sqnr_db - 1 AS DOUBLE")) {
      planRefuses(
          cell(
              "tensor = 'w1' AND channel = 5",
              change.substring(0, change.indexOf(' ')),
              "CAST(" + change + ")"),
          "Invalid plan of weight 'w1': the text and the table contradict each other at 5");
    }
    planRefuses(
        table -> table.union(cell("true", "tensor", "'v'").apply(table.where("tensor = 'x'"))),
        "the table has scales of activation 'v' as qdq, of which plan.json knows none");
  }

  private void planRefuses(UnaryOperator<Dataset<Row>> change, String... words) throws IOException {
    output = Files.createTempDirectory(folder, "quantize");
    quantize(withTable(whole, "plan", change)).refuses(3, output, words);
  }

  /** More scales than plan.json lists: they come from the table, wherever a plan is read. */
  @Test
  void scalesThatOnlyTheTableHas() throws IOException {
    String wide =
        Models.opset(13)
            .input("x", "batch", 6)
            .weight("w1", 6, 1100)
            .weight("w2", 1100, 4)
            .node("MatMul", "first", List.of("x", "w1"), List.of("m"))
            .node("MatMul", "second", List.of("m", "w2"), List.of("y"))
            .output("y")
            .write(folder.resolve("wide.onnx"));
    Path run = folder.resolve("wide");
    tare("run", "--model", wide, "--data", data, "--output", run.toString(), "--min-cosine=-1")
        .ends(0);
    assertThat(Files.readString(run.resolve("plan.json")))
        .contains("\"format-version\" : 3")
        .containsOnlyOnce("\"scales-in-table\" : 1100");
    Configuration hadoop = new Configuration();
    assertThat(PlanStore.readAlone(RunFolder.open(run.toString(), hadoop), hadoop))
        .isEqualTo(CommandLine.plan(run));
    Path again = folder.resolve("again");
    tare("quantize", "--model", wide, "--plan", run.toString(), "--output", again.toString())
        .ends(0);
    assertThat(again.resolve("model.onnx")).hasSameBinaryContentAs(run.resolve("model.onnx"));
    tare("drift", "--baseline", run.toString(), "--current", run.toString()).ends(0);
    tare("report", run.toString(), "--out", folder.resolve("wide.html").toString()).ends(0);
    Path floats = folder.resolve("wide-floats");
    tare("dequantize", again.toString(), "--output", floats.toString()).ends(0);
    String right = model;
    model = wide;
    try {
      for (String count : List.of("1099", "1101")) {
        output = Files.createTempDirectory(folder, "quantize");
        quantize(withText(run, "plan.json", "-table\" : 1100", "-table\" : " + count))
            .refuses(3, output, "'w1'");
      }
      output = Files.createTempDirectory(folder, "quantize");
      quantize(withTable(run, "plan", table -> table.where("NOT channel <=> 1000")))
          .refuses(3, output, "'w1': the table has scale 1001 where 1000 must be next");
      output = Files.createTempDirectory(folder, "quantize");
      quantize(withTable(run, "plan", cell("tensor = 'w1'", "high", "CAST(high * 4 AS FLOAT)")))
          .refuses(3, output, "'w1'");
    } finally {
      model = right;
    }
  }

  private CommandLine.Result quantize(Path plan) {
    return tare(
        "quantize", "--model", model, "--plan", plan.toString(), "--output", output.toString());
  }

  @Test
  void weightsThatThePlanContradicts() throws IOException {
    weightsRefuse(table -> table.drop("role"), "lacks the column 'role'");
    weightsRefuse(table -> table.where("tensor <> 'w1'"), "'w1'");
    weightsRefuse(table -> table.union(table.limit(1)), "'");
    weightsRefuse(cell("tensor = 'w1'", "data", "NULL"), "'w1'", "'data' is null");
    weightsRefuse(cell("tensor = 'w1'", "data", "X'0102'"), "'w1'");
    weightsRefuse(cell("tensor = 'w1'", "`offset`", "CAST(-1 AS BIGINT)"), "'w1'", "at -1");
    weightsRefuse(cell("tensor = 'w1'", "role", "'gain'"), "'w1'", "'gain'");
    weightsRefuse(cell("tensor = 'w1'", "format_version", "9"), "'w1'", "version 9");
  }

  private void weightsRefuse(UnaryOperator<Dataset<Row>> change, String... words)
      throws IOException {
    Path tampered = withTable(whole, "weights", change);
    output = Files.createTempDirectory(folder, "floats");
    tare("dequantize", tampered.toString(), "--output", output.toString())
        .refuses(3, output, words);
  }

  @Test
  void aReportOfWeightsThatThePlanContradicts() throws IOException {
    String page = folder.resolve("page.html").toString();
    Path fewer = withTable(whole, "weights", table -> table.where("tensor <> 'w1'"));
    refused(
        tare("report", fewer.toString(), "--out", page),
        "has 0 integers of tensor 'w1', but its plan gives 48");
    Path other =
        withTable(whole, "weights", cell("tensor = 'w1'", "`offset`", "CAST(7 AS BIGINT)"));
    refused(tare("report", other.toString(), "--out", page), "'w1'", "at 7 lie outside of it");
    assertThat(Path.of(page)).doesNotExist();
  }

  @Test
  void qualityThatCannotBe() throws IOException {
    for (String[] change :
        new String[][] {
          {"\"gate\" : \"passed\"", "\"gate\" : \"failed\"", "'gate' is \"failed\""},
          {"\"samples\" : ", "\"samples\" : -", "'samples' cannot be -"},
          {"\"mean\" : ", "\"mean\" : 3", "'mean' cannot be 3"},
          {"\"outputs\" : [", "\"outputs\" : [ 7,", "'outputs' must be an array of objects"},
        }) {
      Path tampered = withText(whole, "quality.json", change[0], change[1]);
      String page = folder.resolve("page.html").toString();
      refused(tare("report", tampered.toString(), "--out", page), "quality.json", change[2]);
      Path name = folder.resolve("name");
      refused(
          tareAlone("publish", tampered.toString(), "--as", name.toString()),
          "quality.json",
          change[2]);
      assertThat(name).doesNotExist();
      SparkSession spark = CommandLine.spark();
      spark.conf().set("spark.sql.catalog.tampered", TareCatalog.class.getName());
      spark.conf().set("spark.sql.catalog.tampered.root", tampered.toString());
      assertThatThrownBy(() -> spark.sql("SELECT * FROM tampered.quality").collectAsList())
          .hasStackTraceContaining("quality.json")
          .hasStackTraceContaining(change[2]);
    }
  }

  @Test
  void manifestsThatCannotBe() throws IOException {
    for (String[] change :
        new String[][] {
          {"\"created\" : \"20", "\"created\" : \"+99920", "'created'"},
          {"\"path\" : \"plan.json\"", "\"path\" : \"status.json\"", "'status.json'"},
          {"\"path\" : \"plan.json\"", "\"path\" : \"../plan.json\"", "'../plan.json'"},
          {
            "\"path\" : \"plan.json\"",
            "\"path\" : \"quality.json\"",
            "'quality.json' is named twice"
          },
          {"\"run-id\" : \"", "\"run-id\" : \"/", "Not a run id"},
          {"\"fingerprint\" : \"", "\"fingerprint\" : \"0", "fingerprint"},
        }) {
      Path tampered = withText(whole, "manifest.json", change[0], change[1]);
      for (String command : new String[] {"inspect", "verify"}) {
        refused(tareAlone(command, tampered.toString()), "manifest.json", change[2]);
      }
    }
    for (String[] change :
        new String[][] {
          {"\"samples\" : ", "\"samples\" : -", "'calibration.samples'"},
          {"\"model-sha256\" : \"", "\"model-sha256\" : \"x", "'calibration.model-sha256'"},
          {"\"tensors\" : [", "\"tensors\" : [ 7,", "'calibration.tensors'"},
          {"\"tensors\" : [", "\"tensors\" : [ \"q\",", "lacks tensors [q]"},
        }) {
      Path tampered = withText(statistics, "manifest.json", change[0], change[1]);
      output = Files.createTempDirectory(folder, "select");
      select(tampered).refuses(3, output, change[2]);
    }
  }

  private static void refused(CommandLine.Result result, String... words) {
    result.ends(3);
    String message = result.err().substring(Math.max(0, result.err().indexOf("tare: error: ")));
    assertThat(message).contains(words);
    assertThat(result.err()).doesNotContain("\tat ");
  }
}
