package dev.tare.engine.onnx.opset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

public class OpsetUpgradeTest {

  private static final Tensor CUBE = Reference.gaussian(11, 2, 4, 6);

  /** Runs before and after without optimization: every bit must agree. */
  private static OnnxModel assertSame(Models models, Map<String, Tensor> inputs) {
    OnnxModel model = models.build();
    OnnxModel upgraded = OpsetUpgrade.upgrade(model);
    assertThat(upgraded.opset()).isEqualTo(13);
    assertThat(upgraded.irVersion()).isGreaterThanOrEqualTo(7);
    assertThat(OnnxModel.parse(upgraded.toByteArray(), "again").inputs()).isEqualTo(model.inputs());
    assertThat(Reference.run(upgraded, inputs, OptLevel.NO_OPT))
        .isEqualTo(Reference.run(model, inputs, OptLevel.NO_OPT));
    return upgraded;
  }

  private static OnnxModel assertSame(Models models) {
    return assertSame(models, Map.of("x", CUBE));
  }

  private static Models cube(int opset) {
    return Models.opset(opset).input("x", "a", "b", "c");
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 9, 10, 11, 12})
  void axesBecomeInputs(int opset) {
    assertSame(axes(opset));
  }

  public static Models axes(int opset) {
    return cube(opset)
        .node("Unsqueeze", "x", "u", Models.ints("axes", 0L, 3L))
        .node("Squeeze", "u", "s", Models.ints("axes", 3L))
        .node("Squeeze", "u", "all")
        .node("ReduceSum", "s", "r", Models.ints("axes", 1L), Models.integer("keepdims", 0))
        .node("ReduceSum", "s", "total")
        .node("ReduceMean", "s", "mean", Models.ints("axes", 1L))
        .node("Split", "x", "p q", Models.ints("split", 1L, 3L), Models.integer("axis", 1))
        .node("Split", "x", "h i", Models.integer("axis", 2))
        .output("u", "s", "all", "r", "total", "mean", "p", "q", "h", "i");
  }

  @ParameterizedTest
  @CsvSource({
    "Softmax,0",
    "Softmax,1",
    "Softmax,2",
    "Softmax,-1",
    "LogSoftmax,1",
    "LogSoftmax,2",
    "Hardmax,1"
  })
  void softmaxKeepsItsMatrixMeaning(String op, int axis) {
    assertSame(cube(11).node(op, "x", "y", Models.integer("axis", axis)).output("y"));
  }

  @Test
  void softmaxWhoseAxisIsFoundToBeTheLastStaysOneNode() {
    OnnxModel upgraded =
        assertSame(
            cube(11)
                .weight("w", 6, 5)
                .weight("b", 1, 1, 1, 1)
                .node("MatMul", "x w", "m")
                .node("Unsqueeze", "m", "u", Models.ints("axes", 0L))
                .node("Add", "u b", "a")
                .node("Transpose", "a", "t", Models.ints("perm", 0L, 2L, 1L, 3L))
                .node("Softmax", "t", "y", Models.integer("axis", 3))
                .output("y"));
    assertThat(upgraded.operatorCounts()).doesNotContainKey("Flatten");
  }

  @Test
  void softmaxOfUnknownRankAndDefaultAxisIsEmulated() {
    OnnxModel upgraded =
        assertSame(
            cube(12)
                .node("Einsum", "x", "r", Models.text("equation", "abc->bca"))
                .node("Softmax", "r", "y")
                .output("y"));
    assertThat(upgraded.operatorCounts()).containsKeys("Flatten", "Reshape", "Shape");
  }

  @Test
  void softmaxOverTheLastAxisStaysOneNode() {
    OnnxModel upgraded =
        assertSame(cube(11).node("Softmax", "x", "y", Models.integer("axis", 2)).output("y"));
    assertThat(upgraded.operatorCounts()).containsOnlyKeys("Softmax");
  }

  @Test
  void dropoutStaysAnIdentity() {
    assertSame(cube(11).node("Dropout", "x", "y", Models.number("ratio", .3f)).output("y"));
    assertSame(cube(7).node("Dropout", "x", "y").output("y"));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 8, 9})
  void aMaskThatNobodyReadsIsDropped(int opset) {
    assertSame(
        cube(opset)
            .node(
                "Dropout", "drop", List.of("x"), List.of("y", "mask"), Models.number("ratio", .5f))
            .output("y"));
    OnnxModel read =
        cube(opset)
            .node("Dropout", "drop", List.of("x"), List.of("y", "mask"))
            .output("y")
            .output("mask")
            .build();
    assertThatThrownBy(() -> OpsetUpgrade.upgrade(read))
        .hasMessageContaining("Dropout 'drop'")
        .hasMessageContaining("a mask of numbers");
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 9, 10})
  void clipAndPadAttributesBecomeInputs(int opset) {
    assertSame(
        cube(opset)
            .node("Clip", "x", "c", Models.number("min", -.5f), Models.number("max", .5f))
            .node("Clip", "x", "upper", Models.number("max", .25f))
            .node("Clip", "x", "free")
            .node(
                "Pad",
                "c",
                "y",
                Models.ints("pads", 0L, 1L, 0L, 0L, 0L, 2L),
                Models.number("value", 7f))
            .output("upper", "free", "y"));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 9})
  void sliceAndTopKAttributesBecomeInputs(int opset) {
    assertSame(
        cube(opset)
            .node(
                "Slice",
                "x",
                "s",
                Models.ints("starts", 1L, -3L),
                Models.ints("ends", 3L, 6L),
                Models.ints("axes", 1L, 2L))
            .node("TopK", "s", "v i", Models.integer("k", 2), Models.integer("axis", 2))
            .output("s", "v", "i"));
  }

  @ParameterizedTest
  @ValueSource(ints = {7, 9, 10})
  void enlargingByNearestBecomesResize(int opset) {
    Models models = Models.opset(opset).input("x", 1, 2, 3, 4);
    if (opset == 7) {
      models.node("Upsample", "x", "y", Models.numbers("scales", 1f, 1f, 2f, 3f));
    } else {
      models.constant(TensorCodec.floats("scales", List.of(4L), 1f, 1f, 2f, 3f));
      models.node(opset == 9 ? "Upsample" : "Resize", "x scales", "y");
    }
    assertSame(models.output("y"), Map.of("x", Reference.gaussian(2, 1, 2, 3, 4)));
  }

  @Test
  void initializersOfOldModelsStopBeingInputs() {
    Models models =
        Models.opset(8)
            .input("x", "n", 6)
            .input("w", 6, 3)
            .weight("w", 6, 3)
            .node("MatMul", "x w", "y")
            .output("y");
    OnnxModel upgraded = assertSame(models, Map.of("x", Reference.gaussian(2, 4, 6)));
    assertThat(upgraded.graph().getInputList()).extracting("name").containsExactly("x");
  }

  @Test
  void subgraphsAreUpgraded() {
    GraphProto.Builder then =
        GraphProto.newBuilder()
            .setName("then")
            .addNode(
                Models.nodeOf("ReduceSum", "", List.of("x"), List.of("t"), Models.ints("axes", 1L)))
            .addOutput(Models.info("t", TensorProto.DataType.FLOAT, "a", "b", "c"));
    GraphProto.Builder otherwise =
        GraphProto.newBuilder()
            .setName("else")
            .addNode(Models.nodeOf("Softmax", "", List.of("x"), List.of("e")))
            .addOutput(Models.info("e", TensorProto.DataType.FLOAT, "a", "b", "c"));
    for (byte flag = 0; flag < 2; flag++) {
      assertSame(
          cube(11)
              .input("flag", TensorProto.DataType.BOOL, 1)
              .node(
                  "If",
                  "flag",
                  "y",
                  Models.graph("then_branch", then),
                  Models.graph("else_branch", otherwise))
              .output("y"),
          Map.of(
              "x",
              CUBE,
              "flag",
              Tensor.of(DType.BOOL, Shape.of(1), ByteBuffer.wrap(new byte[] {flag}))));
    }
  }

  @Test
  void nodeNamesSurvive() {
    OnnxModel model =
        cube(11)
            .weight("w", 6, 6)
            .node("Softmax", "x", "s")
            .node("MatMul", "s w", "y")
            .output("y")
            .build();
    assertThat(model.nodeNames()).containsExactly("Softmax#0", "MatMul#1");
    assertThat(OnnxGraph.of(OpsetUpgrade.upgrade(model)).nodes())
        .isEqualTo(OnnxGraph.of(model).nodes());
  }

  @Test
  void newModelsAreLeftAlone() {
    OnnxModel model = SmallModels.mlp().build();
    assertThat(OpsetUpgrade.upgrade(model)).isSameAs(model);
  }

  private static Models resize(String mode, float height, float width) {
    return Models.opset(10)
        .input("x", 1, 2, 7, 9)
        .constant(TensorCodec.floats("scales", List.of(4L), 1f, 1f, height, width))
        .node("Resize", "resize", List.of("x", "scales"), List.of("y"), Models.text("mode", mode))
        .output("y");
  }

  @ParameterizedTest
  @CsvSource({
    "nearest,2,1.7",
    "nearest,.5,.7",
    "nearest,1,.7",
    "linear,2,1.7",
    "linear,.5,.7",
    "linear,1.3,.7"
  })
  void resizeKeepsItsRounding(String mode, float height, float width) {
    assertSame(resize(mode, height, width), Map.of("x", Reference.gaussian(2, 1, 2, 7, 9)));
  }

  @Test
  void whatHasNoEqualIsRefusedByName() {
    assertThatExceptionOfType(InvalidModelException.class)
        .isThrownBy(() -> OpsetUpgrade.upgrade(resize("nearest", 2f, .5f).build()))
        .withMessage(
            "Cannot use model 'test.onnx': Resize 'resize' of opset 10 with axes that grow and axes that shrink has no equivalent in opset 13; export the model again");
    Models perPosition =
        cube(8)
            .weight("p", 4)
            .node("BatchNormalization", "x p p p p", "y", Models.integer("spatial", 0))
            .output("y");
    assertThatExceptionOfType(InvalidModelException.class)
        .isThrownBy(() -> OpsetUpgrade.upgrade(perPosition.build()))
        .withMessageContaining("BatchNormalization 'BatchNormalization#0' of opset 8");
  }
}
