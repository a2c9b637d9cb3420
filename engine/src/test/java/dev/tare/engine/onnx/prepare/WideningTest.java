package dev.tare.engine.onnx.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Preflight;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.HalfTypes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto.DataType;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.HalfModels;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WideningTest {

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"FLOAT16", "BFLOAT16"})
  void aWidenedModelComputesWithTheSameConstantsInFloat32(DataType half) {
    OnnxModel wide = Widening.widened(HalfModels.mlp(half).build());
    assertThat(HalfTypes.in(wide.graph())).isEmpty();
    assertThat(Preflight.check(wide)).isEmpty();
    OnnxModel expected = HalfModels.mlp(DataType.FLOAT).build();
    Map<String, Tensor> input = Map.of("x", Reference.gaussian(1, 5, 6));
    assertThat(Reference.run(wide, input, OptLevel.NO_OPT))
        .isEqualTo(Reference.run(expected, input, OptLevel.NO_OPT));
  }

  @Test
  void typesOfInputsOutputsAndBodiesBecomeFloat32() {
    OnnxModel narrow = HalfModels.mlp(DataType.FLOAT16).build();
    assertThat(HalfTypes.in(narrow.graph())).containsExactly(DType.FLOAT16);
    OnnxModel wide = Widening.widened(narrow);
    assertThat(wide.inputs().get(0).dtype()).contains(DType.FLOAT32);
    assertThat(wide.outputs().get(0).dtype()).contains(DType.FLOAT32);
    assertThat(wide.graph().getValueInfoList())
        .extracting(ValueInfoProto::getName, v -> v.getType().getTensorType().getElemType())
        .containsExactly(tuple("a", 1));
    assertThat(Widening.widened(wide)).isSameAs(wide);
  }

  @Test
  void castsThatDoNothingAnyMoreAreRemovedAndNamesStay() {
    OnnxModel wide = Widening.widened(HalfModels.mlp(DataType.FLOAT16).build());
    assertThat(wide.graph().getNodeList())
        .extracting(NodeProto::getName)
        .containsExactly("first", "shift", "bend", "choice", "flag", "second", "last");
    assertThat(wide.graph().getNode(0).getInputList()).containsExactly("x", "w1");
  }

  @Test
  void floatModelsAreReturnedAsTheyAre() {
    OnnxModel model = SmallModels.mlp().build();
    assertThat(Widening.widened(model)).isSameAs(model);
  }

  @Test
  void whatReadsBitsIsRefusedByName() {
    Models models = HalfModels.mlp(DataType.FLOAT16);
    models.node("BitCast", "bits", List.of("y"), "z", Models.integer("to", 4)).output("z");
    assertThatThrownBy(() -> Widening.widened(models.build()))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageEndingWith(
            "it is in half precision, and operator BitCast (node 'bits') reads the bits of numbers; export it in float32");
  }
}
