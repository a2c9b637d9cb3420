package dev.tare.engine.target;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorRule;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * TensorFlow Lite. With full integers every operator that has an int8 kernel reads and writes int8;
 * in the other modes activations stay float, and products read int8 weights.
 */
final class LiteTarget implements TargetProfile {

  private static final String FULLY_CONNECTED = "FULLY_CONNECTED";

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
    return recipe.placement() == Placement.ALL_SUPPORTED || !recipe.usesStatistics()
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
  public boolean packs(Format format, QuantizableNode node, TensorRule weight) {
    return false;
  }

  @Override
  public Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input) {
    return data.againstMode(mode)
        .or(
            () ->
                mode == Mode.STATIC
                    ? data.againstOperands(node.opType(), input.get(), weight)
                    : againstFloatInput(node, mode, weight))
        .or(
            () ->
                weight.blockSize().isPresent() || !weight.narrowRange()
                    ? Optional.of("its weights need narrow-range = true and no blocks")
                    : Optional.empty());
  }

  /** A Dequantize widens them when the model runs. */
  @Override
  public Optional<String> against(QuantType type) {
    return type == QuantType.FLOAT16 ? Optional.empty() : TargetProfile.super.against(type);
  }

  /** FullyConnected computes wrong numbers from scales by channel and a float input (2.20). */
  @Override
  public boolean channelScales(QuantizableNode node, Mode mode) {
    boolean one = mode == Mode.DYNAMIC && node.opType().equals(FULLY_CONNECTED);
    return !one && TargetProfile.super.channelScales(node, mode);
  }

  private Optional<String> againstFloatInput(QuantizableNode node, Mode mode, TensorRule weight) {
    if (weight.type() == QuantType.FLOAT16 && mode == Mode.WEIGHT_ONLY) {
      return Optional.empty();
    }
    if (weight.type() != QuantType.INT8 || !weight.symmetric()) {
      return Optional.of("its weights need type = int8 and symmetric = true");
    }
    if (mode == Mode.WEIGHT_ONLY) {
      return Optional.empty();
    }
    if (LiteKernel.hybridVersion(node.opType()).isEmpty()) {
      return Optional.of(
          "%s has no %s that quantizes its input at run time".formatted(title(), node.opType()));
    }
    if (node.depthwise()) {
      return weight.perChannel()
          ? Optional.empty()
          : Optional.of("in mode dynamic its weights need granularity = per-channel");
    }
    return node.groups() > 1
        ? Optional.of(
            "%s computes a convolution in groups statically or in float".formatted(title()))
        : Optional.empty();
  }

  /** Zero stays zero: the kernels take no zero point unless an option of theirs asks for one. */
  @Override
  public Target dynamicInput() {
    return new Target(QuantType.INT8, true, true, false);
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
