package dev.tare.engine.checkpoint;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A weight of a plan for a graph that can be the weight of a linear layer: symmetric int8, with one
 * scale or one for each output.
 *
 * @param plan what was decided for it
 * @param transposed whether the graph stores it as [in, out]
 * @param input the plan of the layer's inputs; empty where they stay float
 */
public record LinearWeight(TensorPlan plan, boolean transposed, Optional<TensorPlan> input) {

  /**
   * Finds these weights.
   *
   * @param graph of the model that the plan's weights are those of
   * @param left receives the other weights that the plan quantizes, each with the reason
   * @return by name, sorted
   */
  public static SortedMap<String, LinearWeight> of(
      QuantPlan plan, ModelGraph graph, SortedMap<String, String> left) {
    SortedMap<String, List<QuantizableNode>> users =
        graph.nodes().stream()
            .collect(
                Collectors.groupingBy(QuantizableNode::weight, TreeMap::new, Collectors.toList()));
    SortedMap<String, LinearWeight> all = new TreeMap<>();
    for (TensorPlan weight : plan.quantized(Role.WEIGHT)) {
      List<QuantizableNode> nodes = users.getOrDefault(weight.tensor(), List.of());
      List<Optional<TensorPlan>> inputs = new ArrayList<>();
      nodes.forEach(node -> inputs.add(input(plan, node)));
      String reason = against(weight, nodes, inputs);
      if (reason.isEmpty()) {
        boolean transposed = nodes.get(0).weightAxis() == 1;
        all.put(weight.tensor(), new LinearWeight(weight, transposed, inputs.get(0)));
      } else {
        left.put(weight.tensor(), reason);
      }
    }
    return all;
  }

  private static Optional<TensorPlan> input(QuantPlan plan, QuantizableNode node) {
    return plan.quantized(Role.ACTIVATION).stream()
        .filter(each -> each.tensor().equals(node.input()))
        .filter(each -> each.consumers().contains(node.node()))
        .findFirst();
  }

  private static String against(
      TensorPlan weight, List<QuantizableNode> nodes, List<Optional<TensorPlan>> inputs) {
    if (nodes.isEmpty()
        || weight.shape().orElseThrow().rank() != 2
        || nodes.stream().anyMatch(node -> !multiplies(node))) {
      return "it is not the weight of a linear layer";
    }
    int axis = nodes.get(0).weightAxis();
    if (nodes.stream().anyMatch(node -> node.weightAxis() != axis)) {
      return "layers read it in two orders";
    }
    if (weight.type() != QuantType.INT8 || !weight.channels().haveZeroPoint(0)) {
      return "it is not symmetric int8";
    }
    if (weight.granularity().blockSize().isPresent()
        || (weight.axis().isPresent() && weight.axis().getAsInt() != axis)) {
      return "its scales are not those of outputs";
    }
    if (inputs.stream().distinct().count() > 1) {
      return "layers read it with inputs of several scales";
    }
    return inputs.get(0).map(LinearWeight::againstInput).orElse("");
  }

  /** Whether a node is a matrix product and nothing else. */
  private static boolean multiplies(QuantizableNode node) {
    return !node.takesRows() && node.channelScales() && !node.use().scaledSum();
  }

  private static String againstInput(TensorPlan input) {
    if (input.format() == Format.DYNAMIC) {
      return "scales of its inputs are found at run time, for a tensor here and for a token there";
    }
    boolean fits = input.type() == QuantType.INT8 || input.type() == QuantType.UINT8;
    return fits && input.channels().size() == 1 ? "" : "its inputs have not one scale of 8 bits";
  }

  /** Rows of the weight as a checkpoint has it: outputs of the layer. */
  public int rows() {
    return Math.toIntExact(plan.shape().orElseThrow().dim(transposed ? 1 : 0));
  }

  /** Columns of the weight as a checkpoint has it: inputs of the layer. */
  public int columns() {
    return Math.toIntExact(plan.shape().orElseThrow().dim(transposed ? 0 : 1));
  }

  /** Hash of the float values in a checkpoint's order. */
  public String digest(Tensor values) {
    return MatrixDigest.of(
        values.floats(),
        Math.toIntExact(values.shape().dim(0)),
        Math.toIntExact(values.shape().dim(1)),
        transposed);
  }

  /** The integers of a row in a checkpoint's order. */
  public byte[] row(ByteBuffer codes, int row) {
    byte[] values = new byte[columns()];
    for (int i = 0; i < values.length; i++) {
      values[i] = codes.get(transposed ? i * rows() + row : row * values.length + i);
    }
    return values;
  }

  /** A scale for each row. */
  public float[] scales() {
    float[] scales = plan.scales();
    if (scales.length == rows()) {
      return scales;
    }
    float[] repeated = new float[rows()];
    Arrays.fill(repeated, scales[0]);
    return repeated;
  }

  /** The zero point of the inputs as an int8, which they become of a uint8. */
  public int inputZeroPoint() {
    TensorPlan own = input.orElseThrow();
    return own.channels().zeroPoint(0) - (own.type() == QuantType.UINT8 ? 128 : 0);
  }
}
