package dev.tare.engine.onnx.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.StaticPlans;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relu and Clip in a row are one operator, so that the runtime loads what is quantized. */
class ClampChainTest {

  private static final List<String> KINDS =
      List.of("Relu", "", "0 .8", "- .5", ".1 -", "-.5 .5", "0 -", "-2 -.4");
  private static final Tensor IMAGE = Reference.gaussian(3, 2, 4, 5, 6);

  /** Behind a convolution and before another one. */
  private static Models chain(int opset, List<String> kinds) {
    Models models =
        Models.opset(opset).input("x", "batch", 4, 5, 6).weight("w", 5, 4, 3, 3).weight("v", 3, 5);
    models.graph.getInitializerBuilder(1).addDims(1).addDims(1);
    models.node("Conv", "c1", List.of("x", "w"), List.of("t0"));
    for (int i = 0; i < kinds.size(); i++) {
      clamp(models, kinds.get(i), "t" + i, "t" + (i + 1), opset);
    }
    return models.node("Conv", "c2", List.of("t" + kinds.size(), "v"), List.of("y")).output("y");
  }

  private static void clamp(Models models, String kind, String in, String out, int opset) {
    if (kind.equals("Relu") || kind.equals("Identity") || kind.equals("Dropout")) {
      models.node(kind, kind + out, List.of(in), List.of(out));
      return;
    }
    List<String> inputs = new ArrayList<>(List.of(in));
    List<AttributeProto> attributes = new ArrayList<>();
    String[] bounds = kind.isEmpty() ? new String[0] : kind.split(" ");
    for (int i = 0; i < bounds.length; i++) {
      String which = i == 0 ? "min" : "max";
      if (bounds[i].equals("-")) {
        inputs.add("");
      } else if (opset < 11) {
        attributes.add(Models.number(which, Float.parseFloat(bounds[i])));
      } else {
        String name = out + "_bound" + i;
        models.constant(TensorCodec.floats(name, List.of(), Float.parseFloat(bounds[i])));
        inputs.add(name);
      }
    }
    models.node(
        "Clip",
        "clip" + out,
        opset < 11 ? List.of(in) : inputs,
        List.of(out),
        attributes.toArray(AttributeProto[]::new));
  }

  private static long clamps(OnnxModel model) {
    return model.graph().getNodeList().stream()
        .map(NodeProto::getOpType)
        .filter(op -> op.equals("Relu") || op.equals("Clip"))
        .count();
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 13})
  void boundsMeet(int opset) {
    Random random = new Random(7);
    for (int run = 0; run < 60; run++) {
      List<String> kinds = new ArrayList<>();
      for (int i = 0; i < 2 + run % 3; i++) {
        kinds.add(KINDS.get(random.nextInt(KINDS.size())));
      }
      OnnxModel model = chain(opset, kinds).build();
      OnnxModel prepared = GraphPreparation.prepare(model);
      assertThat(clamps(prepared)).as(kinds.toString()).isEqualTo(1);
      assertThat(Reference.run(prepared, Map.of("x", IMAGE), OptLevel.NO_OPT))
          .as(kinds.toString())
          .isEqualTo(Reference.run(model, Map.of("x", IMAGE), OptLevel.NO_OPT));
      assertThat(GraphPreparation.prepare(prepared)).isSameAs(prepared);
    }
  }

  @Test
  void theLastOneKeepsItsNameAndOutput() {
    OnnxModel prepared = GraphPreparation.prepare(chain(13, List.of("0 .8", "Relu")).build());
    NodeProto merged = prepared.graph().getNode(1);
    assertThat(merged.getOpType()).isEqualTo("Clip");
    assertThat(merged.getName()).isEqualTo("Relut2");
    assertThat(merged.getInputList()).containsExactly("t0", "t1_bound0", "t1_bound1");
    assertThat(merged.getOutputList()).containsExactly("t2");
  }

  @Test
  void whatIsReadElsewhereTooStays() {
    OnnxModel read = chain(13, List.of("Relu", "Relu")).node("Neg", "t1", "z").output("z").build();
    assertThat(GraphPreparation.prepare(read)).isSameAs(read);
    OnnxModel given = chain(13, List.of("Relu", "Relu")).output("t1").build();
    assertThat(GraphPreparation.prepare(given)).isSameAs(given);
  }

  @Test
  void computedBoundsStay() {
    Models models = chain(13, List.of("Relu")).input("top");
    models
        .node("Clip", "open", List.of("t1", "", "top"), List.of("u"))
        .node("Relu", "u", "z")
        .output("z");
    models.graph.clearOutput();
    models.output("y", "z");
    OnnxModel model = models.build();
    assertThat(clamps(GraphPreparation.prepare(model))).isEqualTo(3);
  }

  private static OnnxModel quantized(OnnxModel model, String recipe, String observe) {
    Map<String, Tensor> inputs = Map.of("x", IMAGE);
    QuantPlan plan = StaticPlans.plan(model, Recipes.shipped(recipe), observe, inputs);
    return StaticPlans.quantized(model, plan);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8", "int8-all", "int8-symmetric", "int8-percentile", "int16x8"})
  void theRuntimeLoadsWhatIsQuantizedBehindThem(String recipe) {
    String observe =
        recipe.equals("int8-all") ? Observation.ALL_SUPPORTED : Observation.CONSTANT_WEIGHT_INPUTS;
    for (List<String> kinds :
        List.of(
            List.of("Relu", "Relu"),
            List.of("0 .8", "Relu"),
            List.of("- .5", "- .5"),
            List.of("Relu", "Identity", "Dropout", "Relu"))) {
      OnnxModel prepared = GraphPreparation.prepare(chain(13, kinds).build());
      assertThat(
              Reference.run(
                  quantized(prepared, recipe, observe), Map.of("x", IMAGE), OptLevel.ALL_OPT))
          .as(kinds.toString())
          .containsKey("y");
    }
  }

  @Test
  void withoutPreparationItDoesNot() {
    OnnxModel model = chain(13, List.of("Relu", "Relu")).build();
    OnnxModel quantized = quantized(model, "int8", Observation.CONSTANT_WEIGHT_INPUTS);
    assertThatThrownBy(() -> Reference.run(quantized, Map.of("x", IMAGE), OptLevel.ALL_OPT))
        .hasMessageContaining("two nodes with same node name (c1)");
  }
}
