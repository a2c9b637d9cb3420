package dev.tare.engine.target;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/**
 * A choice of where a target puts QuantizeLinear and DequantizeLinear for the static operators of a
 * recipe with {@code placement = constant-weights}. Which of them is fastest depends on the model
 * and the processor; each gives the same model everywhere.
 *
 * @param name how commands, plans and tables call it
 * @param description one sentence
 * @param outputs whether outputs of convolutions are quantized too
 * @param smallInFloat whether depthwise convolutions and small products stay float
 * @param convolutionsInFloat whether convolutions compute in float, with integer weights
 */
public record NamedPlacement(
    String name,
    String description,
    boolean outputs,
    boolean smallInFloat,
    boolean convolutionsInFloat) {

  /** Inputs of products: what a plan has that names no placement. */
  public static final NamedPlacement INPUTS =
      new NamedPlacement(
          "inputs", "inputs and weights of products are quantized", false, false, false);

  /** Also outputs of convolutions. */
  public static final NamedPlacement OUTPUTS =
      new NamedPlacement(
          "outputs",
          "outputs of convolutions, or of a Relu or Clip behind them, are quantized too, and sums"
              + " between quantized tensors",
          true,
          false,
          false);

  /** Depthwise convolutions and small products in float. */
  public static final NamedPlacement DEPTHWISE_FLOAT =
      new NamedPlacement(
          "depthwise-float",
          "as inputs, with depthwise convolutions and small products in float",
          false,
          true,
          false);

  /** Outputs of those convolutions that are neither depthwise nor small. */
  public static final NamedPlacement OUTPUTS_DEPTHWISE_FLOAT =
      new NamedPlacement(
          "outputs-depthwise-float",
          "as outputs, with depthwise convolutions and small products in float",
          true,
          true,
          false);

  /** Convolutions compute in float. */
  public static final NamedPlacement CONVOLUTIONS_FLOAT =
      new NamedPlacement(
          "convolutions-float",
          "as inputs, with activations of convolutions in float and their weights in integers",
          false,
          false,
          true);

  /** The caller exchanges float32 with the model, whatever is inside. */
  public static final NamedPlacement FLOAT_ENDS =
      new NamedPlacement(
          "float-ends", "inputs and outputs of the model stay float32", false, false, false);

  /** The caller exchanges integers with the model. */
  public static final NamedPlacement INTEGER_ENDS =
      new NamedPlacement(
          "integer-ends",
          "inputs and outputs of the model are int8, where an integer operator reads or writes"
              + " them",
          false,
          false,
          false);

  /** All for ONNX; the first is that of plans that name none. */
  static final List<NamedPlacement> ALL =
      List.of(INPUTS, OUTPUTS, DEPTHWISE_FLOAT, OUTPUTS_DEPTHWISE_FLOAT, CONVOLUTIONS_FLOAT);

  /** Products over fewer numbers, or with fewer results, are small. */
  private static final int SMALL = 16;

  /** Returns why a static operator stays float; empty if it is quantized. */
  public Optional<String> reasonToLeave(QuantizableNode node) {
    if (!smallInFloat || node.takesRows()) {
      return Optional.empty();
    }
    if (node.depthwise()) {
      return Optional.of("placement %s leaves depthwise convolutions in float".formatted(name));
    }
    long outputs = node.weightShape().dim(node.weightAxis());
    long terms = terms(node);
    return outputs < SMALL || terms < SMALL
        ? Optional.of(
            "placement %s leaves a product of %d terms with %d results in float"
                .formatted(name, terms, outputs))
        : Optional.empty();
  }

  /** Numbers that are summed for one result. */
  private static long terms(QuantizableNode node) {
    Shape shape = node.weightShape();
    return isConvolution(node) || node.blockAxis() < 0
        ? shape.size() / Math.max(1, shape.dim(node.weightAxis()))
        : shape.dim(node.blockAxis());
  }

  /** The mode of an operator for which the recipe has another one. */
  public Mode mode(QuantizableNode node, Mode wanted) {
    return convolutionsInFloat && wanted == Mode.STATIC && isConvolution(node)
        ? Mode.WEIGHT_ONLY
        : wanted;
  }

  static boolean isConvolution(QuantizableNode node) {
    return node.opType().equals("Conv") || node.opType().equals("ConvTranspose");
  }

  /**
   * Whether it says what callers exchange with the model, and not what computes in integers: which
   * of them to take is not a question of time.
   */
  public boolean isOfEnds() {
    return equals(FLOAT_ENDS) || equals(INTEGER_ENDS);
  }

  /** Returns why the placement does not go with a recipe; empty if it does. */
  public Optional<String> against(Recipe recipe) {
    if (isOfEnds()) {
      return equals(INTEGER_ENDS) && !recipe.usesStatistics()
          ? Optional.of("inputs and outputs are integers only where activations are")
          : Optional.empty();
    }
    if (recipe.placement() != Placement.CONSTANT_WEIGHTS) {
      return Optional.of("the recipe says itself what is quantized: placement = all-supported");
    }
    if (!recipe.usesStatistics()) {
      return Optional.of("it is about activations, and the recipe quantizes none ahead of time");
    }
    return outputs && recipe.quantizesActivationsPerChannel()
        ? Optional.of("it needs activations per tensor")
        : Optional.empty();
  }
}
