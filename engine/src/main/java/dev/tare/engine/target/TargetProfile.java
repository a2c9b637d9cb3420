package dev.tare.engine.target;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeLimits;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.recipe.Words;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * What a quantized model is for: which operators run in integers there, which tensors are
 * quantized, and which forms of weights, activations and biases it accepts. Planning gets every
 * limit from here and knows none itself. What the targets of ONNX models share has a default here.
 */
public interface TargetProfile extends RecipeLimits {

  /** What its file says of it. */
  TargetData data();

  /** How commands, plans and tables call it. */
  default String name() {
    return data().name();
  }

  /** The target's name in messages. */
  default String title() {
    return data().title();
  }

  /** One sentence about it. */
  default String description() {
    return data().description();
  }

  @Override
  default Set<String> operators(Placement placement) {
    Set<String> known = new TreeSet<>(Set.of("MatMul", "Gemm", "Conv", "ConvTranspose", "Gather"));
    if (placement == Placement.ALL_SUPPORTED) {
      known.addAll(AllSupported.OPERATORS);
    }
    return known;
  }

  @Override
  default List<Format> formats() {
    return data().formats();
  }

  /** Whether constants of an operator without a weight are quantized if the placement says so. */
  default boolean takesConstants(String opType) {
    return AllSupported.OPERATORS.contains(opType);
  }

  /**
   * Whether the operator, in mode weight-only, accepts a weight with these settings in a packed
   * format.
   *
   * @param format one of {@link #formats}, not QDQ
   */
  boolean packs(Format format, QuantizableNode node, TensorRule weight);

  /**
   * Returns why an operator stays float; empty if it does not.
   *
   * @param weight how the recipe quantizes its weight
   * @param input how the recipe wants its input; asked for in mode static alone
   */
  Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input);

  /** Returns why the target reads nothing of a type that Tare writes; empty if it does. */
  default Optional<String> against(QuantType type) {
    return type.isInteger()
        ? Optional.empty()
        : Optional.of("numbers of %s are not written for %s".formatted(Words.of(type), title()));
  }

  /** Whether the channels of a weight may have their own scales. */
  default boolean channelScales(QuantizableNode node, Mode mode) {
    return OperatorLimits.channelScales(node, mode);
  }

  /**
   * Returns why an operator cannot read a weight as it was quantized for another one; empty if it
   * can.
   */
  default Optional<String> against(QuantizableNode node, Mode mode, DecidedWeight weight) {
    return OperatorLimits.against(node, mode, weight);
  }

  /**
   * Finds what {@link dev.tare.engine.recipe.Placement#ALL_SUPPORTED} quantizes.
   *
   * @param chosen operators with weights that the recipe quantizes
   * @param leftFloat those that it leaves in float
   */
  default Placed place(
      Recipe recipe,
      ModelGraph graph,
      List<QuantizableNode> chosen,
      Set<QuantizableNode> leftFloat) {
    AllSupported all = new AllSupported(this, recipe, graph, chosen, leftFloat);
    return new Placed(all.normalizations(), all.placed());
  }

  /** Where the target puts Q/DQ, by name; the first is what a plan has that names none. */
  default List<NamedPlacement> placements() {
    return List.of(NamedPlacement.INPUTS);
  }

  /**
   * One of {@link #placements} by its name.
   *
   * @throws IllegalArgumentException naming all and the nearest, if there is none of that name
   */
  default NamedPlacement placement(String name) {
    List<String> names = placements().stream().map(NamedPlacement::name).toList();
    return placements().stream()
        .filter(placement -> placement.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "target %s has no placement '%s'; nearest is '%s' of %s"
                        .formatted(name(), name, Nearest.to(name, names, 1).get(0), names)));
  }

  /**
   * Finds the activations of a placement that quantizes outputs.
   *
   * @param chosen operators that the recipe quantizes statically
   */
  default PlacedTensors outputs(Recipe recipe, ModelGraph graph, List<QuantizableNode> chosen) {
    return new ConvolutionOutputs(recipe, graph.topology(), chosen).placed();
  }

  /**
   * What a placement finds.
   *
   * @param normalizations those with a constant scale, which is a weight
   * @param tensors everything else
   */
  record Placed(List<QuantizableNode> normalizations, PlacedTensors tensors) {
    public Placed {
      normalizations = List.copyOf(normalizations);
    }
  }

  /** Returns how biases of static operators are stored; empty if they stay float. */
  default Optional<BiasForm> bias() {
    return data().bias();
  }

  /**
   * Whether the bias of an operator can be stored in that form: integer products add it at the
   * scale of the accumulator, which a factor such as Gemm's alpha or beta would change.
   */
  default boolean holdsBias(QuantizableNode node) {
    return bias().isPresent() && !node.use().scaledSum();
  }

  /** Returns the bias that is stored in that form, if the operator has one. */
  default Optional<String> biasOf(QuantizableNode node) {
    return node.bias().filter(bias -> holdsBias(node));
  }

  /**
   * Returns the bias that an integer product of this type must have in every channel, although its
   * model gives it none, where several operators read its result; empty if it needs none.
   */
  default Optional<Float> nominalBias(String opType) {
    return Optional.empty();
  }

  /** Oldest version of ONNX's standard operators in which the target reads what is written. */
  default int minOpset() {
    return data().minOpset();
  }

  /** Newest version of ONNX's standard operators that the target loads. */
  default int maxOpset() {
    return data().maxOpset();
  }

  /** The integers that an input becomes at run time in mode dynamic: DynamicQuantizeLinear's. */
  default Target dynamicInput() {
    return new Target(QuantType.UINT8, false, false, false);
  }

  /**
   * Returns why an activation may not have scales per channel; empty if it may. A model with such
   * scales is valid ONNX, but integer kernels refuse to run it.
   */
  default Optional<String> againstChannelsOfActivations() {
    return Optional.of("for which " + title() + " takes one scale");
  }
}
