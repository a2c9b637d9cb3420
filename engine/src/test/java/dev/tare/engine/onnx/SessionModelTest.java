package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionModelTest {

  private static final String SMILE = new String(Character.toChars(0x1F600));

  @TempDir Path folder;

  /** x and flag to y, by a product whose result both branches of an If capture. */
  private static Models branching(UnaryOperator<String> name) {
    return Models.opset(13)
        .input(name.apply("x"), "batch", 6)
        .input(name.apply("flag"), TensorProto.DataType.BOOL, "batch")
        .constant(Models.gaussian("w", 6, 4).toBuilder().setName(name.apply("w")).build())
        .constant(TensorCodec.longs("first", List.of(0L)))
        .node("MatMul", name.apply("x") + " " + name.apply("w"), name.apply("h"))
        .node("Gather", name.apply("flag") + " first", "one")
        .node("Squeeze", "one", "chosen")
        .node(
            "If",
            "chosen",
            name.apply("y"),
            Models.graph("then_branch", body("Relu", name)),
            Models.graph("else_branch", body("Neg", name)))
        .output(name.apply("y"), name.apply("h"));
  }

  private static GraphProto.Builder body(String op, UnaryOperator<String> name) {
    return GraphProto.newBuilder()
        .setName(op)
        .addNode(Models.nodeOf(op, "", List.of(name.apply("h")), List.of(name.apply("in"))))
        .addOutput(ValueInfoProto.newBuilder().setName(name.apply("in")));
  }

  private SortedMap<String, Tensor> run(OnnxModel model, UnaryOperator<String> name)
      throws IOException {
    SessionModel session = SessionModel.of(model);
    Path file = Files.write(folder.resolve("m.onnx"), session.model().toByteArray());
    float[] values = {1, -2, 3, -4, 5, -6};
    Sample sample =
        Sample.of(
            Map.of(
                name.apply("x"),
                Tensor.ofFloats(Shape.of(6), values),
                name.apply("flag"),
                Tensor.of(DType.BOOL, Shape.SCALAR, ByteBuffer.wrap(new byte[] {1}))));
    SortedMap<String, Tensor> outputs = new TreeMap<>();
    ModelFile aliased = ModelFile.of(file).with(session.aliases());
    try (Session inference = OrtRuntime.INSTANCE.open(aliased, InferenceOptions.of(1))) {
      assertThat(inference.inputs()).containsExactly(name.apply("x"), name.apply("flag"));
      assertThat(inference.floatOutputs())
          .containsExactlyInAnyOrder(name.apply("y"), name.apply("h"));
      var runner = inference.runner(List.of(name.apply("y"), name.apply("h")));
      // The second run writes into the buffers of the first.
      for (int i = 0; i < 2; i++) {
        runner.run(
            List.of(sample),
            (tensor, floats, shape) -> {
              float[] copy = new float[floats.remaining() / Float.BYTES];
              floats.asFloatBuffer().get(copy);
              outputs.put(tensor, Tensor.ofFloats(shape, copy));
            });
      }
    }
    return outputs;
  }

  @Test
  void tensorsWhoseNamesJavaCannotHandOverRunUnderThem() throws IOException {
    UnaryOperator<String> plain = UnaryOperator.identity();
    SortedMap<String, Tensor> expected = run(branching(plain).build(), plain);
    for (String odd : List.of(SMILE, "\u0000", "\u00e9", "e\u0301")) {
      UnaryOperator<String> name = tensor -> tensor + odd;
      SortedMap<String, Tensor> outputs = run(branching(name).build(), name);
      assertThat(outputs).containsOnlyKeys("y" + odd, "h" + odd);
      assertThat(outputs.get("y" + odd)).isEqualTo(expected.get("y"));
      assertThat(outputs.get("h" + odd)).isEqualTo(expected.get("h"));
    }
  }

  @Test
  void anAliasIsANameThatNothingHas() {
    OnnxModel model =
        Models.opset(13)
            .input(SMILE, "batch", 6)
            .node("Relu", SMILE, "U+1F600")
            .node("Relu", "U+1F600", "\u0000")
            .node("Relu", "\u0000", "y")
            .output("y", "U+1F600")
            .build();
    SessionModel session = SessionModel.of(model);
    assertThat(session.aliases())
        .containsExactly(Map.entry("\u0000", "U+0000"), Map.entry(SMILE, "U+1F600_1"));
    assertThat(session.model().tensors())
        .containsExactlyInAnyOrder("U+1F600_1", "U+1F600", "U+0000", "y");
    assertThat(SessionModel.of(session.model()).model()).isSameAs(session.model());
  }

  @Test
  void aModelThatRunsStaysAsItIs() throws IOException {
    OnnxModel model = SmallModels.cnn().build();
    assertThat(SessionModel.of(model).model()).isSameAs(model);
    assertThat(SessionModel.of(model).aliases()).isEmpty();
    Path file = Files.write(folder.resolve("m.onnx"), model.toByteArray());
    assertThat(OnnxFile.look(file, "m.onnx").runsAsIs()).isTrue();
    Files.write(file, branching(name -> name + SMILE).bytes());
    assertThat(OnnxFile.look(file, "m.onnx").runsAsIs()).isFalse();
  }

  /** Two nodes of one name in the main graph and in a body, and the names that they would get. */
  private static OnnxModel repeating() {
    GraphProto.Builder twice =
        GraphProto.newBuilder()
            .setName("twice")
            .addNode(Models.nodeOf("Relu", "dup", List.of("h"), List.of("t")))
            .addNode(Models.nodeOf("Neg", "dup", List.of("t"), List.of("u")))
            .addOutput(ValueInfoProto.newBuilder().setName("u"));
    Models models = branching(UnaryOperator.identity());
    models.graph.getNodeBuilder(0).setName("dup");
    models.graph.getNodeBuilder(1).setName("dup");
    models.graph.getNodeBuilder(2).setName("dup#1");
    models.graph.getNodeBuilder(3).setAttribute(0, Models.graph("then_branch", twice));
    return models.build();
  }

  @Test
  void nodeNamesAreUniqueInTheMainGraphAndInBodies() throws IOException {
    OnnxModel model = repeating();
    UnaryOperator<String> plain = UnaryOperator.identity();
    assertThat(run(model, plain)).containsOnlyKeys("y", "h");
    OnnxModel named = SessionModel.of(model).model();
    assertThat(named.nodeNames())
        .isEqualTo(model.nodeNames())
        .containsExactly("dup", "dup#1_", "dup#1", "If#3");
    GraphProto body = named.graph().getNode(3).getAttribute(0).getG();
    assertThat(body.getNode(0).getName()).isEqualTo("dup");
    assertThat(body.getNode(1).getName()).isEqualTo("dup#1");
  }

  @Test
  void preparationMakesNodeNamesUniqueWhereNothingElseIsToBeDone() throws IOException {
    OnnxModel prepared = GraphPreparation.prepare(repeating());
    assertThat(SessionModel.of(prepared).model()).isSameAs(prepared);
    assertThat(prepared.nodeNames()).isEqualTo(repeating().nodeNames());
    assertThat(GraphPreparation.prepare(prepared)).isSameAs(prepared);
  }
}
