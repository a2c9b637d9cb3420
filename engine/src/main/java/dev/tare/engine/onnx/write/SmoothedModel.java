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
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The float model with smoothed inputs: a Mul with the factors before the products that read one,
 * and weights whose rows are divided by them.
 *
 * <p>Quotients are computed in double and rounded once. A weight {@code w} becomes the initializer
 * {@code w_smoothed}, the factors of a result {@code t} are {@code t_factors}; a taken name gets
 * {@code _1}, {@code _2}. Constants that nothing reads any more are removed. Nodes keep the names
 * of {@link OnnxModel#nodeNames}, written into the model.
 */
public final class SmoothedModel {

  private final OnnxModel model;
  private final List<NodeProto> nodes;
  private final FreshNames names;
  private final OnnxGraph graph;
  private final Map<String, QuantizableNode> products = new HashMap<>();
  private final Map<String, Integer> indexes = new HashMap<>();
  private final Map<Integer, List<NodeProto>> insertions = new HashMap<>();
  private final List<TensorProto> initializers = new ArrayList<>();

  private SmoothedModel(OnnxModel model) {
    this.model = model;
    this.nodes = new ArrayList<>(Nodes.named(model.graph(), model.nodeNames()).getNodeList());
    this.names = new FreshNames(model.graph());
    this.graph = OnnxGraph.of(model);
    graph.nodes().forEach(node -> products.put(node.node(), node));
    for (int i = 0; i < nodes.size(); i++) {
      indexes.put(model.nodeNames().get(i), i);
    }
  }

  /**
   * Creates the model. Equal arguments give equal bytes.
   *
   * @throws IllegalArgumentException if the model has no such tensors and products, a name is
   *     taken, or numbers of channels differ
   */
  public static OnnxModel of(OnnxModel model, List<SmoothedInput> inputs) {
    SmoothedModel smoothed = new SmoothedModel(model);
    inputs.forEach(smoothed::insert);
    return smoothed.build();
  }

  private void insert(SmoothedInput input) {
    require(names.fresh(input.result()).equals(input.result()), input, "that name is taken");
    float[] factors = new float[input.factors().size()];
    for (int j = 0; j < factors.length; j++) {
      factors[j] = input.factors().get(j);
    }
    Map<String, String> weights = new HashMap<>();
    int first = nodes.size();
    for (String consumer : input.consumers()) {
      QuantizableNode product = products.get(consumer);
      require(
          product != null
              && product.input().equals(input.tensor())
              && product.inputIndex() == 0
              && product.weightShape().rank() == 2,
          input,
          "node '" + consumer + "' does not multiply it by a matrix");
      require(
          product.weightShape().dim(product.blockAxis()) == factors.length,
          input,
          "%d factors for weight '%s' of shape %s"
              .formatted(factors.length, product.weight(), product.weightShape()));
      String weight = weights.computeIfAbsent(product.weight(), w -> divided(product, factors));
      int index = indexes.get(consumer);
      nodes.set(
          index,
          nodes.get(index).toBuilder()
              .setInput(product.inputIndex(), input.result())
              .setInput(product.weightIndex(), weight)
              .build());
      first = Math.min(first, index);
    }
    String stored =
        add(
            TensorCodec.floats(
                names.fresh(input.result() + "_factors"), List.of((long) factors.length), factors));
    insertions
        .computeIfAbsent(first, i -> new ArrayList<>(1))
        .add(
            NodeProto.newBuilder()
                .setName(names.fresh(input.result() + "_Mul"))
                .setOpType("Mul")
                .addInput(input.tensor())
                .addInput(stored)
                .addOutput(input.result())
                .build());
  }

  private String divided(QuantizableNode product, float[] factors) {
    Tensor weight = graph.constant(product.weight());
    FloatBuffer values = weight.floats();
    int columns = Math.toIntExact(weight.shape().dim(1));
    boolean across = product.blockAxis() == 1;
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(DType.FLOAT32.byteSize(weight.shape().size())))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; values.hasRemaining(); i++) {
      double factor = factors[across ? i % columns : i / columns];
      bytes.putFloat((float) (values.get() / factor));
    }
    return add(
        TensorCodec.encode(
            names.fresh(product.weight() + "_smoothed"),
            DType.FLOAT32,
            weight.shape().dims(),
            bytes.flip()));
  }

  private String add(TensorProto initializer) {
    initializers.add(initializer);
    return initializer.getName();
  }

  private OnnxModel build() {
    List<NodeProto> sequence = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      sequence.addAll(insertions.getOrDefault(i, List.of()));
      sequence.add(nodes.get(i));
    }
    GraphProto.Builder rewritten =
        new DeadConstants(model.graph(), sequence)
            .removed().toBuilder().addAllInitializer(initializers);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      initializers.forEach(tensor -> rewritten.addInput(TensorCodec.declaration(tensor)));
    }
    return model.with(model.proto().toBuilder().setGraph(rewritten).build());
  }

  private static void require(boolean holds, SmoothedInput input, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(
          "Cannot smooth input '%s' to '%s': %s"
              .formatted(input.tensor(), input.result(), otherwise));
    }
  }
}
