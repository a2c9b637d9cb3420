package dev.tare.engine.target;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorRule;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * TensorFlow Lite with full integers: every operator that has an int8 kernel reads and writes int8.
 */
final class LiteTarget implements TargetProfile {

  private final TargetData data = TargetData.load("tflite");

  @Override
  public TargetData data() {
    return data;
  }

  @Override
  public Set<String> operators(Placement placement) {
    return LiteKernel.known().keySet();
  }

  @Override
  public List<NamedPlacement> placements() {
    return List.of(NamedPlacement.FLOAT_ENDS, NamedPlacement.INTEGER_ENDS);
  }

  /** An integer kernel writes integers, so a placement of inputs alone has nothing to run. */
  @Override
  public Optional<Refusal> refusal(Recipe recipe) {
    return recipe.placement() == Placement.ALL_SUPPORTED
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                "operators",
                "%s needs placement = all-supported: its integer kernels also write integers"
                    .formatted(title())));
  }

  @Override
  public boolean takesConstants(String opType) {
    return LiteKernel.of(opType)
        .filter(kernel -> kernel.scales() == LiteKernel.Scales.FREE)
        .isPresent();
  }

  @Override
  public boolean packs(QuantizableNode node, TensorRule weight) {
    return false;
  }

  @Override
  public Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input) {
    return data.againstMode(mode)
        .or(() -> data.againstOperands(node.opType(), input.get(), weight))
        .or(
            () ->
                weight.blockSize().isPresent() || !weight.narrowRange()
                    ? Optional.of("its weights need narrow-range = true and no blocks")
                    : Optional.empty());
  }

  @Override
  public Placed place(
      Recipe recipe,
      ModelGraph graph,
      List<QuantizableNode> chosen,
      Set<QuantizableNode> leftFloat) {
    return new Placed(List.of(), new LitePlacement(recipe, graph.topology(), chosen).placed());
  }
}
