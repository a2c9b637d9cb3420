package dev.tare.engine.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CalibrationCachesTest {

  private static final float[] VALUES = new float[32];

  private static QuantPlan plan(String target, String recipe) {
    VALUES[3] = -6;
    VALUES[4] = 2;
    OnnxModel model =
        Models.opset(17)
            .input("x", 1, 32)
            .weight("w", 32, 16)
            .node("MatMul", "x w", "y")
            .output("y")
            .build();
    Map<String, Tensor> inputs = Map.of("x", Tensor.ofFloats(Shape.of(1, 32), VALUES));
    return StaticPlans.plan(
        Targets.of(target), model, Recipes.shipped(recipe), Observation.ALL_SUPPORTED, inputs);
  }

  /** The largest magnitude is 6: the worked example of TensorRtCache's format. */
  @Test
  void scalesOfSymmetricActivations() {
    assertThat(CalibrationCaches.of(plan("tensorrt", "int8-tensorrt")).orElseThrow().format())
        .isEqualTo("TRT-100300-EntropyCalibration2\nx: 3d418306\n");
  }

  @Test
  void nothingForOtherTargetsOrWithoutActivations() {
    assertThat(CalibrationCaches.of(plan("openvino", "int8-symmetric"))).isEmpty();
    assertThat(CalibrationCaches.of(plan("tensorrt", "int4-weights-b64"))).isEmpty();
  }
}
