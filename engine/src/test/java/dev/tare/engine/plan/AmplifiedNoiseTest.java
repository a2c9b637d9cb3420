package dev.tare.engine.plan;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class AmplifiedNoiseTest {

  private static final int WINDOW = 64;
  private static final int BINS = 33;

  /** Real and imaginary parts of a Fourier transform, as one kernel. */
  private static float[] fourier() {
    float[] kernel = new float[2 * BINS * WINDOW];
    for (int k = 0; k < BINS; k++) {
      for (int t = 0; t < WINDOW; t++) {
        double hann = 0.5 - 0.5 * StrictMath.cos(2 * Math.PI * t / WINDOW);
        double angle = 2 * Math.PI * k * t / WINDOW;
        kernel[k * WINDOW + t] = (float) (hann * StrictMath.cos(angle));
        kernel[(BINS + k) * WINDOW + t] = (float) (-hann * StrictMath.sin(angle));
      }
    }
    return kernel;
  }

  /** The logarithm of the power of a waveform's spectrum through a filter bank, and a layer. */
  private static OnnxModel spectrogram(float added) {
    float[] bank = new float[BINS * 8];
    for (int k = 0; k < BINS; k++) {
      bank[k * 8 + Math.min(7, k / 4)] = 0.25f;
    }
    return Models.opset(13)
        .input("wave", 1, 1, 2048)
        .constant(Models.floats("fourier", fourier(), 2 * BINS, 1, WINDOW))
        .constant(Models.floats("two", new float[] {2}))
        .constant(Models.floats("bank", bank, BINS, 8))
        .constant(Models.floats("eps", new float[] {added}))
        .weight("w", 8, 4)
        .node("Conv", "stft", List.of("wave", "fourier"), "parts", ints("strides", 32L))
        .node("Pow", "square", List.of("parts", "two"), "squares")
        .node("Split", "halves", List.of("squares"), List.of("re", "im"), integer("axis", 1))
        .node("Add", "power", List.of("re", "im"), "p")
        .node("Transpose", "turn", List.of("p"), "rows", ints("perm", 0L, 2L, 1L))
        .node("MatMul", "mel", List.of("rows", "bank"), "m")
        .node("Add", "lift", List.of("m", "eps"), "l")
        .node("Log", "log", List.of("l"), "features")
        .node("MatMul", "layer", List.of("features", "w"), "y")
        .output("y")
        .build();
  }

  /** A loud low tone over a hiss of a thousandth of it. */
  private static Map<String, Tensor> wave() {
    Random random = new Random(3);
    float[] wave = new float[2048];
    for (int t = 0; t < wave.length; t++) {
      wave[t] = (float) (StrictMath.sin(t * 0.2) + 1e-3 * random.nextGaussian());
    }
    return Map.of("wave", Tensor.ofFloats(Shape.of(1, 1, wave.length), wave));
  }

  private static Map<String, String> found(OnnxModel model) {
    return AmplifiedNoise.suspected(OnnxGraph.of(model));
  }

  private static double sqnrDb(OnnxModel model, QuantPlan plan) {
    float[] expected = Reference.run(model, wave(), OptLevel.NO_OPT).get("y").toFloatArray();
    OnnxModel quantized = StaticPlans.quantized(model, plan);
    float[] actual = Reference.run(quantized, wave(), OptLevel.NO_OPT).get("y").toFloatArray();
    return QuantError.between(expected, actual).sqnrDb();
  }

  @Test
  void whatALogarithmWouldAmplifyStaysInFloat() {
    OnnxModel model = spectrogram(1e-9f);
    String observed = Observation.CONSTANT_WEIGHT_INPUTS;
    Recipe recipe = Recipes.int8("operators = [MatMul, Conv]");
    QuantPlan plan = StaticPlans.plan(model, recipe, observed, wave());
    assertThat(plan.quantized(Role.WEIGHT)).extracting(TensorPlan::tensor).containsExactly("w");
    assertThat(plan.find("wave", Role.ACTIVATION).orElseThrow().floatReason())
        .get(InstanceOfAssertFactories.STRING)
        .startsWith(
            "its rounding noise would meet the logarithm of node 'log', where small results count"
                + " as much as large ones: of what that reads, ")
        .endsWith(" dB are left behind it, less than 20");
    assertThat(plan.find("bank", Role.WEIGHT).orElseThrow().quantized()).isFalse();
    Recipe without = Recipes.int8("operators = [MatMul, Conv]", "guard = off");
    QuantPlan all = StaticPlans.plan(model, without, observed, wave());
    assertThat(all.quantized(Role.WEIGHT)).hasSize(3);
    double kept = sqnrDb(model, plan);
    assertThat(kept).isGreaterThan(35);
    assertThat(sqnrDb(model, all)).isLessThan(kept - 15);
  }

  @Test
  void resultsThatCannotBeSmallAreQuantized() {
    assertThat(found(spectrogram(1e-9f))).containsOnlyKeys("stft", "mel");
    assertThat(found(spectrogram(1f))).isEmpty();
  }

  /** The root of a mean of squares is no small number by chance, unlike one result. */
  @Test
  void aDivisionByASumIsNoneByAResult() {
    Models model =
        Models.opset(13)
            .input("x", "batch", 4)
            .weight("w", 4, 4)
            .weight("v", 4, 4)
            .constant(Models.floats("two", new float[] {2}))
            .node("MatMul", "first", List.of("x", "w"), "a")
            .node("MatMul", "second", List.of("x", "v"), "b")
            .node("Pow", "square", List.of("a", "two"), "s")
            .node("ReduceMean", "mean", List.of("s"), "m", ints("axes", -1L))
            .node("Sqrt", "root", List.of("m"), "r")
            .node("Div", "normalize", List.of("a", "r"), "n")
            .node("Div", "ratio", List.of("n", "b"), "y")
            .output("y");
    assertThat(found(model.build())).containsOnlyKeys("second");
  }

  /** x / (x w): the same graph, and only the values tell whether denominators come near 0. */
  private static QuantPlan ratio(float lowest) {
    OnnxModel model =
        Models.opset(13)
            .input("x", 64, 4)
            .constant(Models.floats("w", new float[] {.5f, 1, .25f, 1}, 4, 1))
            .weight("v", 4, 4)
            .node("MatMul", "sum", List.of("x", "w"), "s")
            .node("Div", "ratio", List.of("x", "s"), "n")
            .node("MatMul", "layer", List.of("n", "v"), "y")
            .output("y")
            .build();
    Random random = new Random(5);
    float[] x = new float[256];
    for (int i = 0; i < x.length; i++) {
      x[i] = lowest + random.nextFloat() * (2 - lowest);
    }
    return StaticPlans.plan(
        model,
        Recipes.int8(),
        Observation.CONSTANT_WEIGHT_INPUTS,
        Map.of("x", Tensor.ofFloats(Shape.of(64, 4), x)));
  }

  @Test
  void denominatorsFarFromZeroAreQuantized() {
    assertThat(ratio(.5f).quantized(Role.WEIGHT))
        .extracting(TensorPlan::tensor)
        .containsExactlyInAnyOrder("v", "w");
    QuantPlan near = ratio(-2);
    assertThat(near.quantized(Role.WEIGHT)).extracting(TensorPlan::tensor).containsExactly("v");
    assertThat(near.find("w", Role.WEIGHT).orElseThrow().floatReason().orElseThrow())
        .startsWith("its rounding noise would meet the division of node 'ratio'")
        .contains("dB are left behind it, less than 20");
  }

  /** A product of four channels, and the logarithm of the size of its results. */
  private static Map<String, String> found(
      Recipe recipe, Function<String, Distribution> values, List<Distribution> channels) {
    OnnxGraph graph =
        OnnxGraph.of(
            Models.opset(13)
                .input("x", 1, 4)
                .weight("w", 4, 4)
                .node("MatMul", "product", List.of("x", "w"), "a")
                .node("Abs", "size", List.of("a"), "b")
                .node("Log", "log", List.of("b"), "y")
                .output("y")
                .build());
    OnnxRuntimeTarget target = OnnxRuntimeTarget.INSTANCE;
    Candidates unguarded =
        Candidates.of(target, target.placements().get(0), recipe, graph, Map.of());
    return AmplifiedNoise.found(
        graph, recipe, unguarded, tensor -> Optional.of(values.apply(tensor)), tensor -> channels);
  }

  /** Values in bins from each bound to the next. */
  private static Distribution values(double[] bounds, long... counts) {
    int bins = counts.length;
    return Distribution.of(
        Arrays.copyOf(bounds, bins),
        Arrays.copyOfRange(bounds, 1, bins + 1),
        counts,
        (float) bounds[0],
        (float) bounds[bins]);
  }

  /**
   * Three channels reach 1, the fourth is 10 in ten values of 100,000: by 99.99 % it is clipped,
   * which is most of the noise, but the guard takes the range of all values.
   */
  @Test
  void theRangeThatTheGuardTakesIsJudged() {
    Distribution small = values(new double[] {0, 1}, 100_000);
    Distribution rare = values(new double[] {0, 1e-6, 10, 10.01}, 99_990, 0, 10);
    Distribution whole = values(new double[] {0, 1e-6, 1, 10, 10.01}, 99_990, 300_000, 0, 10);
    Distribution read = values(new double[] {.5, .51, 5, 5.1}, 1_000, 0, 1_000);
    List<Distribution> channels = List.of(small, small, small, rare);
    Function<String, Distribution> values = tensor -> tensor.equals("x") ? whole : read;
    Recipe recipe = Recipes.int8("activations.method = percentile-99.99");
    assertThat(found(recipe, values, List.of())).containsOnlyKeys("product");
    assertThat(found(recipe, values, channels)).isEmpty();
    assertThat(found(recipe, values, List.of(small, small, small, small)))
        .containsOnlyKeys("product");
  }

  /**
   * By one scale the small channels drown beside one that reaches 100; by their own they do not.
   */
  @Test
  void aScaleForEachChannelIsJudgedByChannel() {
    Distribution small = values(new double[] {0, 1}, 100_000);
    Distribution large = values(new double[] {0, 1e-6, 99, 100}, 99_000, 0, 1_000);
    Distribution whole = values(new double[] {0, 1e-6, 1, 99, 100}, 99_000, 300_000, 0, 1_000);
    Distribution read = values(new double[] {.05, .051, 5, 5.1}, 1_000, 0, 1_000);
    List<Distribution> channels = List.of(small, small, small, large);
    Function<String, Distribution> values = tensor -> tensor.equals("x") ? whole : read;
    Recipe own = Recipes.int8("activations.granularity = per-channel");
    assertThat(found(Recipes.int8(), values, channels)).containsOnlyKeys("product");
    assertThat(found(own, values, channels)).isEmpty();

    Distribution extremes = Distribution.of(new double[0], new double[0], new long[0], 0, 1);
    List<Distribution> binless = List.of(extremes, extremes, extremes, extremes);
    assertThat(found(own, values, binless))
        .hasEntrySatisfying("product", reason -> assertThat(reason).doesNotContain("NaN"))
        .isEqualTo(found(Recipes.int8(), values, binless));
    assertThat(found(own, tensor -> tensor.equals("x") ? small : read, binless)).isEmpty();
    assertThat(found(own, values, List.of(small, extremes, extremes, extremes))).isEmpty();
  }

  /** All inputs are 255, which the scale hits, and all that the logarithm reads is 1. */
  @Test
  void whereThereIsNeitherSignalNorNoiseTheGraphDecides() {
    Distribution input =
        Distribution.of(new double[] {255}, new double[] {255}, new long[] {9}, 255, 255);
    Distribution read = Distribution.of(new double[] {1}, new double[] {1}, new long[] {9}, 1, 1);
    assertThat(found(Recipes.int8(), tensor -> tensor.equals("x") ? input : read, List.of()))
        .hasEntrySatisfying("product", reason -> assertThat(reason).doesNotContain("dB"));
  }

  /** Three bins, of which entropy-ort with 128 cells can make nothing. */
  private static Map<String, String> coarse(String... changes) {
    List<String> lines = new ArrayList<>(List.of("activations.method = entropy-ort"));
    lines.addAll(List.of(changes));
    Recipe recipe = Recipes.int8(lines.toArray(String[]::new));
    Distribution values = values(new double[] {0, 1, 2, 3}, 5, 3, 1);
    return found(recipe, tensor -> values, List.of());
  }

  @Test
  void statisticsThatTheMethodCannotReadAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(AmplifiedNoiseTest::coarse)
        .withMessageStartingWith("Cannot select a range for tensor 'x' by entropy-ort-128: ");
  }

  /** What has no range ahead of time needs no method: the graph alone decides. */
  @Test
  void onlyStaticProductsAreJudged() {
    for (String setting : List.of("mode = dynamic", "mode = weight-only", "quantize = false")) {
      assertThat(coarse("rules = [{ operators = [MatMul], " + setting + " }]"))
          .hasEntrySatisfying("product", reason -> assertThat(reason).doesNotContain("dB"));
    }
  }

  @Test
  void aRootIsJudgedByItsValuesAlone() {
    Models model =
        Models.opset(13)
            .input("x", 1, 4)
            .weight("w", 4, 4)
            .node("MatMul", "product", List.of("x", "w"), "a")
            .node("Abs", "size", List.of("a"), "b")
            .node("Sqrt", "root", List.of("b"), "y")
            .output("y");
    assertThat(found(model.build())).isEmpty();
    assertThat(AmplifiedNoise.decisive(OnnxGraph.of(model.build()))).containsExactly("b", "x");
  }

  /** A waveform is filtered before its spectrum is made: only statistics blame the filter. */
  @Test
  void aFilterBeforeASpectrumIsForStatisticsToJudge() {
    Models model =
        Models.opset(13)
            .input("x", 1, 4)
            .weight("w", 4, 4)
            .weight("v", 4, 4)
            .weight("u", 4, 4)
            .node("MatMul", "early", List.of("x", "u"), "e")
            .node("Relu", "relu", List.of("e"), "r")
            .node("MatMul", "filter", List.of("r", "w"), "f")
            .node("Identity", "move", List.of("f"), "g")
            .node("MatMul", "spectrum", List.of("g", "v"), "s")
            .node("Abs", "size", List.of("s"), "b")
            .node("Log", "log", List.of("b"), "y")
            .output("y");
    assertThat(found(model.build())).containsOnlyKeys("spectrum");
    assertThat(NoiseWays.of(OnnxGraph.of(model.build())))
        .extracting(meeting -> meeting.product().node())
        .containsExactly("spectrum", "filter");
  }

  /** By hand: a floor of 0.01 under denominators of 1 and 0.02, and under their logarithms. */
  @Test
  void noiseBehindAnOperatorIsThatOfRaisedValues() {
    Distribution values =
        Distribution.of(new double[] {.02, 1}, new double[] {.02, 1}, new long[] {1, 1}, .02f, 1);
    double signal = (1 + .02f * .02f) / 2;
    double noise = 1e-4 / signal;
    NoiseBehind ratio = NoiseBehind.of(meeting(-1, 1), noise, values);
    assertThat(ratio.floor()).isCloseTo(.01, within(1e-6));
    assertThat(ratio.below()).isZero();
    double off = 50 - 1 / .03;
    assertThat(ratio.sqnrDb())
        .isCloseTo(10 * Math.log10((2500 + 1) / (off * off + 9.8e-5)), within(1e-3));
    NoiseBehind log = NoiseBehind.of(meeting(0, 1), noise, values);
    double half = Math.log(50) / 2;
    assertThat(log.sqnrDb())
        .isCloseTo(
            10 * Math.log10(2 * half * half / (Math.pow(Math.log(1.5), 2) + 9.9e-5)), within(1e-3));
    NoiseBehind squares = NoiseBehind.of(meeting(0, 2), 2e-2 / 1.02, values);
    assertThat(squares.floor()).isCloseTo(.01, within(1e-6));
  }

  private static NoiseMeeting meeting(double exponent, double power) {
    return new NoiseMeeting(null, "n", "division", "t", exponent, power, true);
  }

  /** Only differences of what an exponential reads count, as in a softmax and its logarithm. */
  @Test
  void theWayEndsWhereDifferencesCount() {
    Models model =
        Models.opset(13)
            .input("x", "batch", 4)
            .weight("w", 4, 4)
            .node("MatMul", "product", List.of("x", "w"), "a")
            .node("Softmax", "classes", List.of("a"), "p")
            .node("Log", "log", List.of("p"), "y")
            .output("y");
    assertThat(found(model.build())).isEmpty();
  }
}
