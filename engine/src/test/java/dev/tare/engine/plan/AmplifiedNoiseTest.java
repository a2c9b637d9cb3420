package dev.tare.engine.plan;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
    return AmplifiedNoise.of(OnnxGraph.of(model));
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
        .contains(
            "its rounding noise would meet the logarithm of node 'log', where small results count"
                + " as much as large ones");
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
