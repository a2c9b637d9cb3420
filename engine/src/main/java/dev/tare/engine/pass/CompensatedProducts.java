package dev.tare.engine.pass;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.plan.Compensation;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The products of a plan whose results can be compensated, in graph order, and why others cannot.
 *
 * @param products those with a quantized weight of their own and a bias for the shift
 * @param left the reasons of the others, by node
 */
public record CompensatedProducts(List<Product> products, SortedMap<String, String> left) {

  private static final Set<String> OPERATORS = Set.of("Conv", "Gemm", "MatMul");
  private static final int CONV_AXIS = 1;
  private static final int LAST = -1;

  public CompensatedProducts {
    products = List.copyOf(products);
  }

  /**
   * A product.
   *
   * @param node its name
   * @param weight the constant that it multiplies by
   * @param reader the node that adds the bias: itself, or an Add behind it
   * @param bias the constant that is added
   * @param result an unused name, for a changed bias
   * @param output what the reader computes: these values are compared
   * @param channelAxis of the output; -1 for the last
   * @param level how many products whose results reach its input are on the longest way there
   * @param scaled whether the weight's channels have scales of their own, so that a factor of a
   *     channel can go into them
   */
  public record Product(
      String node,
      String weight,
      String reader,
      String bias,
      String result,
      String output,
      int channelAxis,
      int level,
      boolean scaled)
      implements Serializable {

    private Product at(int other) {
      return new Product(node, weight, reader, bias, result, output, channelAxis, other, scaled);
    }

    /** The change of the plan that puts its channels on their lines. */
    public Compensation on(PairedFit fit) {
      return new Compensation(node, reader, weight, bias, result, fit.gains(), fit.shifts());
    }
  }

  /**
   * Finds them.
   *
   * @param graph of the model with the plan's changes
   */
  public static CompensatedProducts of(QuantPlan plan, ModelGraph graph) {
    Topology topology = graph.topology();
    Map<String, Integer> readers = readers(topology);
    Set<String> shifted = new HashSet<>();
    plan.gptq()
        .ifPresent(
            gptq ->
                gptq.weights().stream()
                    .filter(weight -> !weight.bias().isEmpty())
                    .forEach(weight -> shifted.add(weight.weight())));
    FreeNames names = FreeNames.of(topology);
    Set<String> results = new HashSet<>();
    List<Product> products = new ArrayList<>();
    SortedMap<String, String> left = new TreeMap<>();
    for (QuantizableNode node : graph.nodes()) {
      Optional<TensorPlan> weight =
          plan.tensors().stream()
              .filter(each -> each.role() == Role.WEIGHT && each.quantized())
              .filter(each -> each.tensor().equals(node.weight()))
              .filter(each -> each.consumers().contains(node.node()))
              .findFirst();
      if (weight.isEmpty() || node.takesRows()) {
        continue;
      }
      Optional<String> reason = against(node, readers, shifted);
      Optional<GraphNode> reader =
          reason.isPresent() ? Optional.empty() : reader(node, topology, graph);
      if (reader.isEmpty()) {
        left.put(node.node(), reason.orElse("it adds no constant bias, which could take a shift"));
        continue;
      }
      boolean behind = node.opType().equals("MatMul");
      String bias =
          behind ? BiasCorrection.constant(reader.get(), topology) : node.bias().orElseThrow();
      Optional<String> planned =
          behind ? planned(plan, node, reader.get(), bias, topology) : Optional.empty();
      if (planned.isPresent()) {
        left.put(node.node(), planned.get());
        continue;
      }
      results.add(reader.get().outputs().get(0));
      products.add(
          new Product(
              node.node(),
              node.weight(),
              reader.get().node(),
              bias,
              names.unused(bias + "_compensated"),
              reader.get().outputs().get(0),
              node.opType().equals("Conv") ? CONV_AXIS : LAST,
              0,
              weight.get().axis().isPresent() && !weight.get().target().powerOfTwo()));
    }
    Map<String, Integer> levels = levels(topology, results);
    return new CompensatedProducts(
        products.stream().map(each -> each.at(levels.get(each.output()) - 1)).toList(), left);
  }

  /** How many of some tensors are on the longest way to each tensor, itself included. */
  private static Map<String, Integer> levels(Topology topology, Set<String> counted) {
    Map<String, Integer> levels = new HashMap<>();
    for (GraphNode node : topology.nodes()) {
      int most = 0;
      for (String read : node.inputs()) {
        most = Math.max(most, levels.getOrDefault(read, 0));
      }
      for (String read : node.captured()) {
        most = Math.max(most, levels.getOrDefault(read, 0));
      }
      for (String made : node.outputs()) {
        levels.put(made, counted.contains(made) ? most + 1 : most);
      }
    }
    return levels;
  }

  /** How many nodes read each constant, by the name under which the model stores it. */
  private static Map<String, Integer> readers(Topology topology) {
    Map<String, Integer> readers = new TreeMap<>();
    for (GraphNode node : topology.nodes()) {
      Set<String> reads = new HashSet<>(node.inputs());
      reads.addAll(node.captured());
      Set<String> constants = new HashSet<>();
      reads.forEach(name -> constants.add(topology.constants().getOrDefault(name, name)));
      constants.forEach(name -> readers.merge(name, 1, Integer::sum));
    }
    return readers;
  }

  private static Optional<String> against(
      QuantizableNode node, Map<String, Integer> readers, Set<String> shifted) {
    if (!OPERATORS.contains(node.opType()) || node.inputIndex() != 0) {
      return Optional.of("operator " + node.opType() + " is not compensated");
    }
    if (node.use().scaledSum()) {
      return Optional.of("its sum has factors");
    }
    if (readers.getOrDefault(node.weight(), 0) != 1) {
      return Optional.of("other operators read its weight too");
    }
    return shifted.contains(node.weight())
        ? Optional.of("its bias takes up what GPTQ does to the mean")
        : Optional.empty();
  }

  /**
   * Why an Add cannot take up a shift: what it reads is quantized, with scales for a bias and sums
   * without a line. What it computes may be: a line takes it nearer to the float model's results,
   * for which that scale was selected.
   */
  private static Optional<String> planned(
      QuantPlan plan, QuantizableNode node, GraphNode add, String bias, Topology topology) {
    String sum =
        topology.nodes().stream()
            .filter(each -> each.node().equals(node.node()))
            .map(each -> each.outputs().get(0))
            .findFirst()
            .orElseThrow();
    for (TensorPlan each : plan.tensors()) {
      boolean read = each.quantized() && each.consumers().contains(add.node());
      if (read && each.tensor().equals(bias)) {
        return Optional.of("the Add behind it reads its bias as a quantized constant of its own");
      }
      if (read && each.tensor().equals(sum) && !each.channels().isEmpty()) {
        return Optional.of("its sums are quantized before the bias, and a gain could exceed them");
      }
    }
    return Optional.empty();
  }

  /** The node that adds a bias with a number for each output channel, if its result is a float. */
  private static Optional<GraphNode> reader(
      QuantizableNode node, Topology topology, ModelGraph graph) {
    Optional<GraphNode> reader;
    if (node.opType().equals("MatMul")) {
      reader =
          node.weightShape().rank() == 2
              ? BiasCorrection.behind(node, topology, graph)
              : Optional.empty();
    } else {
      reader =
          node.bias()
              .map(graph::constant)
              .filter(bias -> isVector(bias, node))
              .flatMap(
                  bias ->
                      topology.nodes().stream()
                          .filter(each -> each.node().equals(node.node()))
                          .findFirst());
    }
    return reader.filter(each -> topology.floats().contains(each.outputs().get(0)));
  }

  private static boolean isVector(Tensor bias, QuantizableNode node) {
    return bias.dtype() == DType.FLOAT32
        && bias.shape().rank() == 1
        && bias.shape().size() == node.weightShape().dim(node.weightAxis());
  }
}
