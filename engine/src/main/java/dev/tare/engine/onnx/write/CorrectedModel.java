package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The float model with corrected biases, each a new initializer of the name in the plan, and with
 * weights that are multiplied by the gains of their channels, under their own names. Numbers are
 * computed in double and rounded once. Constants that nothing reads any more are removed.
 */
public final class CorrectedModel {

  private static final Set<String> WITH_BIAS = Set.of("Conv", "Gemm");
  private static final int BIAS = 2;

  private final OnnxModel model;
  private final OnnxGraph graph;
  private final List<NodeProto> nodes;
  private final FreshNames names;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final List<TensorProto> initializers = new ArrayList<>();
  private final Map<String, TensorProto> scaled = new TreeMap<>();

  private CorrectedModel(OnnxModel model) {
    this.model = model;
    this.graph = OnnxGraph.of(model);
    this.nodes = new ArrayList<>(Nodes.named(model.graph(), model.nodeNames()).getNodeList());
    this.names = new FreshNames(model.graph());
    for (int i = 0; i < nodes.size(); i++) {
      indexes.put(model.nodeNames().get(i), i);
    }
  }

  /**
   * Creates the model. Equal arguments give equal bytes.
   *
   * @throws IllegalArgumentException if the model has no such nodes and biases, a name is taken, or
   *     numbers of channels differ
   */
  public static OnnxModel of(OnnxModel model, List<CorrectedBias> biases) {
    CorrectedModel corrected = new CorrectedModel(model);
    biases.stream().filter(CorrectedBias::corrects).forEach(corrected::correct);
    return corrected.build();
  }

  private void correct(CorrectedBias bias) {
    Integer index = indexes.get(bias.reader());
    require(index != null, bias, "the model has no node '" + bias.reader() + "'");
    NodeProto node = nodes.get(index);
    int input = input(node, bias);
    require(
        names.fresh(bias.result()).equals(bias.result()), bias, "the name of the result is taken");
    float[] values = new float[bias.correction().size()];
    List<Long> dims = List.of((long) values.length);
    if (!bias.bias().isEmpty()) {
      Tensor old = graph.constant(bias.bias());
      require(
          old.shape().size() == values.length,
          bias,
          "%d numbers for shape %s".formatted(values.length, old.shape()));
      values = old.toFloatArray();
      dims = old.shape().dims();
    }
    for (int c = 0; c < values.length; c++) {
      values[c] = (float) ((double) bias.gain(c) * values[c] + bias.correction().get(c));
    }
    if (!bias.gains().isEmpty()) {
      scale(bias);
    }
    initializers.add(TensorCodec.floats(bias.result(), dims, values));
    nodes.set(
        index,
        input < node.getInputCount()
            ? node.toBuilder().setInput(input, bias.result()).build()
            : node.toBuilder().addInput(bias.result()).build());
  }

  private void scale(CorrectedBias bias) {
    QuantizableNode product =
        graph.nodes().stream()
            .filter(each -> each.node().equals(bias.node()))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException(message(bias, "it multiplies by no constant")));
    Tensor old = graph.constant(product.weight());
    int axis = product.weightAxis();
    int channels = bias.gains().size();
    require(
        old.shape().dim(axis) == channels && scaled.get(product.weight()) == null,
        bias,
        "%d factors for shape %s".formatted(channels, old.shape()));
    float[] values = old.toFloatArray();
    long stride = old.shape().stride(axis);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((double) values[i] * bias.gain((int) (i / stride % channels)));
    }
    scaled.put(product.weight(), TensorCodec.floats(product.weight(), old.shape().dims(), values));
  }

  private int input(NodeProto node, CorrectedBias bias) {
    if (WITH_BIAS.contains(node.getOpType())) {
      require(reads(node, BIAS, bias.bias()), bias, "its bias is another");
      return BIAS;
    }
    boolean adds = node.getOpType().equals("Add") && !bias.bias().isEmpty();
    for (int i = 0; adds && i < node.getInputCount(); i++) {
      if (reads(node, i, bias.bias())) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        message(bias, "node '" + bias.reader() + "' does not add it"));
  }

  private boolean reads(NodeProto node, int input, String constant) {
    String name = Nodes.input(node, input);
    return constant.isEmpty()
        ? name.isEmpty()
        : model.constants().resolve(name).filter(constant::equals).isPresent();
  }

  private OnnxModel build() {
    // A Constant becomes an initializer of its name.
    nodes.removeIf(
        node -> node.getOpType().equals("Constant") && scaled.containsKey(node.getOutput(0)));
    GraphProto.Builder rewritten = new DeadConstants(model.graph(), nodes).removed().toBuilder();
    for (int i = 0; i < rewritten.getInitializerCount(); i++) {
      TensorProto weight = scaled.remove(rewritten.getInitializer(i).getName());
      if (weight != null) {
        rewritten.setInitializer(i, weight);
      }
    }
    initializers.addAll(scaled.values());
    rewritten.addAllInitializer(initializers);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      initializers.forEach(tensor -> rewritten.addInput(TensorCodec.declaration(tensor)));
    }
    return model.with(model.proto().toBuilder().setGraph(rewritten).build());
  }

  private static void require(boolean holds, CorrectedBias bias, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(message(bias, otherwise));
    }
  }

  private static String message(CorrectedBias bias, String why) {
    return "Cannot correct the bias '%s' of node '%s': %s".formatted(bias.bias(), bias.node(), why);
  }
}
