package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Gram matrices and GPTQ, with smoothing, through all stages; the channels of inputs go together.
 */
@Tag("slow")
class GptqRunTest {

  private static final String RECIPE = "int8-transformer-gptq";

  @TempDir static Path shared;

  private static String model;
  private static List<Row> rows;

  @BeforeAll
  static void prepare() throws IOException {
    model = SmallModels.exportedMlp().write(shared.resolve("model.onnx"));
    Random random = new Random(5);
    rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      double common = random.nextGaussian();
      List<Float> values = new ArrayList<>();
      for (int k = 0; k < 6; k++) {
        values.add((float) ((common + random.nextGaussian() / 4) * (k == 2 ? 60 : 1)));
      }
      rows.add(RowFactory.create(values));
    }
    data("all", rows);
    data("some", rows.subList(0, 23));
    List<Row> rest = new ArrayList<>(rows.subList(23, 60));
    Collections.shuffle(rest, random);
    data("rest", rest);
    run("whole", "all", "--partitions", "2", "--collect", "histogram,gram,folds");
  }

  private static void data(String name, List<Row> some) throws IOException {
    write(shared.resolve(name), "x array<float>", some.toArray(Row[]::new));
  }

  private static String at(String name) {
    return shared.resolve(name).toString();
  }

  private static CommandLine.Result command(String name, String... words) {
    List<String> line = new ArrayList<>(List.of(name));
    line.addAll(Arrays.asList(words));
    return tare(line.toArray(String[]::new)).ends(0);
  }

  private static void run(String name, String from, String... more) {
    List<String> words = new ArrayList<>(List.of("--model", model, "--data", at(from)));
    words.addAll(List.of("--recipe", RECIPE, "--eval-data", at("some"), "--output", at(name)));
    words.addAll(Arrays.asList(more));
    command("run", words.toArray(String[]::new));
  }

  private static byte[] modelOf(String run) throws IOException {
    return Files.readAllBytes(shared.resolve(run).resolve("model.onnx"));
  }

  private static JsonNode facts(String run) throws IOException {
    return json(shared.resolve(run).resolve("manifest.json")).at("/properties/calibration");
  }

  @Test
  void planSaysWhichWeightsAreRoundedByWhichInputs() throws IOException {
    GptqPlan plan = CommandLine.plan(shared.resolve("whole")).gptq().orElseThrow();
    assertThat(plan.weights())
        .extracting(GptqPlan.Weight::weight, GptqPlan.Weight::input)
        .containsExactly(tuple("w1_smoothed", "x_smoothed"), tuple("w2_smoothed", "r_smoothed"));
    assertThat(plan.gramSha256()).isEqualTo(facts("whole").path("gram-sha256").asText());
    assertThat(facts("whole").path("gram-samples").asInt()).isEqualTo(60);
    Stability stability =
        Stability.parse(Files.readString(shared.resolve("whole/stability.json")), "whole");
    assertThat(stability.parts()).isEqualTo(8);
    assertThat(stability.tensors())
        .extracting(Stability.Change::tensor)
        .containsExactly("r_smoothed", "x_smoothed");
    // Of so few samples, the worst half of the folds lacks most of the range.
    assertThat(stability.largest().db()).isBetween(1.0, 40.0);
  }

  @Test
  void productsAreThoseOfTheCodes() {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.grams", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.grams.root", at("whole"));
    List<Row> table =
        spark
            .sql(
                "SELECT channel, count, saturated, scale_exponent, sum, products FROM grams.gram"
                    + " WHERE tensor = 'x' ORDER BY channel")
            .collectAsList();
    assertThat(table).hasSize(6);
    for (Row row : table) {
      assertThat(row.getLong(1)).isEqualTo(60);
      assertThat(row.getLong(2)).isZero();
      List<Long> products = row.getList(5);
      for (int j = 0; j < products.size(); j++) {
        Row other = table.get(row.getInt(0) + j);
        assertThat(products.get(j))
            .isEqualTo(rows.stream().mapToLong(s -> code(s, row) * code(s, other)).sum());
      }
      assertThat(row.getLong(4)).isEqualTo(rows.stream().mapToLong(s -> code(s, row)).sum());
    }
  }

  private static long code(Row sample, Row channel) {
    float value = sample.<List<Float>>getAs(0).get(channel.getInt(0));
    return (long) Math.rint(Math.scalb((double) value, -channel.getInt(3)));
  }

  /** Calibrates under the scales of the whole, once for each name. */
  private static CommandLine.Result gram(
      String name, String data, String partitions, String batchSize, String... more) {
    List<String> line = new ArrayList<>(List.of("--model", model, "--data", at(data)));
    line.addAll(List.of("--collect", "histogram,gram", "--gram-scales", at("whole")));
    line.addAll(List.of("--partitions", partitions, "--batch-size", batchSize));
    line.addAll(List.of("--output", at(name), "--if-finished", "reuse"));
    line.addAll(Arrays.asList(more));
    return command("calibrate", line.toArray(String[]::new));
  }

  /**
   * Stage by stage, from halves that were collected under the scales of the whole, in another
   * order, in other partitions and batches.
   */
  @Test
  void mergedHalvesGiveTheSameModel() throws IOException {
    gram("gram-some", "some", "7", "1");
    gram("gram-rest", "rest", "1", "8");
    command("merge", at("gram-some"), at("gram-rest"), "--output", at("sum"));
    assertThat(facts("sum").path("gram-sha256")).isEqualTo(facts("whole").path("gram-sha256"));
    assertThat(facts("sum").path("gram-samples").asInt()).isEqualTo(60);
    assertThat(made("sum", RECIPE)).isEqualTo(modelOf("whole"));
    // Weights of 4 bits need no other collection: the first one serves every recipe.
    Path four = shared.resolve("four.conf");
    Files.writeString(four, "include \"int4-gptq-b32.conf\"\ngptq.awq = on\n");
    byte[] blocks = made("whole", four.toString());
    assertThat(made("sum", four.toString())).isEqualTo(blocks);
    assertThat(CommandLine.plan(shared.resolve("plan-sum-four.conf")).quantized(Role.WEIGHT))
        .extracting(weight -> weight.tensor().replace("_smoothed", ""), TensorPlan::method)
        .containsExactly(tuple("w1", "gptq"), tuple("w2", "gptq"));

    // As after a run whose heap had no room for one of them.
    FileUtils.copyDirectory(
        shared.resolve("gram-rest").toFile(), shared.resolve("gram-fewer").toFile());
    CommandLine.spark()
        .read()
        .parquet(at("gram-rest") + "/gram")
        .filter("tensor <> 'x'")
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(at("gram-fewer") + "/gram");
    CommandLine.Result merged =
        command("merge", at("gram-some"), at("gram-fewer"), "--output", at("fewer"));
    assertThat(merged.err())
        .contains("Gram matrices are left out: runs have them of different inputs");
    assertThat(facts("fewer").has("gram-sha256")).isFalse();
  }

  /**
   * With no memory for matrices there are only squares: the manifest names them, the table has
   * them, and scales are chosen by them. The same of halves in other partitions and batches, of
   * which one has the whole matrices.
   */
  @Test
  void diagonalsOfMatricesThatDoNotFitChooseScales() throws IOException {
    CommandLine.Result ended = gram("squares", "all", "2", "8", "--gram-memory", "0");
    assertThat(ended.err())
        .contains("Of 2 of 2 Gram matrices only the diagonals are kept")
        .contains("but --gram-memory is 0 MB");
    assertThat(facts("squares").path("gram-diagonal"))
        .extracting(JsonNode::asText)
        .containsExactly("r", "x");
    SparkSession spark = CommandLine.spark();
    for (String run : List.of("squares", "whole")) {
      spark.read().parquet(at(run) + "/gram").createOrReplaceTempView(run);
    }
    Row same =
        spark
            .sql(
                "SELECT count(*), count_if(s.products[0] = w.products[0] AND s.sum = w.sum),"
                    + " max(size(s.products)) FROM squares s JOIN whole w USING (tensor, channel)")
            .head();
    assertThat(same.getLong(0)).isEqualTo(same.getLong(1)).isGreaterThan(6);
    assertThat(same.getInt(2)).isEqualTo(1);

    gram("squares-some", "some", "7", "1", "--gram-memory", "0");
    gram("gram-rest", "rest", "1", "8");
    CommandLine.Result merged =
        command("merge", at("gram-rest"), at("squares-some"), "--output", at("squares-sum"));
    assertThat(merged.err()).contains("Some runs have only the diagonals of some Gram matrices");
    for (String fact : List.of("gram-sha256", "gram-diagonal")) {
      assertThat(facts("squares-sum").path(fact)).isEqualTo(facts("squares").path(fact));
    }
    Path json = shared.resolve("drift.json");
    String[] drift = {"drift", "--baseline", at("squares"), "--json", json.toString(), "--current"};
    tare(join(drift, at("whole"))).ends(0);
    assertThat(json(json).path("gram").findValues("products-changed"))
        .extracting(JsonNode::asDouble)
        .containsExactly(0.0, 0.0);
    CommandLine.Result moved = tare(join(drift, at("gram-rest")));
    assertThat(moved.out()).contains("products of channels: those of ", "the most of 2 tensors");
    assertThat(json(json).at("/gram/0/products-changed").asDouble()).isBetween(0.01, 1.0);
    assertThat(made("squares-sum", RECIPE)).isEqualTo(made("squares", RECIPE));
    QuantPlan plan = CommandLine.plan(shared.resolve("plan-squares-" + RECIPE));
    assertThat(plan.gptq()).isEmpty();
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(weight -> weight.tensor().replace("_smoothed", ""), TensorPlan::method)
        .containsExactly(tuple("w1", "mse-weighted"), tuple("w2", "mse-weighted"));
  }

  @Test
  void matricesThatContradictTheManifestAreRefusedBeforeTheyGiveScales() throws IOException {
    FileUtils.copyDirectory(shared.resolve("whole").toFile(), shared.resolve("other").toFile());
    Path manifest = shared.resolve("other/manifest.json");
    String sha256 = facts("whole").path("gram-sha256").asText();
    Files.writeString(
        manifest, Files.readString(manifest).replace(sha256, "ab".repeat(sha256.length() / 2)));
    Files.deleteIfExists(shared.resolve("other/.manifest.json.crc"));
    CommandLine.Result ended =
        tare(
            "select",
            "--statistics",
            at("other"),
            "--model",
            model,
            "--recipe",
            "int4-gptq-b32",
            "--output",
            at("plan-other"));
    assertThat(ended.ends(3).err()).contains("contradict its manifest", "ab".repeat(8));
  }

  /** Of some samples, those with the smallest hashes, whatever the order of rows. */
  @Test
  void someSamplesAreChosenByTheirHashes() throws IOException {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(6));
    data("shuffled", shuffled);
    gram("twenty", "all", "2", "8", "--gram-memory", "0", "--gram-samples", "20");
    gram("twenty-shuffled", "shuffled", "7", "1", "--gram-memory", "0", "--gram-samples", "20");
    assertThat(facts("twenty").path("gram-samples").asInt()).isEqualTo(20);
    assertThat(facts("twenty").path("gram-sha256").asText())
        .hasSize(64)
        .isEqualTo(facts("twenty-shuffled").path("gram-sha256").asText())
        .isNotEqualTo(facts("whole").path("gram-sha256").asText());
    SparkSession spark = CommandLine.spark();
    assertThat(spark.read().parquet(at("twenty") + "/gram").select("count").distinct().head())
        .isEqualTo(RowFactory.create(20L));
  }

  private static String[] join(String[] words, String last) {
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = last;
    return all;
  }

  /** Selects from statistics and quantizes; returns the model. */
  private static byte[] made(String statistics, String recipe) throws IOException {
    String name = statistics + "-" + recipe.replaceAll(".*/", "");
    String[] select = {"--statistics", at(statistics), "--model", model, "--recipe", recipe};
    List<String> line = new ArrayList<>(Arrays.asList(select));
    line.addAll(List.of("--output", at("plan-" + name)));
    command("select", line.toArray(String[]::new));
    String[] quantize = {"--plan", at("plan-" + name), "--model", model, "--output"};
    line = new ArrayList<>(Arrays.asList(quantize));
    line.add(at("made-" + name));
    command("quantize", line.toArray(String[]::new));
    return modelOf("made-" + name);
  }
}
