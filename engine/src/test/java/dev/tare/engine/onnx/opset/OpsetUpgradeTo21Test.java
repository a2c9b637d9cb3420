package dev.tare.engine.onnx.opset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpsetUpgradeTo21Test {

  private static final Tensor IMAGE = Reference.gaussian(11, 2, 4, 6, 5);

  private static Models image(int opset) {
    return Models.opset(opset).input("x", "n", 4, "h", "w");
  }

  private static OnnxModel raise(OnnxModel model) {
    OnnxModel upgraded = OpsetUpgrade.upgrade(model, OpsetUpgrade.BLOCKS);
    assertThat(upgraded.opset()).isEqualTo(21);
    assertThat(upgraded.irVersion()).isEqualTo(10);
    assertThat(upgraded.inputs()).isEqualTo(model.inputs());
    return upgraded;
  }

  /** Runs before and after without optimization: every bit must agree. */
  private static OnnxModel assertSame(Models models) {
    OnnxModel model = models.build();
    OnnxModel upgraded = raise(model);
    Map<String, Tensor> inputs = Map.of("x", IMAGE);
    assertThat(Reference.run(upgraded, inputs, OptLevel.NO_OPT))
        .isEqualTo(Reference.run(model, inputs, OptLevel.NO_OPT));
    return upgraded;
  }

  private static void assertClose(OnnxModel one, OnnxModel two, Map<String, Tensor> inputs) {
    Map<String, Tensor> expected = Reference.run(one, inputs, OptLevel.NO_OPT);
    Map<String, Tensor> actual = Reference.run(two, inputs, OptLevel.NO_OPT);
    assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
    expected.forEach(
        (name, tensor) -> {
          assertThat(actual.get(name).shape()).isEqualTo(tensor.shape());
          float[] a = tensor.toFloatArray();
          float[] b = actual.get(name).toFloatArray();
          for (int i = 0; i < a.length; i++) {
            assertThat(b[i]).isCloseTo(a[i], within(1e-6f));
          }
        });
  }

  @ParameterizedTest
  @CsvSource({
    "ReduceL1,7",
    "ReduceL2,11",
    "ReduceLogSum,13",
    "ReduceLogSumExp,13",
    "ReduceMax,13",
    "ReduceMean,17",
    "ReduceMin,13",
    "ReduceProd,13",
    "ReduceSum,12",
    "ReduceSumSquare,13"
  })
  void axesOfReductionsBecomeInputs(String op, int opset) {
    AttributeProto flat = Models.integer("keepdims", 0);
    OnnxModel upgraded =
        assertSame(
            image(opset)
                .node("Abs", "x", "a")
                .node(op, "a", "some", Models.ints("axes", 1L, 3L))
                .node(op, "a", "flat", Models.ints("axes", 2L), flat)
                .node(op, "a", "all")
                .output("some", "flat", "all"));
    assertThat(upgraded.graph().getNode(1).getInputCount()).isEqualTo(2);
    assertThat(upgraded.graph().getNode(3).getInputCount()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 11, 13, 17})
  void equalPartsAreCounted(int opset) {
    Models models = image(opset).node("Split", "x", "a b", Models.integer("axis", 1));
    if (opset < 13) {
      models.node("Split", "x", "c d", Models.integer("axis", 2), Models.ints("split", 1L, 5L));
    } else {
      models.constant(Models.longs("sizes", 1L, 5L));
      models.node("Split", "x sizes", "c d", Models.integer("axis", 2));
    }
    OnnxModel upgraded = assertSame(models.output("a", "b", "c", "d"));
    assertThat(Nodes.intAttribute(upgraded.graph().getNode(0), "num_outputs", 0)).isEqualTo(2);
    assertThat(Nodes.attribute(upgraded.graph().getNode(1), "num_outputs")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 13, 14})
  void normalizationKeepsItsFixedStatistics(int opset) {
    OnnxModel upgraded = assertSame(normalized(opset, List.of("y")));
    // ONNX Runtime itself crashes on outputs that are named by nothing.
    OnnxModel withUnnamed = normalized(opset, List.of("y", "", "", "", "")).build();
    if (opset < 14) {
      assertThat(raise(withUnnamed).graph()).isEqualTo(upgraded.graph());
    }
  }

  private static Models normalized(int opset, List<String> outputs) {
    return image(opset)
        .constant(TensorCodec.floats("v", List.of(4L), .1f, 1f, 2f, 3f))
        .weight("gg", 4)
        .weight("b", 4)
        .node("BatchNormalization", "", List.of("x", "gg", "b", "gg", "v"), outputs)
        .output("y");
  }

  @Test
  void normalizationByTheBatchIsRefused() {
    OnnxModel model =
        image(13)
            .weight("p", 4)
            .node("BatchNormalization", "bn", List.of("x", "p", "p", "p", "p"), List.of("y", "m"))
            .output("y")
            .build();
    assertThatExceptionOfType(InvalidModelException.class)
        .isThrownBy(() -> OpsetUpgrade.upgrade(model, 21))
        .withMessage(
            "Cannot use model 'test.onnx': BatchNormalization 'bn' of opset 13 with statistics of"
                + " the batch has no equivalent in opset 14; export the model for inference");
  }

  @ParameterizedTest
  @ValueSource(strings = {"bilinear", "nearest", "bicubic", ""})
  void gridSampleModesAreRenamed(String mode) {
    AttributeProto[] attributes =
        mode.isEmpty() ? new AttributeProto[0] : new AttributeProto[] {Models.text("mode", mode)};
    assertSame(
        image(16)
            .weight("grid", 2, 3, 3, 2)
            .node("GridSample", "x grid", "y", attributes)
            .output("y"));
  }

  @ParameterizedTest
  @CsvSource({
    "nearest,half_pixel",
    "linear,align_corners",
    "cubic,asymmetric",
    "linear,half_pixel"
  })
  void resizingStays(String mode, String coordinates) {
    assertSame(
        image(11)
            .constant(TensorCodec.floats("roi", List.of(0L)))
            .constant(TensorCodec.floats("scales", List.of(4L), 1f, 1f, 2f, .7f))
            .constant(Models.longs("sizes", 2L, 4L, 9L, 8L))
            .node(
                "Resize",
                "x roi scales",
                "y",
                Models.text("mode", mode),
                Models.text("coordinate_transformation_mode", coordinates))
            .node("Resize", "x roi roi sizes", "z", Models.text("mode", mode))
            .output("y", "z"));
  }

  @Test
  void regionsKeepTheirHalfPixel() {
    assertSame(
        image(13)
            .constant(TensorCodec.floats("rois", List.of(2L, 4L), 0, 0, 4, 4, 1, 2, 5, 4))
            .constant(Models.longs("batch", 0L, 1L))
            .node(
                "RoiAlign",
                "x rois batch",
                "y",
                Models.integer("output_height", 2),
                Models.integer("output_width", 3))
            .output("y"));
  }

  @Test
  void fourierAxisBecomesAnInput() {
    assertSame(
        image(17)
            .constant(Models.longs("axes", 4L))
            .constant(Models.longs("length", 8L).toBuilder().clearDims().build())
            .node("Unsqueeze", "x axes", "u")
            .node("DFT", "u", "y", Models.integer("onesided", 1))
            .node("DFT", "u length", "z", Models.integer("axis", 3))
            .output("y", "z"));
  }

  @Test
  void scalesOfGroupsAreRepeatedForTheirChannels() {
    OnnxModel model =
        image(18)
            .weight("scale", 2)
            .constant(TensorCodec.floats("bias", List.of(2L), .5f, -1f))
            .node("GroupNormalization", "x scale bias", "y", Models.integer("num_groups", 2))
            .output("y")
            .build();
    assertClose(model, raise(model), Map.of("x", IMAGE));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,0", "0,1", "1,1"})
  void averagesStay(int ceil, int countPadding) {
    OnnxModel model =
        image(13)
            .node(
                "AveragePool",
                "x",
                "y",
                Models.ints("kernel_shape", 3L, 2L),
                Models.ints("strides", 2L, 2L),
                Models.ints("pads", 1L, 1L, 1L, 1L),
                Models.integer("ceil_mode", ceil),
                Models.integer("count_include_pad", countPadding))
            .output("y")
            .build();
    assertClose(model, raise(model), Map.of("x", IMAGE));
  }

  @Test
  void whatStaysTheSameStays() {
    assertSame(
        image(13)
            .constant(Models.longs("pads", 0L, 0L, 1L, 1L, 0L, 0L, 1L, 1L))
            .constant(Models.longs("rows", 0L, -1L))
            .constant(TensorCodec.floats("scale", List.of(), .05f))
            .constant(
                TensorProto.newBuilder()
                    .setName("zero")
                    .setDataType(TensorProto.DataType.UINT8.getNumber())
                    .addInt32Data(100)
                    .build())
            .weight("slope", 4, 1, 1)
            .node("Pad", "x pads", "p", Models.text("mode", "reflect"))
            .node("QuantizeLinear", "p scale zero", "q")
            .node("DequantizeLinear", "q scale zero", "d")
            .node("Shape", "d", "s")
            .node("Reshape", "d s", "r")
            .node("PRelu", "r slope", "e")
            .node("Flatten", "e", "y", Models.integer("axis", 2))
            .node("Softmax", "x", "z", Models.integer("axis", 1))
            .output("y", "z"));
  }

  @Test
  void subgraphsAreRaisedToo() {
    GraphProto.Builder branch =
        GraphProto.newBuilder()
            .setName("branch")
            .addNode(
                Models.nodeOf(
                    "ReduceMean", "", List.of("x"), List.of("m"), Models.ints("axes", 1L)))
            .addOutput(Models.info("m", TensorProto.DataType.FLOAT, "n", 1, "h", "w"));
    assertSame(
        image(13)
            .constant(
                TensorProto.newBuilder()
                    .setName("flag")
                    .setDataType(TensorProto.DataType.BOOL.getNumber())
                    .addInt32Data(1)
                    .build())
            .node(
                "If",
                "flag",
                "y",
                Models.graph("then_branch", branch),
                Models.graph("else_branch", branch))
            .output("y"));
  }

  @Test
  void newerModelsAndFormatsAreLeftAlone() {
    Models newer = image(23).node("Relu", "x", "y").output("y");
    OnnxModel model = newer.build();
    assertThat(OpsetUpgrade.upgrade(model, 21)).isSameAs(model);
    Models newFormat = image(13).node("Relu", "x", "y").output("y");
    newFormat.model.setIrVersion(11);
    assertThat(OpsetUpgrade.upgrade(newFormat.build(), 21).irVersion()).isEqualTo(11);
  }

  @Test
  void otherTargetsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OpsetUpgrade.upgrade(SmallModels.mlp().build(), 22))
        .withMessage("Cannot raise a model to opset 22: only to 13 to 21");
  }

  /** What changed in a later opset keeps its form. */
  @ParameterizedTest
  @CsvSource({"17, 8, 1", "18, 8, 2", "19, 9, 2", "20, 9, 2"})
  void opsetsBetween(int opset, int irVersion, int reductionInputs) {
    OnnxModel model =
        image(13)
            .node("ReduceMax", "x", "most", Models.ints("axes", 1L))
            .node("Split", "x", "a b", Models.integer("axis", 1))
            .output("most", "a", "b")
            .build();
    OnnxModel upgraded = OpsetUpgrade.upgrade(model, opset);
    assertThat(upgraded.opset()).isEqualTo(opset);
    assertThat(upgraded.irVersion()).isEqualTo(irVersion);
    assertThat(upgraded.graph().getNode(0).getInputCount()).isEqualTo(reductionInputs);
    Map<String, Tensor> inputs = Map.of("x", IMAGE);
    assertThat(Reference.run(upgraded, inputs, OptLevel.NO_OPT))
        .isEqualTo(Reference.run(model, inputs, OptLevel.NO_OPT));
  }

  @ParameterizedTest
  @EnumSource(PublishedModels.class)
  void publishedModelsAnswerAsBefore(PublishedModels published) {
    OnnxModel model = published.read();
    assertClose(model, raise(model), published.input(3));
  }
}
