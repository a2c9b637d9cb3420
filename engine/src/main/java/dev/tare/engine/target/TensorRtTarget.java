package dev.tare.engine.target;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * TensorRT with explicit quantization: symmetric int8 activations and weights, biases in float, and
 * 4-bit weights in blocks.
 */
final class TensorRtTarget implements TargetProfile {

  private static final Set<Integer> BLOCKS = Set.of(64, 128);
  private static final int CHANNELS = 16;
  private static final int ALIGNED = 8;
  private static final int IMAGE_CHANNELS = 4;
  private static final int SMALLEST_KERNEL = 3;

  private final TargetData data = TargetData.load("tensorrt");

  @Override
  public TargetData data() {
    return data;
  }

  @Override
  public Set<String> operators(Placement placement) {
    Set<String> known = new TreeSet<>(TargetProfile.super.operators(placement));
    if (placement == Placement.ALL_SUPPORTED) {
      known.addAll(TensorRtPlacement.OPERATORS);
    }
    return known;
  }

  @Override
  public Optional<Refusal> refusal(Recipe recipe) {
    TensorRule weights = recipe.weights();
    return weights.blockSize().isPresent() && against(weights).isPresent()
        ? Optional.of(new Refusal("weights", against(weights).orElseThrow()))
        : Optional.empty();
  }

  @Override
  public boolean packs(Format format, QuantizableNode node, TensorRule weight) {
    return false;
  }

  @Override
  public boolean takesConstants(String opType) {
    return false;
  }

  @Override
  public Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input) {
    if (node.takesRows()) {
      return Optional.of(data.title() + " looks up rows of a table in float");
    }
    if (mode == Mode.WEIGHT_ONLY && data.modes().contains(mode)) {
      return weightAlone(node, weight);
    }
    return data.againstMode(mode)
        .or(() -> data.againstOperands(node.opType(), input.get(), weight))
        .or(() -> small(node))
        .or(() -> OperatorLimits.ofStatic(node, weight, input.get().type().dtype().bits()));
  }

  private Optional<String> weightAlone(QuantizableNode node, TensorRule weight) {
    return node.opType().equals("MatMul") || node.opType().equals("Gemm")
        ? against(weight)
        : Optional.of(data.title() + " reads 4-bit weights of MatMul and Gemm only");
  }

  private Optional<String> against(TensorRule weight) {
    boolean blocks =
        weight.type().signed()
            && weight.type().dtype().bits() == 4
            && weight.symmetric()
            && weight.blockSize().isPresent()
            && BLOCKS.contains(weight.blockSize().getAsInt());
    return blocks
        ? Optional.empty()
        : Optional.of(
            data.title() + " reads weights alone as symmetric int4 in blocks of 64 or 128");
  }

  /**
   * Products for which its integer kernels are slower than those in float, by Model Optimizer's
   * sizes. Images have few channels, and their convolutions are worth it all the same.
   */
  private Optional<String> small(QuantizableNode node) {
    Shape shape = node.weightShape();
    long outputs = shape.dim(node.weightAxis());
    long inputs = node.blockAxis() < 0 ? outputs : shape.dim(node.blockAxis());
    if (!node.opType().equals("Conv")) {
      return outputs < CHANNELS || inputs < CHANNELS
          ? Optional.of(
              "a product of %d by %d numbers is too small to pay off in %s"
                  .formatted(inputs, outputs, data.title()))
          : Optional.empty();
    }
    List<Long> kernel = shape.dims().subList(2, shape.rank());
    boolean pays =
        node.groups() > 1
            ? outputs % ALIGNED == 0 && kernel.stream().allMatch(k -> k >= SMALLEST_KERNEL)
            : (outputs % ALIGNED == 0 || inputs % ALIGNED == 0)
                && (outputs >= CHANNELS || inputs >= CHANNELS || readsImage(inputs, kernel))
                && kernel.stream().distinct().count() == 1;
    return (outputs >= CHANNELS && inputs >= CHANNELS) || pays
        ? Optional.empty()
        : Optional.of(
            "a convolution of %d to %d channels is too small to pay off in %s"
                .formatted(inputs, outputs, data.title()));
  }

  /** Pixels have few channels; so have gates, whose convolutions are points. */
  private static boolean readsImage(long inputs, List<Long> kernel) {
    return inputs <= IMAGE_CHANNELS && kernel.stream().anyMatch(k -> k > 1);
  }

  @Override
  public Placed place(
      Recipe recipe,
      ModelGraph graph,
      List<QuantizableNode> chosen,
      Set<QuantizableNode> leftFloat) {
    return new Placed(
        List.of(), new TensorRtPlacement(recipe, graph.topology(), chosen, leftFloat).placed());
  }
}
