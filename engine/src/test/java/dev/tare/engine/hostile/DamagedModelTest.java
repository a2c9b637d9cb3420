package dev.tare.engine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.google.protobuf.ByteString;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Preflight;
import dev.tare.engine.onnx.SessionModel;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.onnx.view.EmbeddingTable;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.LeftFloat;
import dev.tare.engine.plan.PlanAssembler;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.DType;
import dev.tare.testkit.Models;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A model that contradicts the standard is refused by name or left to the runtime, nothing else.
 */
@Tag("slow")
class DamagedModelTest {

  private static final int RUNS = 6000;
  private static final List<Long> NUMBERS =
      List.of(0L, 1L, -1L, 2L, 3L, 7L, -7L, 1L << 31, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE);

  /** Every operator that something here reads attributes or constants of. */
  private static List<Models> models(int opset) {
    List<Models> models = new ArrayList<>();
    models.add(
        Models.opset(opset)
            .input("x", "batch", 4, 6, 6)
            .weight("w", 8, 4, 3, 3)
            .weight("b", 8)
            .weight("g", 8)
            .weight("h", 8)
            .weight("m", 8)
            .weight("v", 8)
            .weight("t", 8, 4, 2, 2)
            .weight("d", 16, 5)
            .constant(TensorCodec.longs("shape", List.of(-1L, 16L)))
            .constant(TensorCodec.floats("low", List.of(), 0))
            .constant(TensorCodec.floats("six", List.of(), 6))
            .node(
                "Conv",
                "x w b",
                "a",
                Models.integer("group", 1),
                Models.ints("pads", 1L, 1L, 1L, 1L))
            .node("BatchNormalization", "a g h m v", "n", Models.number("epsilon", .1f))
            .node("Clip", "n low six", "c")
            .node("Relu", "c", "r")
            .node(
                "ConvTranspose",
                "r t",
                "u",
                Models.integer("group", 2),
                Models.ints("strides", 1L, 1L))
            .node(
                "Pad",
                "u",
                "p",
                Models.ints("pads", 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L),
                Models.number("value", 0f))
            .node("MaxPool", "p", "q", Models.ints("kernel_shape", 2L, 2L))
            .node("Reshape", "q shape", "f")
            .node("Gemm", "f d", "e", Models.number("alpha", .5f), Models.integer("transB", 0))
            .node("Softmax", "e", "y", Models.integer("axis", 1))
            .output("y"));
    models.add(
        Models.opset(opset)
            .input("ids", TensorProto.DataType.INT64, "batch", 3)
            .weight("table", 9, 4)
            .weight("w", 4, 4)
            .weight("s", 4)
            .weight("z", 4)
            .constant(TensorCodec.longs("one", List.of(1L)))
            .constant(TensorCodec.floats("three", List.of(), 3))
            .constant(TensorCodec.floats("none", List.of(), 0))
            .constant(TensorCodec.floats("six", List.of(), 6))
            .node("Gather", "table ids", "e", Models.integer("axis", 0))
            .node("Transpose", "w", "wt", Models.ints("perm", 1L, 0L))
            .node("Unsqueeze", "s", "su", Models.ints("axes", 0L))
            .node("Cast", "su", "sc", Models.integer("to", 1))
            .node("MatMul", "e wt", "a")
            .node("Mul", "a sc", "m")
            .node("Add", "m three", "p")
            .node("Clip", "p none six", "k")
            .node("Div", "k six", "h")
            .node("Split", "h", "l r", Models.integer("axis", 1), Models.ints("split", 1L, 2L))
            .node("Concat", "l r", "j", Models.integer("axis", 1))
            .node("ReduceMean", "j", "o", Models.ints("axes", 1L))
            .node("Squeeze", "o", "i", Models.ints("axes", 1L))
            .node("MatMul", "i w", "y")
            .output("y"));
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .setName("then")
            .addInitializer(Models.gaussian("inner", 4, 4))
            .addNode(Models.nodeOf("MatMul", "", List.of("x", "inner"), List.of("mm")))
            .addNode(
                Models.nodeOf(
                    "Softmax", "", List.of("mm"), List.of("z"), Models.integer("axis", 0)))
            .addOutput(ValueInfoProto.newBuilder().setName("z"));
    models.add(
        Models.opset(opset)
            .input("x", "batch", 4)
            .constant(
                TensorCodec.encode("flag", DType.BOOL, List.of(), ByteBuffer.wrap(new byte[] {1})))
            .constant(TensorCodec.longs("two", List.of(2L)))
            .constant(TensorCodec.floats("scales", List.of(2L), 1, 2))
            .weight("w", 4, 6)
            .weight("g", 6)
            .node(
                "If",
                "flag",
                "s",
                Models.graph("then_branch", body),
                Models.graph("else_branch", body))
            .node("MatMul", "s w", "a")
            .node("InstanceNormalization", "a g g", "n")
            .node("TopK", "n", "k i", Models.integer("k", 2), Models.integer("axis", 1))
            .node(
                "Slice",
                "k",
                "l",
                Models.ints("starts", 0L),
                Models.ints("ends", 1L),
                Models.ints("axes", 1L))
            .node("Upsample", "l scales", "u", Models.text("mode", "nearest"))
            .node("GroupNormalization", "u g g", "v", Models.integer("num_groups", 2))
            .node(
                "LSTM",
                "v w w",
                "t",
                Models.integer("hidden_size", 2),
                Models.text("direction", "forward"))
            .node("Einsum", "t w", "e", Models.text("equation", "ij,jk->ik"))
            .node("Expand", "e two", "f")
            .node("Range", "two two two", "o")
            .node("ConstantOfShape", "two", "q")
            .node("Dropout", "f", "y", Models.number("ratio", .5f))
            .output("y"));
    return models;
  }

  private final Random random = new Random(11);

  private ModelProto damaged(ModelProto model) {
    GraphProto.Builder graph = model.getGraph().toBuilder();
    for (int n = 1 + random.nextInt(2); n > 0; n--) {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3 -> node(graph.getNodeBuilder(random.nextInt(graph.getNodeCount())));
        case 4, 5, 6 ->
            tensor(graph.getInitializerBuilder(random.nextInt(graph.getInitializerCount())));
        case 7 -> graph.getInputBuilder(0).clearType();
        case 8 -> graph.addNode(graph.getNode(random.nextInt(graph.getNodeCount())));
        default -> {
          int from = random.nextInt(graph.getNodeCount());
          graph.getNode(from).getOutputList().stream()
              .findFirst()
              .ifPresent(name -> graph.getOutputBuilder(0).setName(name));
        }
      }
    }
    return model.toBuilder().setGraph(graph).build();
  }

  private void node(NodeProto.Builder node) {
    switch (random.nextInt(8)) {
      case 0 -> {
        if (node.getInputCount() > 0) {
          node.setInput(random.nextInt(node.getInputCount()), "");
        }
      }
      case 1 -> node.clearInput();
      case 2 -> node.clearOutput();
      case 3 -> {
        if (node.getInputCount() > 1) {
          String first = node.getInput(0);
          node.setInput(0, node.getInput(1)).setInput(1, first);
        }
      }
      case 4 -> node.clearAttribute();
      case 5 -> node.addInput(node.getInputCount() > 0 ? node.getInput(0) : "x");
      default -> {
        if (node.getAttributeCount() > 0) {
          attribute(node.getAttributeBuilder(random.nextInt(node.getAttributeCount())));
        }
      }
    }
  }

  private void attribute(AttributeProto.Builder attribute) {
    long number = NUMBERS.get(random.nextInt(NUMBERS.size()));
    String name = attribute.getName();
    switch (random.nextInt(7)) {
      case 0, 1 -> attribute.setI(number).setF((float) number);
      case 2 ->
          attribute.clear().setName(name).setType(AttributeProto.AttributeType.INT).setI(number);
      case 3 ->
          attribute
              .clear()
              .setName(name)
              .setType(AttributeProto.AttributeType.STRING)
              .setS(ByteString.copyFromUtf8("what"));
      case 4 -> {
        if (attribute.getIntsCount() > 0) {
          attribute.setInts(random.nextInt(attribute.getIntsCount()), number);
        }
      }
      case 5 -> attribute.clearInts().clearG().clearT();
      default -> attribute.addInts(number);
    }
  }

  /** Other dimensions of a size that fits, other types, no elements. */
  private void tensor(TensorProto.Builder tensor) {
    switch (random.nextInt(6)) {
      case 0 -> tensor.addDims(1);
      case 1 -> tensor.clearDims().addDims(0).clearRawData();
      case 2 -> tensor.clearDims().addDims(tensor.getRawData().size() / 4);
      case 3 ->
          tensor
              .setDataType(TensorProto.DataType.INT8.getNumber())
              .clearDims()
              .addDims(tensor.getRawData().size());
      case 4 ->
          tensor
              .setRawData(tensor.getRawData().substring(0, Math.min(4, tensor.getRawData().size())))
              .clearDims();
      default -> tensor.setDataType(TensorProto.DataType.INT32.getNumber());
    }
  }

  /** All that happens to a model without a runtime. */
  private static void use(byte[] bytes, Recipe recipe, Recipe weights) {
    OnnxModel model = OnnxModel.parse(bytes, "m.onnx");
    model.operatorCounts();
    model.parameterCount();
    EmbeddingTable.rows(model, "ids");
    SessionModel.of(model);
    Preflight.check(model);
    OnnxModel prepared = GraphPreparation.prepare(model);
    try {
      ExposedOutputs.expose(
          prepared,
          Observation.resolve(Observation.ALL, OnnxFloatModel.of(prepared)).stream()
              .map(ObservableTensor::name)
              .toList());
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageStartingWith("Cannot observe");
    }
    Candidates candidates =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, OnnxGraph.of(prepared));
    candidates.activations();
    OpsetUpgrade.upgrade(prepared, OpsetUpgrade.BLOCKS);
    Candidates constant =
        Candidates.of(OnnxRuntimeTarget.INSTANCE, weights, OnnxGraph.of(prepared));
    List<TensorPlan> planned = new ArrayList<>();
    constant
        .weights()
        .forEach(
            (tensor, query) ->
                planned.add(
                    new WeightPlanner(weights)
                        .plan(OnnxGraph.of(prepared).constant(tensor), query)));
    List<TensorPlan> plans =
        new ArrayList<>(
            new PlanAssembler(constant, OnnxGraph.of(prepared), List.of(), planned).assemble());
    plans.addAll(LeftFloat.of(weights, constant, plans));
    QdqRewriter.rewrite(
        prepared,
        new QuantPlan("test", "", "", plans),
        plan ->
            Quantizer.quantize(
                    OnnxGraph.of(prepared).constant(plan.tensor()),
                    plan.params(),
                    plan.granularity(),
                    plan.limits(),
                    Rounding.DIVISION)
                .bytes());
  }

  @ParameterizedTest
  @ValueSource(ints = {9, 13, 20})
  void nothingButARefusalByName(int opset) {
    Recipe recipe = Recipes.shipped("int8-all");
    Recipe weights = Recipes.shipped("int8-weights");
    Map<String, String> failures = new TreeMap<>();
    Map<String, Integer> refusals = new HashMap<>();
    List<Models> models = models(opset);
    for (int run = 0; run < RUNS / 3; run++) {
      Models from = models.get(run % models.size());
      ModelProto damaged = damaged(from.model.setGraph(from.graph).build());
      try {
        use(damaged.toByteArray(), recipe, weights);
      } catch (InvalidModelException e) {
        assertThat(e).hasMessageContaining("m.onnx");
        refusals.merge(e.getMessage().replaceAll("[0-9]+", "0"), 1, Integer::sum);
      } catch (RuntimeException e) {
        failures.putIfAbsent(
            e.toString().replaceAll("[0-9]+", "0") + at(e),
            damaged.getGraph().getNode(0).getName());
      }
    }
    assertThat(refusals.size()).isGreaterThan(10);
    if (!failures.isEmpty()) {
      fail(String.join("\n", failures.keySet()));
    }
  }

  private static String at(RuntimeException failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return trace
        .toString()
        .lines()
        .filter(line -> line.contains("dev.tare"))
        .limit(3)
        .map(String::strip)
        .reduce("", (a, b) -> a + "\n    " + b);
  }

  @Test
  void aConvolutionNeedsGroupsAndPositiveSteps() {
    for (AttributeProto bad :
        List.of(
            Models.integer("group", 0),
            Models.integer("group", -1),
            Models.text("group", "1"),
            Models.ints("strides", 1L, 0L),
            Models.ints("dilations", -1L, 1L),
            Models.ints("kernel_shape", 0L, 3L),
            Models.number("pads", 1))) {
      Models models =
          Models.opset(13)
              .input("x", "batch", 4, 8, 8)
              .weight("w", 4, 4, 3, 3)
              .node("Conv", "c", List.of("x", "w"), List.of("y"), bad)
              .output("y");
      assertThatThrownBy(models::build)
          .isInstanceOf(InvalidModelException.class)
          .hasMessageContainingAll("test.onnx", "node 0 (Conv 'c')", bad.getName().substring(0, 4));
    }
  }

  @Test
  void theModelsAreSoundBeforeTheyAreDamaged() {
    for (int opset : new int[] {9, 13, 20}) {
      models(opset)
          .forEach(
              m -> use(m.bytes(), Recipes.shipped("int8-all"), Recipes.shipped("int8-weights")));
    }
  }
}
