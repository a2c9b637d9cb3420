package dev.tare.engine.recipe;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The choice of the user: which operators are quantized, and how their inputs and weights are.
 *
 * <p>By default outputs of operators, attention scores and masks stay float: quantizing them costs
 * a transformer much accuracy and saves little time.
 *
 * @param name as the user gave it: a shipped name or a file
 * @param description one sentence for display
 * @param mode when numbers become integers, unless a rule says otherwise
 * @param format how weights are stored in mode {@link Mode#WEIGHT_ONLY}: QDQ, MATMUL_NBITS,
 *     MATMUL_BNB4 or GATHER
 * @param operators operator types to quantize if they have a constant weight
 * @param activations rule for the inputs; present if anything is quantized statically
 * @param weights rule for the constants
 * @param floatAbove a tensor with a larger magnitude stays float: attention masks contain -3.4e38
 * @param rules exceptions; the last match decides
 * @param placement which tensors are quantized
 * @param smoothing how inputs of static products share the spread of their channels with the
 *     weights; empty if they keep it
 * @param gptq how weights of static products are rounded by the inputs seen; empty if to nearest
 * @param biasCorrection whether biases take up what quantization adds to the mean of results
 * @param equalization whether inputs of static convolutions share the spread of their channels with
 *     the weights, as far as that lessens the expected error
 * @param measured whether a run tries equalization and bias correction, each alone, both and none,
 *     and keeps what is measured to be best
 * @param floatShare the part of the multiplications of static products whose products, the
 *     cheapest, read their inputs in float, as statistics tell; 0 for none
 * @param guard whether a range that destroys a channel is replaced by that of all values
 * @param spoiled tensors that stay float, with the reason, since statistics say that a scale would
 *     spoil them; none in a recipe as it is read
 */
public record Recipe(
    String name,
    String description,
    Mode mode,
    Format format,
    List<String> operators,
    Optional<TensorRule> activations,
    TensorRule weights,
    double floatAbove,
    List<RecipeRule> rules,
    Placement placement,
    Optional<SmoothingRule> smoothing,
    Optional<GptqRule> gptq,
    boolean biasCorrection,
    boolean equalization,
    boolean measured,
    double floatShare,
    boolean guard,
    Map<String, String> spoiled) {

  /** The name under which the plan records the recipe's own settings, if no rule matches. */
  public static final String BASE = "recipe";

  /** Keys of the passes that a run may try, by the alphabet. */
  public static final List<String> PASSES = List.of("bias-correction", "equalization");

  /** Creates a recipe for inputs and weights of operators with a constant weight. */
  public Recipe(
      String name,
      String description,
      Mode mode,
      Format format,
      List<String> operators,
      Optional<TensorRule> activations,
      TensorRule weights,
      double floatAbove,
      List<RecipeRule> rules) {
    this(
        name,
        description,
        mode,
        format,
        operators,
        activations,
        weights,
        floatAbove,
        rules,
        Placement.CONSTANT_WEIGHTS,
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        false,
        0,
        true,
        Map.of());
  }

  public Recipe {
    operators = List.copyOf(operators);
    rules = List.copyOf(rules);
    spoiled = Map.copyOf(spoiled);
  }

  /** Returns the same with tensors that would be spoiled, by name, with the reason. */
  public Recipe withSpoiled(Map<String, String> tensors) {
    return new Recipe(
        name,
        description,
        mode,
        format,
        operators,
        activations,
        weights,
        floatAbove,
        rules,
        placement,
        smoothing,
        gptq,
        biasCorrection,
        equalization,
        measured,
        floatShare,
        guard,
        tensors);
  }

  /**
   * How a tensor is quantized, and which rule decided it.
   *
   * @param rule the settings
   * @param decidedBy {@link #BASE} or the name of a rule
   */
  public record Decision(TensorRule rule, String decidedBy) {}

  /**
   * Returns the settings for a tensor.
   *
   * @throws IllegalStateException if it is an activation and the recipe has no rule for any
   */
  public Decision decide(TensorQuery tensor) {
    for (int i = rules.size() - 1; i >= 0; i--) {
      RecipeRule rule = rules.get(i);
      if (rule.matches(tensor)) {
        return new Decision(settings(rule.settings().orElseThrow(), tensor), rule.name());
      }
    }
    TensorRule base =
        tensor.settings() == Role.ACTIVATION
            ? activations.orElseThrow(
                () -> new IllegalStateException("Recipe '" + name + "' has no activations"))
            : weights;
    return new Decision(settings(base, tensor), BASE);
  }

  /** For a constant the range comes from its extremes: it has no rare values to cut off. */
  private static TensorRule settings(TensorRule rule, TensorQuery tensor) {
    return tensor.nature() == TensorQuery.Nature.OPERAND ? rule.withMinMax() : rule;
  }

  /** Returns the mode of an operator. */
  public Mode mode(QuantizableNode node) {
    return mode(rule -> rule.matches(node));
  }

  public Mode mode(GraphNode node) {
    return mode(rule -> rule.matches(node));
  }

  private Mode mode(Predicate<RecipeRule> matches) {
    return last(rule -> rule.mode().isPresent() && matches.test(rule))
        .flatMap(RecipeRule::mode)
        .orElse(mode);
  }

  /** Whether a rule decides the mode of an operator, or how its input is quantized. */
  public boolean states(QuantizableNode node) {
    TensorQuery input = TensorQuery.ofActivation(node.input(), List.of(node.node()), node.kinds());
    return rules.stream().anyMatch(r -> r.mode().isPresent() ? r.matches(node) : r.matches(input));
  }

  /** Returns why an operator stays float; empty if it is quantized. */
  public Optional<String> reasonToLeave(QuantizableNode node) {
    return reasonToLeave(node.opType(), rule -> rule.matches(node));
  }

  public Optional<String> reasonToLeave(GraphNode node) {
    return reasonToLeave(node.opType(), rule -> rule.matches(node));
  }

  private Optional<String> reasonToLeave(String opType, Predicate<RecipeRule> matches) {
    Optional<RecipeRule> rule = last(r -> r.quantize().isPresent() && matches.test(r));
    if (rule.isPresent()) {
      return rule.flatMap(Recipe::exclusion);
    }
    return operators.contains(opType)
        ? Optional.empty()
        : Optional.of("the recipe does not quantize " + opType);
  }

  /** Returns why a tensor stays float, whatever reads it; empty if it may be quantized. */
  public Optional<String> reasonToLeave(String tensor) {
    return last(r -> r.quantize().isPresent() && r.names(tensor))
        .flatMap(Recipe::exclusion)
        .or(() -> Optional.ofNullable(spoiled.get(tensor)));
  }

  private static Optional<String> exclusion(RecipeRule rule) {
    String pattern = rule.pattern().map(p -> " '" + p.glob() + "'").orElse("");
    return rule.quantize().orElseThrow()
        ? Optional.empty()
        : Optional.of("the recipe excludes%s (%s)".formatted(pattern, rule.name()));
  }

  private Optional<RecipeRule> last(Predicate<RecipeRule> matches) {
    return rules.stream().filter(matches).reduce((earlier, later) -> later);
  }

  /** Those of {@link #PASSES} that are on. */
  public List<String> passes() {
    return PASSES.stream()
        .filter(pass -> pass.equals("equalization") ? equalization : biasCorrection)
        .toList();
  }

  /** Whether any rule or the recipe itself quantizes activations by calibrated ranges. */
  public boolean usesStatistics() {
    return mode == Mode.STATIC
        || rules.stream().anyMatch(r -> r.mode().filter(m -> m == Mode.STATIC).isPresent());
  }

  /** Whether any rule or the recipe itself gives channels of activations their own scales. */
  public boolean quantizesActivationsPerChannel() {
    return activations.filter(TensorRule::perChannel).isPresent()
        || rules.stream()
            .filter(rule -> rule.role().filter(Role.ACTIVATION::equals).isPresent())
            .anyMatch(rule -> rule.settings().orElseThrow().perChannel());
  }
}
