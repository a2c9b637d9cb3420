package dev.tare.engine.onnx.write;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Writes a plan into a float model: integer weights with a DequantizeLinear, activations with a
 * QuantizeLinear and a DequantizeLinear, each feeding only the consumers in the plan. A Gather from
 * a table reads integers, and only its rows become float, of 4 bits in blocks by ONNX Runtime's
 * GatherBlockQuantized. Operators in formats other than QDQ become {@link IntegerProducts}, {@link
 * PackedProducts} or {@link TableProducts}.
 *
 * <p>Names of inputs, outputs and kept tensors do not change, nor do metadata and documentation. A
 * tensor {@code t} becomes {@code t_QuantizeLinear_Output} and {@code t_DequantizeLinear_Output}, a
 * constant {@code t_quantized}, with {@code t_scale} and {@code t_zero_point} (of a bias: {@code
 * t_quantized_scale}); a taken name gets {@code _1}, {@code _2}. A product with the result {@code
 * t} may get a bias {@code t_nominal_bias}, where the target needs one. A float constant that
 * nothing reads any more is removed. The result has at least opset 13, 19 if the plan has numbers
 * of float8, 21 if it has blocks, or integers of 4 or 16 bits, or the oldest one that the plan's
 * target reads. Equal arguments give equal bytes.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py">qdq_quantizer.py,
 *     whose names these are</a>
 */
public final class QdqRewriter {

  private static final int OPSET_OF_CHANNELS = 13;
  private static final int OPSET_OF_FLOAT8 = 19;
  private static final int OPSET_OF_BLOCKS = 21;

  private final PlannedGraph graph;
  private final QdqNodes qdq;
  private final IntegerProducts integers;
  private final PackedProducts packed;
  private final TableProducts tables;

  /** Nodes with an input of integers. */
  private final Set<String> readers = new HashSet<>();

  private QdqRewriter(OnnxModel model) {
    this.graph = new PlannedGraph(model);
    this.qdq = new QdqNodes(graph);
    this.integers = new IntegerProducts(graph);
    this.packed = new PackedProducts(graph);
    this.tables = new TableProducts(graph);
  }

  /**
   * Writes every quantized tensor of a plan into the model.
   *
   * @param codes the integers of a quantized weight or bias, row-major in the shape of the plan,
   *     little-endian; called once for each, and not copied
   * @throws IllegalArgumentException if there is no target of the plan's name, the plan names
   *     tensors or nodes that the model does not have, or shape, channels or bytes differ
   * @throws InvalidModelException if the model cannot be converted to the required opset
   */
  public static OnnxModel rewrite(
      OnnxModel model, QuantPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    QdqRewriter rewriter = new QdqRewriter(model);
    List<TensorPlan> quantized = plan.tensors().stream().filter(TensorPlan::quantized).toList();
    boolean modern =
        quantized.stream().anyMatch(tensor -> needsBlocks(tensor) || rewriter.rowsInBlocks(tensor));
    // Inputs come first, because integer products refer to their quantized input.
    quantized.stream()
        .filter(tensor -> tensor.role() == Role.ACTIVATION && tensor.type().isInteger())
        .forEach(tensor -> rewriter.readers.addAll(tensor.consumers()));
    for (Role role : List.of(Role.ACTIVATION, Role.WEIGHT, Role.BIAS)) {
      for (TensorPlan tensor : quantized) {
        if (tensor.role() == role) {
          PlannedGraph.require(!tensor.consumers().isEmpty(), tensor, "it has no consumers");
          rewriter.write(tensor, codes);
        }
      }
    }
    TargetProfile target = Targets.of(plan.target());
    boolean float8 = quantized.stream().anyMatch(tensor -> tensor.type().float8().isPresent());
    int opset = Math.max(float8 ? OPSET_OF_FLOAT8 : OPSET_OF_CHANNELS, target.minOpset());
    return rewriter.graph.build(modern ? Math.max(OPSET_OF_BLOCKS, opset) : opset, target);
  }

  private static boolean needsBlocks(TensorPlan plan) {
    int bits = plan.type().dtype().bits();
    return plan.format() == Format.GATHER
        ? bits == 4
        : plan.format() == Format.QDQ
            && (plan.granularity().blockSize().isPresent() || bits == 4 || bits == 16);
  }

  private void write(TensorPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    if (plan.role() == Role.ACTIVATION) {
      graph.requireActivation(plan);
      if (plan.format() == Format.DYNAMIC) {
        integers.input(plan);
      } else {
        activation(plan);
      }
      return;
    }
    Shape shape = graph.requireConstant(plan);
    ByteBuffer bytes = PlannedGraph.requireBytes(plan, shape, codes.apply(plan));
    switch (plan.format()) {
      case QDQ -> constant(plan, shape, bytes);
      case DYNAMIC -> integers.weight(plan, qdq.store(plan, shape, bytes));
      case MATMUL_NBITS -> {
        if (rowsInBlocks(plan)) {
          blockRows(plan, shape, qdq.store(plan, shape, bytes));
        } else {
          packed.weight(plan, shape, bytes);
        }
      }
      case MATMUL_BNB4 -> tables.weight(plan, shape, bytes);
      case GATHER -> {
        QdqNodes.Chain chain = qdq.table(plan, shape, qdq.store(plan, shape, bytes));
        graph.connect(plan, plan.consumers(), chain.nodes(), chain.output());
      }
    }
  }

  /** Whether all that reads it looks up rows of 4 bits, whose blocks are inside a row. */
  private boolean rowsInBlocks(TensorPlan plan) {
    return plan.format() == Format.MATMUL_NBITS
        && plan.role() == Role.WEIGHT
        && plan.consumers().stream().allMatch(consumer -> graph.takesRows(plan, consumer));
  }

  private void blockRows(TensorPlan plan, Shape shape, String stored) {
    PlannedGraph.require(
        shape.rank() == 2
            && plan.type().dtype().bits() == 4
            && plan.axis().orElse(-1) == 1
            && plan.granularity().blockSize().isPresent(),
        plan,
        "GatherBlockQuantized requires a matrix of 4 bits in blocks along axis 1");
    for (String consumer : plan.consumers()) {
      graph.replace(
          plan, consumer, List.of(qdq.blockRows(plan, shape, stored, rowsOf(plan, consumer))));
    }
  }

  private NodeProto rowsOf(TensorPlan plan, String consumer) {
    NodeProto gather = graph.node(plan, consumer);
    PlannedGraph.require(
        graph.reads(plan, consumer, gather, 0) && Nodes.intAttribute(gather, "axis", 0) == 0,
        plan,
        "node '" + consumer + "' does not look up rows of it");
    return gather;
  }

  private void activation(TensorPlan plan) {
    if (plan.consumers().contains(TensorPlan.GRAPH_OUTPUT)) {
      QdqNodes.Chain chain = qdq.output(plan);
      graph.intercept(plan, chain.nodes().get(0).getInput(0), chain.nodes());
    } else {
      QdqNodes.Chain chain = qdq.activation(plan);
      graph.connect(plan, plan.consumers(), chain.nodes(), chain.output());
    }
  }

  private void constant(TensorPlan plan, Shape shape, ByteBuffer bytes) {
    String stored = qdq.store(plan, shape, bytes);
    Map<Boolean, List<String>> consumers =
        plan.consumers().stream().collect(Collectors.partitioningBy(c -> graph.takesRows(plan, c)));
    for (String gather : consumers.get(true)) {
      rows(plan, shape, stored, gather);
    }
    if (!consumers.get(false).isEmpty()) {
      boolean cast =
          plan.type().float8().isPresent()
              && plan.granularity().blockSize().isEmpty()
              && consumers.get(false).stream().anyMatch(readers::contains);
      QdqNodes.Chain chain =
          cast ? qdq.cast(plan, shape, stored) : qdq.constant(plan, shape, stored);
      graph.connect(plan, consumers.get(false), chain.nodes(), chain.output());
    }
  }

  private void rows(TensorPlan plan, Shape shape, String stored, String consumer) {
    NodeProto gather = rowsOf(plan, consumer);
    PlannedGraph.require(
        plan.type().dtype().bits() == 8 && plan.granularity().blockSize().isEmpty(),
        plan,
        "rows read by node '" + consumer + "' need 8 bits, per tensor or per channel");
    PlannedGraph.require(
        plan.axis().isEmpty()
            || (plan.axis().getAsInt() == 0
                && Arrays.stream(plan.zeroPoints()).allMatch(z -> z == 0)),
        plan,
        "rows read by node '" + consumer + "' need axis 0 and zero point 0");
    graph.replace(plan, consumer, qdq.rows(plan, shape, stored, gather));
  }
}
