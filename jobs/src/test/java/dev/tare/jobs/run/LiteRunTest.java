package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.plan;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.image.ImageFiles;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.sql.TareCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TensorFlow Lite, format and runtime, through all stages. */
@Tag("slow")
class LiteRunTest {

  private static final int ROWS = 40;
  private static final int EDGE = 8;
  private static final int CHANNELS = 3;
  private static final int PICTURES = 20;

  @TempDir static Path shared;

  private static String data;
  private static Path model;

  @BeforeAll
  static void modelAndData() throws IOException {
    data = images(shared.resolve("data"), gaussian(ROWS, EDGE * EDGE * CHANNELS, 3));
    model = shared.resolve("tiny.tflite");
    try (InputStream in = LiteRunTest.class.getResourceAsStream("tiny.tflite")) {
      Files.copy(in, model);
    }
  }

  /** Writes rows of numbers as images for the small network. */
  static String images(Path folder, Row... flat) {
    Row[] rows =
        Arrays.stream(flat)
            .map(row -> RowFactory.create(cut(cut(row.<List<Float>>getAs(0), CHANNELS), EDGE)))
            .toArray(Row[]::new);
    return write(folder, "x array<array<array<float>>>", rows);
  }

  private static <T> List<List<T>> cut(List<T> all, int length) {
    List<List<T>> parts = new ArrayList<>();
    for (int i = 0; i < all.size(); i += length) {
      parts.add(List.copyOf(all.subList(i, i + length)));
    }
    return parts;
  }

  private static String folder(String name) {
    return shared.resolve(name).toString();
  }

  private static String calibrated(String name, String partitions) throws IOException {
    tare(
            "calibrate",
            "--model",
            model.toString(),
            "--data",
            data,
            "--target",
            "tflite",
            "--partitions",
            partitions,
            "--output",
            folder(name))
        .ends(0);
    return contentSha256(shared.resolve(name));
  }

  private static TensorPlan tensor(QuantPlan plan, Role role, String name) {
    return plan.find(name, role).filter(TensorPlan::quantized).orElseThrow();
  }

  @Test
  void statisticsDoNotDependOnPartitionsAndGiveAPlan() throws IOException {
    assertThat(calibrated("s", "1")).hasSize(64).isEqualTo(calibrated("s5", "5"));
    assertThat(Files.readString(shared.resolve("s/manifest.json")))
        .containsPattern("\"[0-9.]+ with XNNPACK\"");
    tare(
            "select",
            "--model",
            model.toString(),
            "--statistics",
            folder("s"),
            "--target",
            "tflite",
            "--placement",
            "integer-ends",
            "--output",
            folder("p"))
        .ends(0);
    QuantPlan plan = plan(shared.resolve("p"));
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .containsExactly("conv", "dw", "fc", "flat", "pool", "prob", "x");
    assertThat(tensor(plan, Role.ACTIVATION, "flat").scales())
        .isEqualTo(tensor(plan, Role.ACTIVATION, "dw").scales());
    assertThat(tensor(plan, Role.ACTIVATION, "prob").scales()).containsExactly(1 / 256f);
    assertThat(tensor(plan, Role.ACTIVATION, "prob").zeroPoints()).containsExactly(-128);
    assertThat(tensor(plan, Role.WEIGHT, "dw/w").axis()).hasValue(3);
    assertThat(plan.quantized(Role.BIAS)).hasSize(3);
    assertIntegersAtTheEnds();
    assertDrift();
  }

  /** Of the same pictures none; of brighter ones in every tensor that sees them. */
  private static void assertDrift() throws IOException {
    assertThat(tare("drift", "--baseline", folder("s"), "--current", folder("s5")).ends(0).out())
        .contains("drift: none; all 7 tensors");
    Row[] brighter =
        Arrays.stream(gaussian(ROWS, EDGE * EDGE * CHANNELS, 3))
            .map(row -> row.<List<Float>>getAs(0).stream().map(x -> 3 * x).toList())
            .map(RowFactory::create)
            .toArray(Row[]::new);
    Path now = calibratedFrom(images(shared.resolve("brighter"), brighter));
    assertThat(tare("drift", "--baseline", folder("s"), "--current", now.toString()).ends(4).out())
        .contains("conv", "x");
  }

  /** They are compared as the numbers that they stand for. */
  private static void assertIntegersAtTheEnds() throws IOException {
    String place = model.toString();
    tare("quantize", "--model", place, "--plan", folder("p"), "--output", folder("q")).ends(0);
    assertThat(tareAlone("inspect", folder("q/model.tflite")).ends(0).out())
        .contains("INT8 [1, 8, 8, 3]")
        .doesNotContain("QUANTIZE");
    tare(
            "evaluate",
            "--model",
            place,
            "--quantized",
            folder("q"),
            "--data",
            data,
            "--output",
            folder("e"))
        .ends(0);
    assertThat(json(shared.resolve("e/quality.json")).at("/outputs/0/sqnr-db").asDouble())
        .isBetween(20.0, 60.0);
  }

  @Test
  void oneRunWritesIntegersMeasuresThemAndGivesThemBack() throws IOException {
    CommandLine.Result result =
        tare(
                "run",
                "--model",
                model.toString(),
                "--data",
                data,
                "--eval-data",
                data,
                "--target",
                "tflite",
                "--output",
                folder("run"))
            .ends(0);
    assertThat(result.out() + result.err()).doesNotContain("cannot be run here");
    JsonNode quality = json(shared.resolve("run/quality.json"));
    assertThat(quality.at("/outputs/0/name").asText()).isEqualTo("prob");
    assertThat(quality.at("/outputs/0/sqnr-db").asDouble()).isBetween(20.0, 60.0);
    String quantized = folder("run/model.tflite");
    assertThat(tareAlone("inspect", quantized).ends(0).out())
        .contains("QUANTIZE 1", "DEQUANTIZE 1", "is quantized already")
        .contains(parameters(tareAlone("inspect", model.toString()).ends(0).out()));
    tareAlone("verify", folder("run")).ends(0);
    assertExported(shared.resolve("run"));
    assertInTables(shared.resolve("run"));
    assertReported(shared.resolve("run"));
    tare("dequantize", folder("run"), "--output", folder("back")).ends(0);
    assertThat(tareAlone("inspect", folder("back/model.tflite")).ends(0).out())
        .contains("can be quantized")
        .doesNotContain("DEQUANTIZE");
  }

  private static String parameters(String inspected) {
    return inspected
        .lines()
        .filter(line -> line.startsWith("parameters"))
        .findFirst()
        .orElseThrow();
  }

  /** As runs of any other format are. */
  private static void assertInTables(Path run) throws IOException {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.lite", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.lite.root", run.toString());
    assertThat(spark.sql("SELECT samples, content_sha256 FROM lite.runs").collectAsList())
        .containsExactly(RowFactory.create((long) ROWS, contentSha256(run)));
    assertThat(
            spark
                .sql(
                    """
                    SELECT s.tensor, s.count FROM lite.statistics s
                    JOIN lite.plan p ON p.tensor = s.tensor AND p.role = 'activation'
                    WHERE s.channel IS NULL AND p.type = 'int8' AND s.tensor IN ('x', 'prob')
                    ORDER BY s.tensor
                    """)
                .collectAsList())
        .containsExactly(
            RowFactory.create("prob", ROWS * 5L),
            RowFactory.create("x", (long) ROWS * EDGE * EDGE * CHANNELS));
    assertThat(
            spark
                .sql("SELECT tensor FROM lite.weights ORDER BY tensor")
                .as(Encoders.STRING())
                .collectAsList())
        .contains("conv/w", "dw/w", "fc/w");
    assertThat(spark.sql("SELECT output FROM lite.quality").head().getString(0)).isEqualTo("prob");
  }

  private static void assertReported(Path run) throws IOException {
    Path page = shared.resolve("report.html");
    tareAlone("report", run.toString(), "--out", page.toString()).ends(0);
    assertThat(Files.readString(page)).contains("tflite", "prob", "conv/w", "SQNR");
  }

  /** The ranges of the plan; a file for another target is refused. */
  private static void assertExported(Path run) throws IOException {
    Path file = shared.resolve("ranges.json");
    String place = run.toString();
    String out = file.toString();
    assertThat(tareAlone("export", place, "--format", "aeq-json", "--out", out).ends(0).out())
        .contains("ranges.json");
    JsonNode ranges = json(file).path("model_qsvs");
    List<TensorPlan> activations = plan(run).quantized(Role.ACTIVATION);
    assertThat(ranges).hasSameSizeAs(activations);
    for (TensorPlan activation : activations) {
      JsonNode own = ranges.path(activation.tensor());
      assertThat(own.at("/min/0").floatValue()).isEqualTo(activation.channels().low(0));
      assertThat(own.at("/max/0").floatValue()).isEqualTo(activation.channels().high(0));
    }
    assertThat(json(file).at("/metadata/num_samples_calibrated").asInt()).isEqualTo(ROWS);
    assertThat(tareAlone("export", place, "--format", "tensorrt-cache", "--out", out).ends(3).err())
        .contains("tensorrt-cache is for plans with target tensorrt, and this one has tflite");
    assertThat(
            tareAlone("export", place, "--format", "aeq-json", "--out", place + "/x").ends(2).err())
        .contains("Refusing to write the export", "into the folder of a run");
  }

  /** As the table of the numbers that they become, with the channels last. */
  @Test
  void picturesBecomeTheNhwcInput() throws IOException {
    Path pictures = Files.createDirectory(shared.resolve("pictures"));
    Row[] rows = new Row[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
      int[] pixels = new Random(i).ints(EDGE * EDGE * CHANNELS, 0, 256).toArray();
      Files.write(pictures.resolve(i + ".png"), ImageFiles.rgb(EDGE, EDGE, pixels));
      List<Float> values = new ArrayList<>();
      Arrays.stream(pixels).forEach(pixel -> values.add((float) (pixel / 255.0)));
      rows[i] = RowFactory.create(values);
    }
    Path ofPictures = calibratedFrom(pictures.toString(), "--image-size", "8x8");
    Path ofNumbers = calibratedFrom(images(shared.resolve("numbers"), rows));
    assertThat(json(ofPictures.resolve("manifest.json")).at("/properties/data/images").asText())
        .isEqualTo("8x8 stretch, rgb, mean 0, std 1, nhwc");
    assertThat(contentSha256(ofPictures)).isEqualTo(contentSha256(ofNumbers));
  }

  private static Path calibratedFrom(String rows, String... more) {
    Path output = Path.of(rows + "-statistics");
    List<String> line =
        new ArrayList<>(List.of("calibrate", "--model", model.toString(), "--target", "tflite"));
    line.addAll(List.of("--data", rows, "--output", output.toString()));
    line.addAll(List.of(more));
    tare(line.toArray(String[]::new)).ends(0);
    return output;
  }

  /** Text of any length by a tokenizer, with the content of the tokens as a table. */
  @Test
  void textBecomesTheIdsOfAModel() throws IOException {
    String classifier = LiteText.write(shared.resolve("text.tflite")).toString();
    List<String> texts = MiniLm.definitions(PICTURES);
    String data = MiniLm.write(shared.resolve("texts.txt"), texts).toString();
    String tokenizer = MiniLm.tokenizer().toString();
    Path run = shared.resolve("text");
    tare(
            "run",
            "--model",
            classifier,
            "--tokenizer",
            tokenizer,
            "--data",
            data,
            "--eval-data",
            data,
            "--target",
            "tflite",
            "--output",
            run.toString())
        .ends(0);
    List<String> rows = new ArrayList<>();
    try (HuggingFaceTokenizer own =
        HuggingFaceTokenizer.newInstance(
            MiniLm.tokenizer(), Map.of("padding", "do_not_pad", "modelMaxLength", "128"))) {
      for (String text : texts) {
        rows.add("{\"input_ids\": " + Arrays.toString(own.encode(text).getIds()) + "}");
      }
    }
    String ids = Files.write(shared.resolve("ids.jsonl"), rows).toString();
    String ofIds = folder("of-ids");
    tare("calibrate", "--model", classifier, "--data", ids, "--target", "tflite", "--output", ofIds)
        .ends(0);
    assertThat(contentSha256(shared.resolve("of-ids"))).isEqualTo(contentSha256(run));
    assertThat(plan(run).quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .contains("mean", "logits", "classes");
    assertThat(json(run.resolve("quality.json")).at("/outputs/0/sqnr-db").asDouble())
        .isGreaterThan(25);
  }

  /** Weights alone, which need no statistics, and 16 bits are measured as any other. */
  @Test
  void otherFormsAreWrittenAndMeasured() throws IOException {
    String place = model.toString();
    for (String recipe :
        List.of(
            "int8-tflite-dynamic",
            "int8-tflite-weights",
            "float16-tflite-weights",
            "int16x8-tflite")) {
      String run = folder(recipe);
      tare(
              "run",
              "--model",
              place,
              "--data",
              data,
              "--target",
              "tflite",
              "--recipe",
              recipe,
              "--output",
              run)
          .ends(0);
      assertThat(plan(shared.resolve(recipe)).quantized(Role.WEIGHT)).hasSize(3);
      assertThat(json(shared.resolve(recipe + "/quality.json")).at("/outputs/0/sqnr-db").asDouble())
          .isBetween(25.0, recipe.startsWith("float16") ? 90.0 : 70.0);
      CommandLine.Result looked = tareAlone("inspect", folder(recipe + "/model.tflite")).ends(0);
      // A Dequantize of float16 is not seen: what it makes is read as a constant.
      assertThat(looked.out().contains("DEQUANTIZE 3"))
          .isEqualTo(recipe.equals("int8-tflite-weights"));
      assertThat(looked.out().contains("float16 weights are widened"))
          .isEqualTo(recipe.startsWith("float16"));
    }
  }

  @Test
  void aModelIsInspectedAndABrokenOneRefused() throws IOException {
    assertThat(tareAlone("inspect", model.toString(), "--target", "tflite").ends(0).out())
        .contains("CONV_2D 1", "DEPTHWISE_CONV_2D 1", "x", "can be quantized");
    assertThat(tareAlone("inspect", model.toString(), "--target", "openvino").ends(2).err())
        .contains("Target openvino is not for TensorFlow Lite models", "--target tflite");
    tare(
            "run",
            "--model",
            model.toString(),
            "--data",
            data,
            "--target",
            "tflite",
            "--placement",
            "fastest",
            "--output",
            folder("fastest"))
        .refuses(2, shared.resolve("fastest"), "choose one of float-ends, integer-ends");
    byte[] half = Arrays.copyOf(Files.readAllBytes(model), 1000);
    Path broken = Files.write(shared.resolve("broken.tflite"), half);
    assertThat(tareAlone("inspect", broken.toString()).ends(3).err())
        .contains("broken.tflite", "truncated or broken");
  }
}
