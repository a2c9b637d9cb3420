package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.law.EngineAlone;
import dev.tare.jobs.law.MiniLm;
import dev.tare.jobs.run.CommandLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every method on MiniLM's statistics, collected once. The table is written to {@code
 * target/methods.md}; the one that the documents quote is made with {@code -Dtare.docs=true}, from
 * 256 definitions to calibrate and 512 others to evaluate.
 */
@Tag("slow")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccuracyTest {

  private static final boolean DOCUMENTED = Boolean.getBoolean("tare.docs");
  private static final int CALIBRATION = DOCUMENTED ? 256 : 64;
  private static final int EVALUATION = DOCUMENTED ? 512 : 64;
  private static final Path TABLE = Path.of("target", "methods.md");

  @TempDir static Path folder;

  private final List<String> table = new ArrayList<>();
  private final Set<String> selected = new HashSet<>();
  private List<String> texts;

  @BeforeAll
  void calibrateOnce() throws IOException {
    texts = MiniLm.definitions(CALIBRATION + EVALUATION);
    Path text = MiniLm.write(folder.resolve("calibration.txt"), texts.subList(0, CALIBRATION));
    MiniLm.write(folder.resolve("evaluation.txt"), texts.subList(CALIBRATION, texts.size()));
    List<String> arguments = data(text);
    arguments.addAll(0, List.of("calibrate"));
    // Activations get one range a tensor; smoothing needs the extremes of channels, GPTQ products.
    arguments.addAll(List.of("--channels", "extremes", "--collect", "histogram,gram"));
    arguments.addAll(List.of("--output", path("calibrated")));
    run(arguments);
    table.add("| activations | weights | cosine mean | min | 1st percentile | same neighbour |");
    table.add("|---|---|---|---|---|---|");
  }

  @AfterAll
  void writeTable() throws IOException {
    table.add("");
    table.add("CPU: " + CpuFeatures.current().model());
    Files.write(TABLE, table, StandardCharsets.UTF_8);
  }

  /**
   * Floors: what was measured, less a margin for other CPUs. Every build measures the shipped
   * recipes of these methods in {@link ModesTest}.
   */
  @ParameterizedTest
  @Tag("extended")
  @CsvSource({
    "min-max, uint8, min-max, 0.985",
    "percentile-99.999, uint8, min-max, 0.5",
    "percentile-99.99, uint8, min-max, 0.5",
    "percentile-99.9, uint8, min-max, 0.5",
    "entropy, uint8, min-max, 0.5",
    "mse, uint8, min-max, 0.5",
    "min-max, int8, min-max, 0.9",
    "min-max, uint8, mse, 0.9",
    "min-max, uint8, entropy, 0.5",
  })
  void methodReachesItsFloor(String activations, String type, String weights, double floor)
      throws IOException {
    String name = select(activations, type, weights);
    JsonNode pooled =
        measured(
            name,
            "%s %s | int8 %s"
                .formatted(type.equals("uint8") ? "u8" : "s8 symmetric", activations, weights));
    assertThat(pooled.path("cosine").path("mean").asDouble()).isGreaterThan(floor);
  }

  /** With all samples: mean 0.9981, first percentile 0.9956, minimum 0.9936. */
  @Test
  void smoothingReachesItsFloor() throws IOException {
    smoothed();
    JsonNode cosine = measured("smoothed", "u8 min-max, smoothed | int8 min-max").path("cosine");
    assertThat(cosine.path("mean").asDouble()).isGreaterThan(0.997);
    assertThat(cosine.path("p1").asDouble()).isGreaterThan(0.99);
    assertThat(cosine.path("min").asDouble()).isGreaterThan(0.985);
    assertThat(Files.size(Path.of(path("model-smoothed"), "model.onnx"))).isLessThan(23_500_000);
  }

  /** Factors enter the projections of values; a Mul stays at residual sums and behind GELU. */
  @Test
  void smoothedFloatModelComputesTheSame() throws IOException {
    List<SmoothedInput> inputs = CommandLine.plan(Path.of(smoothed())).smoothed();
    assertThat(inputs).hasSize(24);
    assertThat(inputs).filteredOn(input -> !input.through().isEmpty()).hasSize(6);
    FloatModel model = OnnxFloatModel.of(OnnxModel.read(MiniLm.model())).prepared();
    List<float[]> expected = tokens(model);
    List<float[]> actual = tokens(model.smoothed(inputs));
    QuantError error = QuantError.between(expected.get(0), actual.get(0));
    for (int i = 1; i < expected.size(); i++) {
      error = error.plus(QuantError.between(expected.get(i), actual.get(i)));
    }
    assertThat(error.sqnrDb()).isGreaterThan(100);
  }

  /** The vectors of some definitions' tokens, without optimization. */
  private List<float[]> tokens(FloatModel model) throws IOException {
    ModelFile file = model.writeLocal(Files.createTempDirectory(folder, "float"), folder);
    List<float[]> all = new ArrayList<>();
    InferenceOptions options = new InferenceOptions(OptimizationLevel.NONE, 1);
    try (Session session = OrtRuntime.INSTANCE.open(file, options)) {
      Runner runner = session.runner(List.of("last_hidden_state"));
      for (Sample sample : EngineAlone.tokenize(texts.subList(0, 8))) {
        runner.run(
            List.of(sample),
            (name, floats, shape) -> {
              float[] values = new float[floats.remaining() / Float.BYTES];
              floats.asFloatBuffer().get(values);
              all.add(values);
            });
      }
    }
    return all;
  }

  /** The folder of the plan by {@code int8-transformer}. */
  private String smoothed() {
    if (selected.add("smoothed")) {
      select("smoothed", "int8-transformer");
    }
    return path("plan-smoothed");
  }

  /** With all samples: mean 0.9987, first percentile 0.9969, minimum 0.9931. */
  @Test
  void weightsByGptqReachTheirFloor() throws IOException {
    select("gptq", "int8-transformer-gptq");
    JsonNode cosine = measured("gptq", "u8 min-max, smoothed | int8 GPTQ").path("cosine");
    assertThat(cosine.path("mean").asDouble()).isGreaterThan(0.9975);
    assertThat(cosine.path("p1").asDouble()).isGreaterThan(0.99);
    assertThat(cosine.path("min").asDouble()).isGreaterThan(0.985);
    assertThat(Files.size(Path.of(path("model-gptq"), "model.onnx"))).isLessThan(23_500_000);
  }

  /** With all samples: mean 0.9932, first percentile 0.9870, minimum 0.9619. */
  @Test
  void fourBitsByGptqReachTheirFloor() throws IOException {
    select("int4", "int4-gptq-b32");
    JsonNode cosine = measured("int4", "float | u4 GPTQ, blocks of 32").path("cosine");
    assertThat(cosine.path("mean").asDouble()).isGreaterThan(0.985);
    assertThat(cosine.path("min").asDouble()).isGreaterThan(0.95);
    assertThat(Files.size(Path.of(path("model-int4"), "model.onnx"))).isLessThan(19_500_000);
  }

  /** Quantizes by a plan and evaluates; adds a line to the table. */
  private JsonNode measured(String name, String title) throws IOException {
    run(
        List.of(
            "quantize",
            "--plan",
            path("plan-" + name),
            "--model",
            MiniLm.model().toString(),
            "--output",
            path("model-" + name)));
    List<String> arguments = data(folder.resolve("evaluation.txt"));
    arguments.addAll(0, List.of("evaluate"));
    arguments.addAll(
        List.of("--quantized", path("model-" + name), "--output", path("quality-" + name)));
    run(arguments);
    JsonNode quality =
        new ObjectMapper()
            .readTree(Files.readString(Path.of(path("quality-" + name), "quality.json")));
    JsonNode pooled = quality.path("outputs").get(1);
    table.add(
        String.format(
            Locale.ROOT,
            "| %s | %.4f | %.4f | %.4f | %.1f %% |",
            title,
            pooled.path("cosine").path("mean").asDouble(),
            pooled.path("cosine").path("min").asDouble(),
            pooled.path("cosine").path("p1").asDouble(),
            100 * quality.path("nearest-neighbour-agreement").asDouble()));
    return pooled;
  }

  @Test
  void expectedSqnrAgreesWithTheFakeQuantizedTensor() throws IOException {
    Map<String, QuantPlan> plans = new TreeMap<>();
    for (String method : List.of("min-max", "percentile-99.99", "entropy", "mse")) {
      String name = select(method, "uint8", "min-max");
      plans.put(method, CommandLine.plan(Path.of(path("plan-" + name))));
    }
    Map<String, Map<String, QuantError>> measured = measure(plans);
    plans.forEach(
        (method, plan) -> {
          assertThat(measured.get(method)).as(method).hasSize(24);
          for (TensorPlan tensor : plan.quantized(Role.ACTIVATION)) {
            assertThat(tensor.channels().get(0).expectedSqnrDb())
                .as("%s, %s", method, tensor.tensor())
                .isCloseTo(measured.get(method).get(tensor.tensor()).sqnrDb(), within(0.2));
          }
        });
  }

  @Test
  void allMatMulsWithConstantWeightsAndAllTablesAreQuantizedAndNothingElse() throws IOException {
    String name = select("min-max", "uint8", "min-max");
    QuantPlan plan = CommandLine.plan(Path.of(path("plan-" + name)));
    assertThat(plan.quantized(Role.WEIGHT))
        .filteredOn(weight -> weight.tensor().startsWith("onnx::MatMul"))
        .hasSize(36);
    assertThat(plan.quantized(Role.WEIGHT))
        .filteredOn(weight -> weight.tensor().startsWith("embeddings."))
        .hasSize(3);
    assertThat(plan.quantized(Role.WEIGHT)).hasSize(39);
    assertThat(plan.quantized(Role.ACTIVATION)).hasSize(24);
    assertThat(plan.quantized(Role.WEIGHT))
        .allSatisfy(weight -> assertThat(weight.consumers()).hasSize(1));
    assertThat(plan.tensors()).noneMatch(tensor -> tensor.tensor().contains("Softmax"));
  }

  /** What each plan does to each tensor, all in one run over the data. */
  private Map<String, Map<String, QuantError>> measure(Map<String, QuantPlan> plans)
      throws IOException {
    Map<String, Map<String, TensorPlan>> tensors = new TreeMap<>();
    Map<String, Map<String, QuantError>> errors = new TreeMap<>();
    Set<String> observed = new TreeSet<>();
    plans.forEach(
        (method, plan) -> {
          Map<String, TensorPlan> own = new TreeMap<>();
          plan.quantized(Role.ACTIVATION).forEach(p -> own.put(p.tensor(), p));
          tensors.put(method, own);
          errors.put(method, new TreeMap<>());
          observed.addAll(own.keySet());
        });
    Path exposed = folder.resolve("exposed.onnx");
    OnnxModel model = OnnxModel.read(MiniLm.model());
    Files.write(exposed, ExposedOutputs.expose(model, observed).toByteArray());
    try (Session inference = OrtRuntime.INSTANCE.open(exposed, InferenceOptions.of(1))) {
      Runner runner = inference.runner(List.copyOf(observed));
      for (Sample sample : EngineAlone.tokenize(texts.subList(0, CALIBRATION))) {
        runner.run(
            List.of(sample),
            (name, floats, shape) -> {
              float[] values = new float[floats.remaining() / Float.BYTES];
              floats.asFloatBuffer().get(values);
              Tensor whole = Tensor.ofFloats(shape, values);
              tensors.forEach(
                  (method, own) ->
                      errors
                          .get(method)
                          .merge(
                              name,
                              QuantError.between(values, fake(whole, own.get(name))),
                              QuantError::plus));
            });
      }
    }
    return errors;
  }

  private static float[] fake(Tensor values, TensorPlan plan) {
    return Quantizer.fakeQuantize(values, plan.params(), Granularity.perTensor()).toFloatArray();
  }

  /** Makes the plan, if no test has made it; returns its name. */
  private String select(String activations, String type, String weights) throws IOException {
    String name = activations + "-" + type + "-" + weights;
    if (!selected.add(name)) {
      return name;
    }
    String shipped = Files.readString(Path.of("..", "conf", "recipes", "int8.conf"));
    Path recipe = folder.resolve(name + ".conf");
    Files.writeString(
        recipe,
        """
        %s
        activations { method = %s, type = %s, symmetric = %b, narrow-range = %b }
        weights.method = %s
        rules = [{ operators = [Gather], role = weight, method = min-max }]
        """
            .formatted(
                shipped, activations, type, type.equals("int8"), type.equals("int8"), weights));
    select(name, recipe.toString());
    return name;
  }

  private void select(String name, String recipe) {
    run(
        List.of(
            "select",
            "--statistics",
            path("calibrated"),
            "--model",
            MiniLm.model().toString(),
            "--recipe",
            recipe,
            "--output",
            path("plan-" + name)));
  }

  private static List<String> data(Path text) {
    return new ArrayList<>(
        List.of(
            "--model",
            MiniLm.model().toString(),
            "--data",
            text.toString(),
            "--tokenizer",
            MiniLm.tokenizer().toString()));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static void run(List<String> arguments) {
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
