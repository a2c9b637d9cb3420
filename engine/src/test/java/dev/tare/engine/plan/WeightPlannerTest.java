package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WeightPlannerTest {

  private static final Tensor MATRIX = Tensor.ofFloats(Shape.of(2, 3), 1, -2, 0, -.5f, 1, 0);

  private static TensorPlan plan(Tensor weight, int axis, String... changes) {
    return new WeightPlanner(Recipes.int8(changes))
        .plan(
            weight,
            new TensorQuery(
                "w", Role.WEIGHT, List.of("node"), List.of("MatMul"), Format.QDQ, axis, 1 - axis));
  }

  @Test
  void eachOutputChannelHasItsScale() {
    TensorPlan plan = plan(MATRIX, 1);
    assertThat(plan.axis()).hasValue(1);
    assertThat(plan.shape()).contains(Shape.of(2, 3));
    assertThat(plan.role()).isEqualTo(Role.WEIGHT);
    assertThat(plan.channels())
        .extracting(ChannelPlan::range)
        .containsExactly(new Range(-.5f, 1), new Range(-2, 1), new Range(0, 0));
    assertThat(plan.scales()).containsExactly((float) (2.0 / 254), (float) (4.0 / 254), 1);
    assertThat(plan.zeroPoints()).containsExactly(0, 0, 0);
  }

  private static TensorPlan found(List<Float> scale, List<Integer> zeroPoint, String... changes) {
    return new WeightPlanner(Recipes.int8(changes))
        .plan(
            MATRIX,
            new TensorQuery("w", Role.WEIGHT, List.of("node"), List.of("MatMul"), Format.QDQ, 1, 0),
            new FoundScales(scale, zeroPoint));
  }

  @Test
  void scalesOfAnotherToolAreTakenAndTheirErrorIsMeasured() {
    TensorPlan plan = found(List.of(.01f, .01f, 1e-3f), List.of(0, 0, 0));
    assertThat(plan.scales()).containsExactly(.01f, .01f, 1e-3f);
    assertThat(plan.method()).isEqualTo("given");
    assertThat(plan.channels().get(1).clippedShare()).isEqualTo(.5);
    assertThat(plan.channels().get(0).expectedSqnrDb()).isGreaterThan(100);
    // A plan that says so can be read again.
    assertThat(PlanCodec.decode(PlanCodec.encode(plan))).isEqualTo(plan);
    TensorPlan blocks =
        found(
            List.of(.5f, .25f, 1f),
            List.of(0, 0, 0),
            "weights.granularity = per-block",
            "weights.block-size = 2");
    assertThat(blocks.scales()).containsExactly(.5f, .25f, 1f);
  }

  @Test
  void scalesThatDoNotFitTheTargetAreRefused() {
    assertThatThrownBy(() -> found(List.of(1f), List.of(0)))
        .hasMessage("Tensor 'w' needs 3 scales, but 1 are given");
    assertThatThrownBy(() -> found(List.of(1f, 1f, 1f), List.of(0, 1, 0)))
        .hasMessage(
            "Tensor 'w' is quantized symmetrically, so its zero point at 1 must be 0, not 1");
    assertThatThrownBy(() -> found(List.of(1f, 1f, 3e38f), List.of(0, 0, 0)))
        .hasMessageContaining("Tensor 'w', scale at 2");
    String powers = "weights.scales = power-of-two";
    assertThatThrownBy(() -> found(List.of(.5f, .3f, 1f), List.of(0, 0, 0), powers))
        .hasMessage(
            "Tensor 'w' has scales that are powers of two by the recipe, but 0.3 is given at 1");
    assertThat(found(List.of(.5f, .25f, 1f), List.of(0, 0, 0), powers).scales())
        .containsExactly(.5f, .25f, 1f);
  }

  @Test
  void axisMayBeAny() {
    assertThat(plan(MATRIX, 0).scales()).containsExactly((float) (4.0 / 254), (float) (2.0 / 254));
    Tensor cube = Tensor.ofFloats(Shape.of(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(plan(cube, 1).channels()).extracting(c -> c.range().high()).containsExactly(6f, 8f);
    assertThat(WeightRuns.of(cube.shape(), Granularity.perChannel(1)).tile(cube.floats(), 0))
        .isDeepEqualTo(new float[][] {{1, 2, 5, 6}, {3, 4, 7, 8}});
    assertThat(WeightRuns.of(cube.shape(), Granularity.perChannel(2)).tile(cube.floats(), 1))
        .isDeepEqualTo(new float[][] {{2, 4, 6, 8}});
    assertThat(WeightRuns.of(cube.shape(), Granularity.perBlock(1, 2)).tile(cube.floats(), 2))
        .isDeepEqualTo(new float[][] {{5, 7}, {6, 8}});
    assertThat(WeightRuns.of(cube.shape(), Granularity.perTensor()).tile(cube.floats(), 0))
        .isDeepEqualTo(new float[][] {{1, 2, 3, 4, 5, 6, 7, 8}});
  }

  @Test
  void perTensorHasOneScale() {
    TensorPlan plan = plan(MATRIX, 1, "weights.granularity = per-tensor");
    assertThat(plan.axis()).isEmpty();
    assertThat(plan.scales()).containsExactly((float) (4.0 / 254));
  }

  @Test
  void rangeOfTheRecipeDecidesTheSteps() {
    Tensor weight = Tensor.ofFloats(Shape.of(2, 1), 1, -1);
    TensorPlan narrow = plan(weight, 1);
    assertThat(narrow.limits()).isEqualTo(new Limits(-127, 127));
    TensorPlan full = plan(weight, 1, "weights.narrow-range = false");
    assertThat(full.limits()).isEqualTo(new Limits(-128, 127));
    assertThat(full.scales()).containsExactly((float) (2.0 / 255));
    assertThat(full.channels().get(0).expectedSqnrDb()).isBetween(40.0, 60.0);
    TensorPlan reduced = plan(weight, 1, "weights.reduce-range = true");
    assertThat(reduced.limits()).isEqualTo(new Limits(-64, 64));
    assertThat(reduced.scales()).containsExactly((float) (2.0 / 128));
  }

  @Test
  void errorIsMeasured() {
    Tensor whole = Tensor.ofFloats(Shape.of(3, 1), 127, -3, 0);
    assertThat(plan(whole, 1).channels().get(0).expectedSqnrDb())
        .isEqualTo(Double.POSITIVE_INFINITY);
    Tensor half = Tensor.ofFloats(Shape.of(3, 1), 127, -3.5f, 0);
    double signal = 127 * 127 + 3.5 * 3.5;
    assertThat(plan(half, 1).channels().get(0).expectedSqnrDb())
        .isCloseTo(10 * Math.log10(signal / .25), org.assertj.core.data.Offset.offset(1e-9));
    Tensor outlier = Tensor.ofFloats(Shape.of(4, 1), 1, 1, 1, 100);
    ChannelPlan cut = plan(outlier, 1, "weights.method = percentile-abs-60").channels().get(0);
    assertThat(cut.clippedShare()).isEqualTo(.25);
  }

  @Test
  void weightsThatCannotBeQuantizedStayFloat() {
    assertThat(plan(Tensor.ofFloats(Shape.of(2, 1), 1, Float.NaN), 1).floatReason())
        .contains("the weight contains NaN or infinity");
    assertThat(plan(Tensor.ofFloats(Shape.of(2, 1), 1, Float.NEGATIVE_INFINITY), 1).floatReason())
        .contains("the weight contains NaN or infinity");
    assertThat(plan(Tensor.ofFloats(Shape.of(2, 1), 1, -2e30f), 1).floatReason())
        .contains("the weight reaches -2.0E30, beyond 1.0E30");
    assertThat(plan(Tensor.ofFloats(Shape.of(0, 3)), 1).floatReason())
        .contains("the weight has no values");
    Tensor half = Tensor.of(DType.FLOAT16, Shape.of(2, 1), ByteBuffer.allocate(4));
    assertThat(plan(half, 1).floatReason()).contains("the weight is FLOAT16, not FLOAT32");
    assertThat(plan(half, 1).channels()).isEmpty();
    assertThat(plan(half, 1).axis()).isEmpty();
  }

  @Test
  void weightTooSmallForAScaleStaysFloatAndOneOfZerosDoesNot() {
    assertThat(plan(Tensor.ofFloats(Shape.of(2, 1), 1e-40f, -1e-37f), 1).floatReason())
        .contains("the weight reaches no further than 1.0E-37, too small for a scale");
    assertThat(plan(Tensor.ofFloats(Shape.of(2, 1), 0, -0f), 1).scales()).containsExactly(1);
    assertThat(plan(Tensor.ofFloats(Shape.of(1, 2), 1e-40f, 1), 1).scales())
        .containsExactly(1, 1 / 127f);
  }

  @Test
  void float16HasNoScaleAndEndsAt65504() {
    String[] halves = {
      "mode = weight-only", "weights.type = float16", "weights.granularity = per-tensor"
    };
    TensorPlan plan = plan(MATRIX, 1, halves);
    assertThat(plan.scales()).containsExactly(1);
    assertThat(plan.channels().get(0).expectedSqnrDb()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(plan(Tensor.ofFloats(Shape.of(1, 2), 1, 65505), 1, halves).floatReason())
        .contains("the weight reaches 65505.0, beyond 65504 of FLOAT16");
    assertThat(plan(Tensor.ofFloats(Shape.of(1, 2), 0x1p-25f, 0), 1, halves).floatReason())
        .contains("the weight reaches no further than 2.9802322E-8, too small for a scale");
  }

  @Test
  void everyMethodTakesWeights() {
    Random random = new Random(9);
    float[] values = new float[3000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor weight = Tensor.ofFloats(Shape.of(1000, 3), values);
    for (String method :
        List.of("entropy", "entropy-ort", "percentile-ort-99", "percentile-99", "mse")) {
      TensorPlan plan = plan(weight, 1, "weights.method = " + method);
      assertThat(plan.channels())
          .as(method)
          .hasSize(3)
          .allMatch(c -> c.range().magnitude() > 1 && c.expectedSqnrDb() > 15);
    }
  }

  @Test
  void weightsThatAreTheirOwnExtremesKeepTheFullRange() {
    for (String method : List.of("entropy", "entropy-ort", "percentile-ort-99")) {
      assertThat(plan(MATRIX, 1, "weights.method = " + method).channels())
          .as(method)
          .extracting(ChannelPlan::range)
          .containsExactly(new Range(-.5f, 1), new Range(-2, 1), new Range(0, 0));
    }
  }
}
