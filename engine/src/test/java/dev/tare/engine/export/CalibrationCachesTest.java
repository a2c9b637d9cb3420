package dev.tare.engine.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.plan.PlanDocument;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
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

  private static Optional<TensorRtCache> cache(String target, String recipe) {
    QuantPlan plan = plan(target, recipe);
    return CalibrationCaches.of(plan.target(), plan.tensors());
  }

  private static PlanDocument document(String target, String recipe) {
    return QuantPlanJson.document(QuantPlanJson.format(plan(target, recipe)));
  }

  @Test
  void anExportIsForThePlansOfItsTarget() {
    assertThat(
            PlanExport.TENSORRT_CACHE.text(
                document("tensorrt", "int8-tensorrt"), OptionalLong.empty()))
        .isEqualTo(cache("tensorrt", "int8-tensorrt").orElseThrow().format());
    assertRefused(
        PlanExport.AEQ_JSON,
        document("tensorrt", "int8-tensorrt"),
        "aeq-json is for plans with target tflite, and this one has tensorrt");
    assertRefused(
        PlanExport.TENSORRT_CACHE,
        document("tensorrt", "int4-weights-b64"),
        "the plan has no activation with a scale that tensorrt-cache can have");
  }

  private static void assertRefused(PlanExport format, PlanDocument plan, String message) {
    assertThatThrownBy(() -> format.text(plan, OptionalLong.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  /** As numbers of float64, which are those of the float32 ranges. */
  @Test
  void rangesAsAiEdgeQuantizerReadsThem() {
    TreeMap<String, Range> ranges = new TreeMap<>();
    ranges.put("x", new Range(-3.6610818f, 0.1f));
    ranges.put("conv", new Range(0, 6));
    assertThat(new AeqRanges(ranges, OptionalLong.of(300)).format())
        .isEqualToIgnoringNewLines(
            """
            {
              "model_qsvs" : {
                "conv" : {
                  "min" : [ 0.0 ],
                  "max" : [ 6.0 ]
                },
                "x" : {
                  "min" : [ -3.6610817909240723 ],
                  "max" : [ 0.10000000149011612 ]
                }
              },
              "metadata" : {
                "num_samples_calibrated" : 300
              }
            }
            """);
    assertThat(new AeqRanges(ranges, OptionalLong.empty()).format()).doesNotContain("metadata");
  }

  /** The largest magnitude is 6: the worked example of TensorRtCache's format. */
  @Test
  void scalesOfSymmetricActivations() {
    assertThat(cache("tensorrt", "int8-tensorrt").orElseThrow().format())
        .isEqualTo("TRT-100300-EntropyCalibration2\nx: 3d418306\n");
  }

  @Test
  void nothingForOtherTargetsOrWithoutActivations() {
    assertThat(cache("openvino", "int8-symmetric")).isEmpty();
    assertThat(cache("tensorrt", "int4-weights-b64")).isEmpty();
  }
}
