package dev.tare.engine.target;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorRule;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * OpenVINO's CPU plug-in. It reads the same QDQ models as ONNX Runtime, and multiplies integers for
 * fewer types: what a product of other types would be computed in is float, with all the costs of
 * its Q and DQ.
 */
final class OpenVinoTarget implements TargetProfile {

  /** Far below the last bit of a sum of integers times two scales, and no subnormal. */
  private static final float NOMINAL_BIAS = 0x1p-100f;

  private final TargetData data = TargetData.load("openvino");

  @Override
  public TargetData data() {
    return data;
  }

  @Override
  public List<NamedPlacement> placements() {
    return NamedPlacement.ALL;
  }

  /** What it cannot compute in integers stays float, operator by operator. */
  @Override
  public Optional<Refusal> refusal(Recipe recipe) {
    return Optional.empty();
  }

  @Override
  public boolean packs(Format format, QuantizableNode node, TensorRule weight) {
    return false;
  }

  @Override
  public Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input) {
    Optional<String> noMode = data.againstMode(mode);
    if (noMode.isPresent()) {
      return noMode;
    }
    if (node.takesRows() || mode != Mode.STATIC) {
      return OperatorLimits.reason(node, mode, weight);
    }
    return data.againstOperands(node.opType(), input.get(), weight)
        .or(() -> OperatorLimits.ofStatic(node, weight, input.get().type().dtype().bits()));
  }

  /**
   * Without a bias, and with dynamic shapes, the plug-in fuses the scale for one reader into the
   * convolution, and multiplies it again for another. A bias of zeros does not help: it is removed.
   */
  @Override
  public Optional<Float> nominalBias(String opType) {
    return opType.equals("Conv") ? Optional.of(NOMINAL_BIAS) : Optional.empty();
  }
}
