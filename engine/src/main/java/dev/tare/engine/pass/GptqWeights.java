package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the weights of a plan that {@link Gptq} can round, or {@link WeightedScales} can scale. */
public final class GptqWeights {

  /**
   * The size of a Gram matrix.
   *
   * @param rows channels, or taps of channels
   * @param vectors whose products were summed
   * @param diagonal whether only products of rows with themselves are there
   */
  public record Size(int rows, long vectors, boolean diagonal) {}

  private final List<TensorPlan> plans;
  private final GramInput.Finder finder;
  private final List<SmoothedInput> smoothed;
  private final Map<String, Size> sizes;
  private final List<GptqPlan.Weight> weights = new ArrayList<>();
  private final List<GptqPlan.Weight> scaled = new ArrayList<>();
  private final List<GptqPlan.Nearest> nearest = new ArrayList<>();

  private GptqWeights(
      List<TensorPlan> plans,
      GramInput.Finder finder,
      List<SmoothedInput> smoothed,
      Map<String, Size> sizes) {
    this.plans = plans;
    this.finder = finder;
    this.smoothed = smoothed;
    this.sizes = sizes;
  }

  /**
   * Returns the quantized weights that MatMul, Gemm and Conv without groups read, all with one
   * input of which there is a Gram matrix, for a convolution of at least twice as many vectors as
   * it has rows, and those of other products with the reason.
   *
   * @param plans of the model's tensors
   * @param smoothed the inputs that a plan smooths
   * @param graph the model as they change it
   * @param sizes of the matrices, by name
   * @param gramSha256 identity of the matrices, which the plan records
   * @param damping of {@link Gptq#of}
   */
  public static GptqPlan of(
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      ModelGraph graph,
      Map<String, Size> sizes,
      String gramSha256,
      double damping) {
    GptqWeights found = found(plans, smoothed, graph, sizes);
    return new GptqPlan(gramSha256, damping, found.weights, found.nearest);
  }

  /**
   * Returns the weights that would be among them if there were more than the diagonal of the matrix
   * of what they multiply; not those with tables of their own, which have more than a scale.
   */
  public static List<GptqPlan.Weight> ofDiagonals(
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      ModelGraph graph,
      Map<String, Size> sizes) {
    return List.copyOf(found(plans, smoothed, graph, sizes).scaled);
  }

  private static GptqWeights found(
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      ModelGraph graph,
      Map<String, Size> sizes) {
    Map<String, List<QuantizableNode>> readers = new HashMap<>();
    for (QuantizableNode node : graph.nodes()) {
      readers.computeIfAbsent(node.weight(), w -> new ArrayList<>()).add(node);
    }
    GptqWeights found = new GptqWeights(plans, new GramInput.Finder(graph), smoothed, sizes);
    for (TensorPlan plan : plans) {
      boolean product = readers.containsKey(plan.tensor());
      if (product && plan.role() == Role.WEIGHT && plan.quantized() && rounds(plan.type())) {
        found.add(plan, readers.get(plan.tensor()));
      }
    }
    return found;
  }

  /** Integers, and codes of a table. */
  private static boolean rounds(QuantType type) {
    return type.isInteger() || type.learned() || type.codebook().isPresent();
  }

  private void add(TensorPlan plan, List<QuantizableNode> readers) {
    QuantizableNode first = readers.get(0);
    Optional<String> reason =
        finder
            .reason(first)
            .or(() -> differ(readers))
            .or(() -> blocks(plan, first))
            .or(() -> lacking(first));
    if (reason.isPresent()) {
      nearest.add(new GptqPlan.Nearest(plan.tensor(), reason.get()));
      return;
    }
    GramInput input = input(first);
    boolean diagonal = sizes.get(input.matrix()).diagonal();
    if (diagonal) {
      nearest.add(
          new GptqPlan.Nearest(
              plan.tensor(),
              "of the Gram matrix of its input '%s' there is only the diagonal"
                  .formatted(input.tensor())));
    }
    if (diagonal && plan.type().learned()) {
      return;
    }
    (diagonal ? scaled : weights)
        .add(
            new GptqPlan.Weight(
                plan.tensor(),
                first.input(),
                first.blockAxis(),
                input.patches().isPresent() ? input.matrix() : "",
                readers.size() == 1 && !diagonal ? bias(first) : ""));
  }

  /** The integer bias that only this convolution adds. */
  private String bias(QuantizableNode node) {
    return node.bias()
        .filter(bias -> node.opType().equals("Conv"))
        .filter(
            bias ->
                plans.stream()
                    .anyMatch(
                        plan ->
                            plan.role() == Role.BIAS
                                && plan.quantized()
                                && plan.tensor().equals(bias)
                                && plan.consumers().equals(List.of(node.node()))))
        .orElse("");
  }

  private static Optional<String> differ(List<QuantizableNode> readers) {
    QuantizableNode first = readers.get(0);
    boolean alike =
        readers.stream()
            .allMatch(
                node ->
                    node.opType().equals(first.opType())
                        && node.input().equals(first.input())
                        && node.blockAxis() == first.blockAxis());
    return alike
        ? Optional.empty()
        : Optional.of("%d operators multiply different inputs by it".formatted(readers.size()));
  }

  private static Optional<String> blocks(TensorPlan plan, QuantizableNode node) {
    Shape shape = node.weightShape();
    boolean taps = shape.rank() > 2 && shape.size() > shape.dim(0) * shape.dim(1);
    return taps && plan.granularity().blockSize().isPresent()
        ? Optional.of("the weight of a convolution with several taps has scales of blocks")
        : Optional.empty();
  }

  private Optional<String> lacking(QuantizableNode node) {
    GramInput input = input(node);
    long summed =
        input.patches().isPresent()
            ? node.weightShape().size() / node.weightShape().dim(0)
            : node.weightShape().dim(node.blockAxis());
    Size own = sizes.get(input.matrix());
    if (own == null || own.rows() != summed) {
      return Optional.of("there is no Gram matrix of its input '" + input.tensor() + "'");
    }
    // Those of pooled values: of each sample there is one.
    return input.patches().isPresent() && !own.diagonal() && own.vectors() < 2L * own.rows()
        ? Optional.of(
            "%d vectors say too little of how its %d inputs go together"
                .formatted(own.vectors(), own.rows()))
        : Optional.empty();
  }

  private GramInput input(QuantizableNode node) {
    return finder.of(node, observed(smoothed, node.input())).orElseThrow();
  }

  /** The tensor whose statistics are those of an input, before its factors. */
  public static String observed(List<SmoothedInput> smoothed, String input) {
    return smoothed.stream()
        .filter(own -> own.result().equals(input))
        .findFirst()
        .map(SmoothedInput::tensor)
        .orElse(input);
  }
}
