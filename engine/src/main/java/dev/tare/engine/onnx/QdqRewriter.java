package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.QuantPlan;
import dev.tare.engine.recipe.QuantizableNode;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorPlan;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Writes a plan into a float model as QDQ: integer weights behind a DequantizeLinear, activations
 * through a QuantizeLinear and a DequantizeLinear, each feeding only the consumers that the plan
 * names. Of a table that a Gather reads, the Gather takes integers, and only its rows become float.
 *
 * <p>Names of inputs, outputs and every kept tensor stay, as do metadata and documentation. A
 * tensor {@code t} becomes {@code t_QuantizeLinear_Output} and {@code t_DequantizeLinear_Output}, a
 * constant {@code t_quantized}, with {@code t_scale} and {@code t_zero_point} (of a bias: {@code
 * t_quantized_scale}); a taken name gets {@code _1}, {@code _2}. A float constant that nothing
 * reads any more is dropped. The result is at least of opset 13. Equal arguments give equal bytes.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py">qdq_quantizer.py,
 *     whose names these are</a>
 */
public final class QdqRewriter {

  private final OnnxModel model;
  private final List<NodeProto> nodes;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final Map<String, QuantizableNode> quantizable = new HashMap<>();
  private final Map<Integer, List<NodeProto>> insertions = new HashMap<>();
  private final Set<String> tensors;
  private final QdqNodes qdq;

  private QdqRewriter(OnnxModel model) {
    this.model = model;
    this.nodes = new ArrayList<>(model.graph().getNodeList());
    for (int i = 0; i < nodes.size(); i++) {
      String name = model.nodeNames().get(i);
      indexes.put(name, i);
      if (!nodes.get(i).getName().equals(name)) {
        nodes.set(i, nodes.get(i).toBuilder().setName(name).build());
      }
    }
    model.weights().nodes().forEach(node -> quantizable.put(node.node(), node));
    this.tensors = model.tensors();
    this.qdq = new QdqNodes(new FreshNames(model.graph()));
  }

  /**
   * The model with every quantized tensor of the plan in place.
   *
   * @param codes the integers of a quantized weight or bias, row-major in the shape of the plan,
   *     little-endian; asked once for each, and not copied
   * @throws IllegalArgumentException if the plan speaks of tensors or nodes that the model does not
   *     have, or shape, channels or bytes do not agree
   * @throws InvalidModelException if the model cannot be raised to opset 13
   */
  public static OnnxModel rewrite(
      OnnxModel model, QuantPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    QdqRewriter rewriter = new QdqRewriter(model);
    for (TensorPlan tensor : plan.tensors()) {
      if (tensor.quantized()) {
        require(!tensor.consumers().isEmpty(), tensor, "it has no consumers");
        if (tensor.role() == Role.ACTIVATION) {
          rewriter.activation(tensor);
        } else {
          rewriter.constant(tensor, codes);
        }
      }
    }
    return OpsetUpgrade.upgrade(rewriter.build());
  }

  private void activation(TensorPlan plan) {
    require(plan.type() != QuantType.INT32, plan, "activations cannot be INT32");
    require(
        tensors.contains(plan.tensor()) && !model.constants().contains(plan.tensor()),
        plan,
        "the model computes no such tensor");
    connect(plan, plan.consumers(), qdq.activation(plan));
  }

  private void constant(TensorPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    Shape shape =
        model
            .constants()
            .find(plan.tensor())
            .map(TensorCodec::shape)
            .orElseThrow(() -> contradiction(plan, "the model has no such constant"));
    require(
        plan.shape().filter(shape::equals).isPresent(),
        plan,
        "shape " + plan.shape().map(Shape::toString).orElse("unknown") + " vs " + shape);
    require(
        (plan.type() == QuantType.INT32) == (plan.role() == Role.BIAS),
        plan,
        plan.type() + " is not for a " + plan.role());
    if (plan.axis().isPresent()) {
      int axis = plan.axis().getAsInt();
      require(axis >= 0 && axis < shape.rank(), plan, "axis " + axis + " vs shape " + shape);
      require(
          shape.dim(axis) == plan.channels().size(),
          plan,
          plan.channels().size() + " channels vs " + shape.dim(axis));
    }
    ByteBuffer bytes = codes.apply(plan);
    long expected = plan.type().dtype().byteSize(shape.size());
    require(
        bytes.remaining() == expected, plan, bytes.remaining() + " bytes instead of " + expected);
    String stored = qdq.store(plan, shape, bytes);
    Map<Boolean, List<String>> consumers =
        plan.consumers().stream()
            .collect(Collectors.partitioningBy(c -> Nodes.is(node(plan, c), "Gather")));
    for (String gather : consumers.get(true)) {
      rows(plan, shape, stored, gather);
    }
    if (!consumers.get(false).isEmpty()) {
      connect(plan, consumers.get(false), qdq.constant(plan, stored));
    }
  }

  private void rows(TensorPlan plan, Shape shape, String stored, String consumer) {
    NodeProto gather = node(plan, consumer);
    require(
        reads(plan, consumer, gather, 0) && Nodes.intAttribute(gather, "axis", 0) == 0,
        plan,
        "node '" + consumer + "' does not take rows of it");
    require(
        plan.axis().isEmpty()
            || (plan.axis().getAsInt() == 0
                && Arrays.stream(plan.zeroPoints()).allMatch(z -> z == 0)),
        plan,
        "rows that node '" + consumer + "' takes need axis 0 and zero point 0");
    int index = indexes.get(consumer);
    List<NodeProto> sequence = qdq.rows(plan, shape, stored, nodes.get(index));
    int last = sequence.size() - 1;
    insertions.computeIfAbsent(index, i -> new ArrayList<>(last)).addAll(sequence.subList(0, last));
    nodes.set(index, sequence.get(last));
  }

  /** The node of a consumer as the model has it. */
  private NodeProto node(TensorPlan plan, String consumer) {
    Integer index = indexes.get(consumer);
    if (index == null) {
      throw contradiction(plan, "the model has no node '" + consumer + "'");
    }
    return model.graph().getNode(index);
  }

  /** Puts a chain before its first consumer, and points its consumers to it. */
  private void connect(TensorPlan plan, List<String> consumers, QdqNodes.Chain chain) {
    int first = Integer.MAX_VALUE;
    for (String consumer : consumers) {
      NodeProto original = node(plan, consumer);
      int index = indexes.get(consumer);
      nodes.set(index, redirect(plan, consumer, original, nodes.get(index), chain.output()));
      first = Math.min(first, index);
    }
    insertions.computeIfAbsent(first, i -> new ArrayList<>(2)).addAll(chain.nodes());
  }

  private NodeProto redirect(
      TensorPlan plan, String consumer, NodeProto original, NodeProto node, String to) {
    NodeProto.Builder builder = node.toBuilder();
    boolean found = false;
    for (int i = 0; i < original.getInputCount(); i++) {
      if (reads(plan, consumer, original, i)) {
        builder.setInput(i, to);
        found = true;
      }
    }
    require(found, plan, "node '" + consumer + "' does not read it");
    return builder.build();
  }

  /** Whether the planned role of the tensor is the one that it has at this input. */
  private boolean reads(TensorPlan plan, String consumer, NodeProto node, int input) {
    QuantizableNode known = quantizable.get(consumer);
    if (plan.role() == Role.ACTIVATION) {
      return node.getInput(input).equals(plan.tensor())
          && (known == null || known.inputIndex() == input);
    }
    boolean same =
        model.constants().resolve(node.getInput(input)).filter(plan.tensor()::equals).isPresent();
    if (plan.role() == Role.BIAS) {
      return same && input == 2;
    }
    return same && (known == null || known.weightIndex() == input);
  }

  private OnnxModel build() {
    List<NodeProto> sequence = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      sequence.addAll(insertions.getOrDefault(i, List.of()));
      sequence.add(nodes.get(i));
    }
    GraphProto graph =
        new DeadConstants(model.graph(), sequence)
            .removed().toBuilder().addAllInitializer(qdq.initializers()).build();
    return model.with(model.proto().toBuilder().setGraph(graph).build());
  }

  private static void require(boolean holds, TensorPlan plan, String otherwise) {
    if (!holds) {
      throw contradiction(plan, otherwise);
    }
  }

  private static IllegalArgumentException contradiction(TensorPlan plan, String why) {
    return new IllegalArgumentException(
        "Cannot quantize %s '%s': %s"
            .formatted(plan.role().name().toLowerCase(Locale.ROOT), plan.tensor(), why));
  }
}
