package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A convolutional network without a named recipe, through all stages. */
@Tag("slow")
class ConvolutionsRunTest {

  private static final String SCHEMA = "x array<array<array<float>>>";

  @TempDir static Path shared;

  private static String model;
  private static List<Row> rows;
  private static String data;
  private static CommandLine.Result first;

  @BeforeAll
  static void prepare() throws IOException {
    model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "n", 2, 4, 4)
            .weight("k1", 8, 2, 3, 3)
            .weight("b1", 8)
            .weight("k2", 4, 8, 1, 1)
            .node("Conv", "one", List.of("x", "k1", "b1"), "c")
            .node("Relu", "bend", List.of("c"), "r")
            .node("Conv", "two", List.of("r", "k2"), "y")
            .output("y", TensorProto.DataType.FLOAT, "n", 4, 2, 2)
            .write(shared.resolve("model.onnx"));
    Random random = new Random(5);
    rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      List<List<List<Float>>> image = new ArrayList<>();
      for (int c = 0; c < 2; c++) {
        image.add(new ArrayList<>());
        for (int y = 0; y < 4; y++) {
          image.get(c).add(new ArrayList<>());
          for (int x = 0; x < 4; x++) {
            image.get(c).get(y).add((float) random.nextGaussian() * .2f + (c == 0 ? 1.5f : .3f));
          }
        }
      }
      rows.add(RowFactory.create(image));
    }
    data = write(shared.resolve("data"), SCHEMA, rows.toArray(Row[]::new));
    first = run("first", data, "--partitions", "2", "--sensitivity", "20", "--compensate");
  }

  private static CommandLine.Result run(String name, String from, String... more) {
    List<String> line = new ArrayList<>(List.of("run", "--model", model, "--data", from));
    line.addAll(List.of("--eval-data", data, "--eval-samples", "20", "--output", path(name)));
    line.addAll(Arrays.asList(more));
    return tare(line.toArray(String[]::new)).ends(0);
  }

  private static String path(String name) {
    return shared.resolve("run-" + name).toString();
  }

  private static CompensationTrial compensation(String name) throws IOException {
    return CompensationTrial.parse(
        Files.readString(Path.of(path(name), "compensation.json")), "lines");
  }

  private static byte[] made(String name) throws IOException {
    return Files.readAllBytes(Path.of(path(name), "model.onnx"));
  }

  @Test
  void theGraphChoosesTheRecipeWithItsPasses() throws IOException {
    assertThat(first.out() + first.err())
        .contains("Recipe int8-cnn, chosen by what the model has: 2 convolutions.");
    QuantPlan plan = CommandLine.plan(Path.of(path("first")));
    assertThat(plan.recipe()).isEqualTo("int8-cnn");
    assertThat(plan.corrected())
        .extracting(CorrectedBias::node, CorrectedBias::bias, CorrectedBias::result)
        .containsExactly(
            tuple("one", "b1_equalized", "b1_equalized_corrected"),
            tuple("two", "", "k2_equalized_bias_corrected"));
    assertThat(plan.quantized(Role.BIAS))
        .extracting(TensorPlan::tensor)
        .containsExactly("b1_equalized_corrected", "k2_equalized_bias_corrected");
    assertThat(plan.smoothed())
        .extracting(SmoothedInput::tensor, SmoothedInput::result, SmoothedInput::through)
        .containsExactly(tuple("r", "r_equalized", List.of("bend", "one")));
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .containsExactly("r_equalized", "x");
  }

  @Test
  void everyChoiceOfPassesIsMeasuredAndSaid() throws IOException {
    PassTrials trials =
        PassTrials.parse(Files.readString(Path.of(path("first"), "passes.json")), "trials");
    assertThat(trials.trials())
        .extracting(PassTrials.Trial::passes)
        .containsExactly(
            List.of("bias-correction", "equalization"),
            List.of("bias-correction"),
            List.of("equalization"),
            List.of());
    double best = trials.trials().stream().mapToDouble(PassTrials.Trial::sqnrDb).max().orElse(0);
    assertThat(trials.chosen().sqnrDb()).isEqualTo(best);
    assertThat(trials.samples()).isEqualTo(64);
    assertThat(first.err()).contains("bias-correction, equalization: kept", "no pass  ");
    CompensationTrial lines = compensation("first");
    assertThat(lines.rounds()).hasSize(2);
    assertThat(lines.products())
        .extracting(CompensationTrial.Product::node)
        .containsExactly("one", "two");
    assertThat(lines.kept())
        .isEqualTo(
            CommandLine.plan(Path.of(path("first"))).corrected().stream()
                .anyMatch(bias -> !bias.gains().isEmpty()));
  }

  /** Its formula expects weights that use the range of their integers, and these are cut. */
  @Test
  void aPassThatHurtsIsLeftOut() throws IOException {
    Path recipe = shared.resolve("clipped.conf");
    Files.writeString(
        recipe,
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf"))
            + "equalization = on\npasses = measured\nactivations.type = uint16\n"
            + "weights.method = percentile-60\n");
    CommandLine.Result run =
        run("clipped", data, "--recipe", recipe.toString(), "--min-cosine", "0");
    PassTrials trials =
        PassTrials.parse(Files.readString(Path.of(path("clipped"), "passes.json")), "trials");
    assertThat(trials.trials()).hasSize(2);
    assertThat(trials.chosen().passes()).isEmpty();
    assertThat(run.err()).contains("without equalization, which hurts: ");
    assertThat(CommandLine.plan(Path.of(path("clipped"))).smoothed()).isEmpty();
  }

  /** Its own bias, since no rounding is left that a corrected one would take up. */
  @Test
  void anOperatorInFloatIsExact() throws IOException {
    JsonNode sensitivity =
        CommandLine.json(Path.of(path("first"), "quality.json")).path("sensitivity");
    double all = sensitivity.path("sqnr-db").asDouble();
    assertThat(sensitivity.path("operators")).hasSize(2);
    for (JsonNode operator : sensitivity.path("operators")) {
      assertThat(operator.path("sqnr-db").asDouble()).as("%s", operator).isGreaterThan(all);
    }
  }

  @Test
  void partitionsBatchesAndOrderDoNotChangeTheModel() throws IOException {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(1));
    String from = write(shared.resolve("shuffled"), SCHEMA, shuffled.toArray(Row[]::new));
    run("one", data, "--partitions", "1", "--batch-size", "1", "--compensate");
    run("seven", from, "--partitions", "7", "--batch-size", "8", "--compensate");
    assertThat(made("one")).isEqualTo(made("first"));
    assertThat(made("seven")).isEqualTo(made("first"));
    for (String other : List.of("one", "seven")) {
      assertThat(Path.of(path(other), "passes.json"))
          .hasSameBinaryContentAs(Path.of(path("first"), "passes.json"));
      assertThat(Path.of(path(other), "compensation.json"))
          .hasSameBinaryContentAs(Path.of(path("first"), "compensation.json"));
    }
  }

  /** One has a bias that takes up what its roundings do to the mean, the other none. */
  @Test
  void weightsByGptqDoNotDependOnPartitionsBatchesAndOrderEither() throws IOException {
    Path recipe = shared.resolve("gptq.conf");
    Files.writeString(
        recipe,
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf"))
            + "equalization = on\nbias-correction = on\ngptq.damping = 0.01\n");
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(2));
    String from = write(shared.resolve("again"), SCHEMA, shuffled.toArray(Row[]::new));
    String[] words = {"--recipe", recipe.toString(), "--partitions", "1", "--batch-size", "1"};
    run("gptq-one", data, words);
    words[3] = "7";
    words[5] = "8";
    run("gptq-seven", from, words);
    assertThat(made("gptq-seven")).isEqualTo(made("gptq-one"));
    assertThat(CommandLine.plan(Path.of(path("gptq-one"))).gptq().orElseThrow().weights())
        .extracting(GptqPlan.Weight::matrix, GptqPlan.Weight::bias)
        .containsExactly(tuple("x[3x3]", "b1_equalized"), tuple("r", ""));
  }

  /** A gate behind a pooling: 32 of 2,336 multiplications, whose weight alone is quantized. */
  @Test
  void whatMultipliesLittleReadsFloatWhateverThePartitions() throws IOException {
    String gated =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "n", 2, 4, 4)
            .weight("k1", 16, 2, 3, 3)
            .weight("b1", 16)
            .weight("k2", 2, 16, 1, 1)
            .weight("b2", 2)
            .node("Conv", "one", List.of("x", "k1", "b1"), "c")
            .node("Relu", "bend", List.of("c"), "r")
            .node("GlobalAveragePool", "pool", List.of("r"), "p")
            .node("Conv", "two", List.of("p", "k2", "b2"), "y")
            .output("y", TensorProto.DataType.FLOAT, "n", 2, 1, 1)
            .write(shared.resolve("gated.onnx"));
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(3));
    String other = write(shared.resolve("other"), SCHEMA, shuffled.toArray(Row[]::new));
    String[] line = {
      "run", "--model", gated, "--data", data, "--partitions", "1", "--output", path("gated-one")
    };
    tare(line).ends(0);
    QuantPlan plan = CommandLine.plan(Path.of(path("gated-one")));
    assertThat(plan.quantized(Role.ACTIVATION)).extracting(TensorPlan::tensor).containsExactly("x");
    assertThat(plan.find("p", Role.ACTIVATION).orElseThrow().floatReason())
        .get()
        .asString()
        .endsWith(
            " of the multiplications of static products read it, and the cheapest 5.0 % read"
                + " float");
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactly("k1", "k2");
    line[4] = other;
    line[6] = "7";
    line[8] = path("gated-seven");
    tare(line).ends(0);
    assertThat(made("gated-seven")).isEqualTo(made("gated-one"));
  }

  @Test
  void channelsThatTheRecipeNeedsAreAskedForBeforeCalibration() throws IOException {
    tare("run", "--model", model, "--data", data, "--channels", "none", "--output", path("none"))
        .refuses(2, Path.of(path("none")), "Recipe 'int8-cnn' needs --channels histogram");
  }

  /** The division of an input moves into the weight before it, which then has another name. */
  @Test
  void whatMultipliesLittleReadsFloatAlsoBeforeAnEqualizedInput() throws IOException {
    Random random = new Random(7);
    float[] uneven = new float[16];
    for (int i = 0; i < uneven.length; i++) {
      uneven[i] = (float) random.nextGaussian() * (1 << (i / 2)) / 16;
    }
    String stem =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "n", 2, 4, 4)
            .constant(Models.floats("k1", uneven, 8, 2, 1, 1))
            .weight("k2", 16, 8, 3, 3)
            .node("Conv", "one", List.of("x", "k1"), "c")
            .node("Relu", "bend", List.of("c"), "r")
            .node("Conv", "two", List.of("r", "k2"), "y")
            .output("y", TensorProto.DataType.FLOAT, "n", 16, 2, 2)
            .write(shared.resolve("stem.onnx"));
    Path recipe = shared.resolve("stem.conf");
    Files.writeString(
        recipe,
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf"))
            + "equalization = on\nfloat-share = 0.05\n");
    tare(
            "run",
            "--model",
            stem,
            "--data",
            data,
            "--recipe",
            recipe.toString(),
            "--output",
            path("stem"))
        .ends(0);
    QuantPlan plan = CommandLine.plan(Path.of(path("stem")));
    assertThat(plan.smoothed()).extracting(SmoothedInput::result).containsExactly("r_equalized");
    assertThat(plan.quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactly("k1_equalized", "k2_equalized");
    assertThat(plan.quantized(Role.ACTIVATION))
        .extracting(TensorPlan::tensor)
        .containsExactly("r_equalized");
    assertThat(plan.find("x", Role.ACTIVATION).orElseThrow().floatReason())
        .get()
        .asString()
        .endsWith(
            " of the multiplications of static products read it, and the cheapest 5.0 % read"
                + " float");
  }

  /** No input has a range then, and biases are corrected from statistics all the same. */
  @Test
  void convolutionsInFloatHaveTheirBiasesCorrected() throws IOException {
    String[] words = {"--recipe", "int8-cnn", "--placement", "convolutions-float"};
    run("in-float", data, words);
    QuantPlan plan = CommandLine.plan(Path.of(path("in-float")));
    assertThat(plan.quantized(Role.ACTIVATION)).isEmpty();
    assertThat(plan.corrected()).extracting(CorrectedBias::node).containsExactly("one", "two");
    assertThat(plan.statisticsSha256()).isNotEmpty();
    List<String> select = new ArrayList<>(List.of("select", "--model", model));
    select.addAll(List.of("--output", path("selected")));
    select.addAll(List.of(words));
    tare(select.toArray(String[]::new))
        .refuses(2, Path.of(path("selected")), "Recipe 'int8-cnn' needs statistics");
    select.addAll(List.of("--statistics", path("in-float")));
    tare(select.toArray(String[]::new)).ends(0);
    assertThat(CommandLine.plan(Path.of(path("selected"))).corrected())
        .extracting(CorrectedBias::node)
        .containsExactly("one", "two");
  }

  /** Four bits are of weights alone, whose biases are corrected as well. */
  @Test
  void errorsOfEveryLevelAreMeasured() throws IOException {
    List<String> line = new ArrayList<>(List.of("sensitivity", "--model", model, "--data", data));
    line.addAll(List.of("--samples", "20", "--recipe", "int8-cnn", "--output", path("errors")));
    line.addAll(List.of("--statistics", path("first")));
    assertThat(tare(line.toArray(String[]::new)).ends(0).err())
        .contains("all at int4 ", "all at int8 ", "2 groups on 20 samples");
    List<String> select = new ArrayList<>(List.of("select", "--model", model));
    select.addAll(
        List.of("--recipe", "int8-cnn", "--errors", path("errors"), "--budget", "sqnr>=20dB"));
    select.addAll(List.of("--output", path("budget")));
    tare(select.toArray(String[]::new))
        .refuses(2, Path.of(path("budget")), "Recipe 'int8-cnn' needs statistics");
    select.addAll(List.of("--statistics", path("first")));
    tare(select.toArray(String[]::new)).ends(0);
    assertThat(CommandLine.plan(Path.of(path("budget"))).statisticsSha256()).isNotEmpty();
    // A weight that equalization renames is one group with its original.
    select.set(select.indexOf("sqnr>=20dB"), "bits<=10");
    select.set(select.indexOf(path("budget")), path("few"));
    tare(select.toArray(String[]::new)).ends(0);
    assertThat(CommandLine.plan(Path.of(path("few"))).quantized(Role.WEIGHT))
        .hasSize(2)
        .extracting(weight -> weight.type().dtype().bits())
        .contains(4);
  }

  /** Weights alone need no statistics to be measured, and without them no bias is corrected. */
  @Test
  void errorsOfWeightsAloneNeedNoStatistics() throws IOException {
    Path recipe = shared.resolve("alone.conf");
    Files.writeString(
        recipe,
        Files.readString(Path.of("..", "conf", "recipes", "int8.conf"))
            + "bias-correction = on\nrules = [ { operators = [Conv], mode = weight-only } ]\n");
    List<String> line = new ArrayList<>(List.of("sensitivity", "--model", model, "--data", data));
    line.addAll(List.of("--samples", "20", "--recipe", recipe.toString()));
    line.addAll(List.of("--output", path("alone")));
    assertThat(tare(line.toArray(String[]::new)).ends(0).err()).contains("2 groups on 20 samples");
  }
}
