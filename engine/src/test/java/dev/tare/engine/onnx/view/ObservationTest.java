package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObservationTest {

  /** Attention of one head over a mask, with shape arithmetic beside it. */
  private static Models attention() {
    return Models.opset(13)
        .input("x", "batch", "seq", 6)
        .input("mask", TensorProto.DataType.INT64, "batch", "seq", "seq")
        .weight("wq", 6, 6)
        .weight("wk", 6, 6)
        .weight("half", 1)
        .node("MatMul", "x wq", "q")
        .node("MatMul", "x wk", "k")
        .node("Transpose", "k", "kt", Models.ints("perm", 0L, 2L, 1L))
        .node("MatMul", "q kt", "scores")
        .node("Cast", "mask", "bias", Models.integer("to", 1))
        .node("Add", "scores bias", "masked")
        .node("Add", "half half", "folded")
        .node("Shape", "masked", "shape")
        .node("Reshape", "masked shape", "y")
        .output("y");
  }

  private static List<ObservableTensor> resolve(String what, OnnxModel model) {
    return Observation.resolve(what, OnnxFloatModel.of(model));
  }

  private static List<String> names(String what) {
    return resolve(what, attention().build()).stream().map(ObservableTensor::name).toList();
  }

  @Test
  void constantWeightInputsAreDistinct() {
    assertThat(resolve("constant-weight-inputs", attention().build()))
        .containsExactly(new ObservableTensor("x", OptionalInt.of(-1)));
  }

  @Test
  void aProductWithAVectorHasNoChannels() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 6)
            .weight("v", 6)
            .node("MatMul", "x v", "y")
            .node("Relu", "y", "z")
            .output("z")
            .build();
    assertThat(resolve("all", model))
        .contains(
            new ObservableTensor("x", OptionalInt.of(-1)),
            new ObservableTensor("y", OptionalInt.empty()));
  }

  @Test
  void matmulTakesEveryComputedOperand() {
    assertThat(resolve("matmul", attention().build()))
        .containsExactly(
            new ObservableTensor("kt", OptionalInt.of(-2)),
            new ObservableTensor("q", OptionalInt.of(-1)),
            new ObservableTensor("x", OptionalInt.of(-1)));
  }

  @Test
  void allLeavesOutIntegersAndConstants() {
    assertThat(names("all")).containsExactly("bias", "k", "kt", "masked", "q", "scores", "x", "y");
  }

  @Test
  void convolutionsHaveChannelsInFront() {
    assertThat(resolve("constant-weight-inputs", SmallModels.cnn().build()))
        .containsExactly(
            new ObservableTensor("flat", OptionalInt.of(-1)),
            new ObservableTensor("image", OptionalInt.of(1)));
    assertThat(resolve("conv", SmallModels.cnn().build()))
        .containsExactly(new ObservableTensor("conv", OptionalInt.of(1)));
    assertThat(resolve("relu", SmallModels.cnn().build()))
        .containsExactly(new ObservableTensor("relu", OptionalInt.empty()));
  }

  @Test
  void patternsMatchWholeNames() {
    assertThat(names("k*")).containsExactly("k", "kt");
    assertThat(names("?")).containsExactly("k", "q", "x", "y");
    assertThat(names("regex:[kq]t?")).containsExactly("k", "kt", "q");
  }

  @Test
  void patternWithoutMatchNamesTheNearest() {
    OnnxModel model = attention().build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resolve("score", model))
        .withMessageStartingWith(
            "Cannot observe 'score' of model 'test.onnx': no tensor matches; nearest are [scores,");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resolve("regex:(", model))
        .withMessage("Cannot observe 'regex:(': Unclosed group");
    OnnxModel plain = Models.opset(13).input("x", 2).node("Relu", "x", "y").output("y").build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> resolve("matmul", plain))
        .withMessage("Cannot observe 'matmul' of model 'test.onnx': there is no such tensor");
  }

  @Test
  void exposedTensorsComeOutBehindTheModelsOwn() {
    OnnxModel model = SmallModels.mlp().build();
    OnnxModel exposed = ExposedOutputs.expose(model, List.of("d", "a", "y", "x"));
    Map<String, Tensor> inputs = Map.of("x", Reference.gaussian(4, 3, 6));
    Map<String, Tensor> outputs = Reference.run(exposed, inputs, OptLevel.BASIC_OPT);
    assertThat(outputs.keySet()).containsExactly("y", "a", "d", "x");
    assertThat(outputs.get("x")).isEqualTo(inputs.get("x"));
    assertThat(outputs.get("y"))
        .isEqualTo(Reference.run(model, inputs, OptLevel.BASIC_OPT).get("y"));
  }

  @ParameterizedTest
  @CsvSource({"RECOGNITION,47", "DIRECTION,54"})
  void preparedModelsShowWhatTheirProductsRead(PublishedModels published, int distinct) {
    OnnxModel prepared = GraphPreparation.prepare(published.read());
    List<ObservableTensor> observed = resolve(Observation.CONSTANT_WEIGHT_INPUTS, prepared);
    assertThat(observed).hasSize(distinct);
    OnnxModel exposed =
        ExposedOutputs.expose(prepared, observed.stream().map(ObservableTensor::name).toList());
    Map<String, Tensor> inputs = published.input(9);
    Map<String, Tensor> outputs = Reference.run(exposed, inputs, OptLevel.BASIC_OPT);
    for (QuantizableNode node : OnnxGraph.of(prepared).nodes()) {
      Shape shape = outputs.get(node.input()).shape();
      int axis =
          observed.stream()
              .filter(o -> o.name().equals(node.input()))
              .findFirst()
              .flatMap(o -> o.channelAxis().stream().boxed().findFirst())
              .orElseThrow();
      boolean conv = node.opType().equals("Conv");
      boolean depthwise = conv && node.weightShape().dim(1) == 1;
      long channels = node.weightShape().dim(conv && !depthwise ? 1 : 0);
      assertThat(shape.dim(shape.normalizeAxis(axis))).as(node.node()).isEqualTo(channels);
    }
    Map<String, Tensor> plain = Reference.run(prepared, inputs, OptLevel.BASIC_OPT);
    plain.forEach(
        (name, tensor) -> {
          float[] expected = tensor.toFloatArray();
          float[] actual = outputs.get(name).toFloatArray();
          for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(5e-5f));
          }
        });
  }

  @Test
  void transposedConvolutionsHaveChannelsInFrontToo() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 4, "h", "w")
            .weight("w", 4, 3, 2, 2)
            .node("ConvTranspose", "x w", "y")
            .output("y")
            .build();
    assertThat(resolve("all", model))
        .containsExactly(
            new ObservableTensor("x", OptionalInt.of(1)),
            new ObservableTensor("y", OptionalInt.of(1)));
    assertThat(resolve("constant-weight-inputs", model))
        .containsExactly(new ObservableTensor("x", OptionalInt.of(1)));
  }

  @Test
  void unknownTensorsCannotBeExposed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> ExposedOutputs.expose(SmallModels.mlp().build(), List.of("a", "zz", "w1")))
        .withMessage("Cannot expose [w1, zz]: model 'test.onnx' computes no such tensor");
  }
}
