package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import dev.tare.engine.quant.QuantType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Reads a recipe from HOCON, format version 1:
 *
 * <pre>
 * format-version = 1
 * description = "one sentence"
 * mode = static                       # or dynamic, weight-only; default static
 * placement = constant-weights        # or all-supported; default constant-weights
 * format = qdq                        # or matmul-nbits, matmul-bnb4, gather: weight-only
 * operators = [MatMul, Gemm, Conv]
 * activations { type = uint8, symmetric = false, narrow-range = false, reduce-range = false,
 *               granularity = per-tensor, method = min-max }      # only if mode is static
 * weights     { ... the same keys; granularity = per-block has a block-size ... }
 *               # scales = power-of-two in both, default any
 * float-above = 1e30
 * guard = on                          # or off; default on
 * smoothing { alpha = 0.8, shift = off, fold = on } # or by-statistics; only static, per tensor
 * gptq { damping = 0.01, awq = off }  # not dynamic; awq only weight-only; default none
 * bias-correction = on                # or off; default off; needs mode static
 * equalization = on                   # or off; only static, per tensor; default off
 * passes = measured                   # or stated: those that are on; default stated
 * float-share = 0.05                  # of static products' multiplications; default 0
 * exclude = ["/encoder/layer.0/*"]    # short for rules with quantize = false, after all others
 * rules = [ { tensors = "/head/*", operators = [MatMul], quantize = false },
 *           { operators = [Conv], mode = weight-only },
 *           { tensors = "*dense*", role = activation, type = uint16 } ]
 * </pre>
 *
 * A rule matches by a glob over names of tensors and nodes, by operator types, or both; besides the
 * types of the recipe it may name DepthwiseConv. Settings of tensors need a role, and override
 * those of the recipe. Unknown keys are refused.
 */
public final class RecipeParser {

  private static final int FORMAT_VERSION = 1;
  private static final String BIAS_CORRECTION = "bias-correction";
  private static final String EQUALIZATION = "equalization";
  private static final String FLOAT_SHARE = "float-share";
  private static final Set<String> KEYS =
      Set.of(
          "format-version",
          "description",
          "mode",
          "format",
          "placement",
          "operators",
          "activations",
          "weights",
          "float-above",
          "smoothing",
          "gptq",
          BIAS_CORRECTION,
          EQUALIZATION,
          "passes",
          FLOAT_SHARE,
          "guard",
          "exclude",
          "rules");

  /** Which of the passes that are on change a model. */
  private enum Passes {
    STATED,
    MEASURED
  }

  private RecipeParser() {}

  /**
   * Reads a recipe.
   *
   * @param name what the user called the recipe; recorded in the plan
   * @param limits of the target that models are quantized for
   * @throws RecipeException if a key is unknown or missing, or its value is not valid
   */
  public static Recipe parse(String name, Config config, RecipeLimits limits) {
    try {
      RecipeKeys.refuseUnknown("", config, KEYS);
      int version = config.getInt("format-version");
      if (version != FORMAT_VERSION) {
        throw RecipeKeys.at(
            config, "format-version", "expected " + FORMAT_VERSION + ", found " + version);
      }
      double floatAbove = config.getDouble("float-above");
      if (!(floatAbove > 0)) {
        throw RecipeKeys.at(
            config, "float-above", "expected a positive number, found " + floatAbove);
      }
      Optional<TensorRule> activations =
          config.hasPath("activations")
              ? Optional.of(TensorRuleParser.section(Role.ACTIVATION, config))
              : Optional.empty();
      if (activations.isPresent() && activations.get().blockSize().isPresent()) {
        throw RecipeKeys.at(config, "activations", "activations have no blocks");
      }
      Placement placement =
          config.hasPath("placement")
              ? RecipeKeys.choice(config, "placement", List.of(Placement.values()))
              : Placement.CONSTANT_WEIGHTS;
      List<RecipeRule> rules =
          new ArrayList<>(RuleParser.parse(config, limits.operators(placement)));
      rules.addAll(exclude(config));
      Recipe recipe =
          new Recipe(
              name,
              config.getString("description"),
              config.hasPath("mode")
                  ? RecipeKeys.choice(config, "mode", List.of(Mode.values()))
                  : Mode.STATIC,
              format(config, limits),
              operators(config, limits.operators(placement)),
              activations,
              TensorRuleParser.section(Role.WEIGHT, config),
              floatAbove,
              rules,
              placement,
              smoothing(config),
              gptq(config),
              config.hasPath(BIAS_CORRECTION) && config.getBoolean(BIAS_CORRECTION),
              config.hasPath(EQUALIZATION) && config.getBoolean(EQUALIZATION),
              config.hasPath("passes")
                  && RecipeKeys.choice(config, "passes", List.of(Passes.values()))
                      == Passes.MEASURED,
              config.hasPath(FLOAT_SHARE) ? config.getDouble(FLOAT_SHARE) : 0,
              !config.hasPath("guard") || config.getBoolean("guard"),
              Map.of());
      check(recipe, config);
      limits
          .refusal(recipe)
          .ifPresent(
              refusal -> {
                throw RecipeKeys.at(config, refusal.key(), refusal.problem());
              });
      return recipe;
    } catch (ConfigException e) {
      throw new RecipeException("Invalid recipe '" + name + "': " + e.getMessage(), e);
    }
  }

  private static void check(Recipe recipe, Config config) {
    if (recipe.usesStatistics() && recipe.activations().isEmpty()) {
      throw new RecipeException(
          "Invalid recipe '%s': mode static needs 'activations'".formatted(recipe.name()));
    }
    if (recipe.smoothing().isPresent()
        && (recipe.mode() != Mode.STATIC || recipe.placement() != Placement.CONSTANT_WEIGHTS)) {
      throw RecipeKeys.at(
          config, "smoothing", "it needs mode static and placement constant-weights");
    }
    if (recipe.equalization()
        && (recipe.mode() != Mode.STATIC || recipe.placement() != Placement.CONSTANT_WEIGHTS)) {
      throw RecipeKeys.at(
          config, EQUALIZATION, "it needs mode static and placement constant-weights");
    }
    if (!(recipe.floatShare() >= 0 && recipe.floatShare() < 1)) {
      throw RecipeKeys.at(
          config, FLOAT_SHARE, "expected at least 0 and less than 1, found " + recipe.floatShare());
    }
    if (recipe.floatShare() > 0
        && (recipe.mode() != Mode.STATIC || recipe.placement() != Placement.CONSTANT_WEIGHTS)) {
      throw RecipeKeys.at(
          config, FLOAT_SHARE, "it needs mode static and placement constant-weights");
    }
    if (recipe.gptq().isPresent() && recipe.mode() == Mode.DYNAMIC) {
      throw RecipeKeys.at(config, "gptq", "it needs mode static or weight-only");
    }
    if (recipe.gptq().filter(GptqRule::awq).isPresent() && recipe.mode() != Mode.WEIGHT_ONLY) {
      throw RecipeKeys.at(config, "gptq.awq", "it needs mode weight-only");
    }
    if (has(recipe, type -> type.codebook().isPresent()) && recipe.format() != Format.MATMUL_BNB4) {
      throw RecipeKeys.at(
          config, "weights", "types nf4 and fp4 need format matmul-bnb4, and mode weight-only");
    }
    if (has(recipe, QuantType::learned) && recipe.format() != Format.GATHER) {
      throw RecipeKeys.at(
          config,
          "weights",
          "types codebook4 and codebook8 need format gather, and mode weight-only");
    }
    if (recipe.format() == Format.GATHER && recipe.mode() != Mode.WEIGHT_ONLY) {
      throw RecipeKeys.at(config, "format", "gather needs mode weight-only");
    }
    if (recipe.format() == Format.MATMUL_BNB4 && recipe.mode() != Mode.WEIGHT_ONLY) {
      throw RecipeKeys.at(config, "format", "matmul-bnb4 needs mode weight-only");
    }
    if (has(recipe, type -> type == QuantType.FLOAT16) && recipe.mode() != Mode.WEIGHT_ONLY) {
      throw RecipeKeys.at(config, "weights", "type float16 needs mode weight-only");
    }
    if (has(recipe, type -> type.float8().isPresent())) {
      boolean integers =
          recipe.biasCorrection() || recipe.equalization() || recipe.gptq().isPresent();
      if (integers || recipe.mode() == Mode.DYNAMIC) {
        throw RecipeKeys.at(
            config,
            "weights",
            "numbers of float8 take no mode dynamic, gptq, equalization or bias-correction");
      }
    }
    if (recipe.biasCorrection() && !recipe.usesStatistics()) {
      throw RecipeKeys.at(config, BIAS_CORRECTION, "it needs mode static");
    }
    if (recipe.placement() == Placement.ALL_SUPPORTED) {
      if (!recipe.usesStatistics()) {
        throw RecipeKeys.at(config, "placement", "all-supported needs mode static");
      }
      if (has(recipe, type -> !type.isInteger())) {
        throw RecipeKeys.at(config, "placement", "all-supported needs integers");
      }
      if (recipe.quantizesActivationsPerChannel()) {
        throw RecipeKeys.at(
            config,
            "placement",
            "all-supported needs activations per tensor: operators pass scales on to each other");
      }
    }
  }

  private static boolean has(Recipe recipe, Predicate<QuantType> types) {
    return Stream.concat(
            Stream.concat(Stream.of(recipe.weights()), recipe.activations().stream()),
            recipe.rules().stream().flatMap(rule -> rule.settings().stream()))
        .anyMatch(rule -> types.test(rule.type()));
  }

  private static Optional<SmoothingRule> smoothing(Config config) {
    if (!config.hasPath("smoothing")) {
      return Optional.empty();
    }
    Config section = config.getConfig("smoothing");
    RecipeKeys.refuseUnknown("smoothing.", section, Set.of("alpha", "shift", "fold"));
    try {
      return Optional.of(
          new SmoothingRule(
              section.getString("alpha").equals(SmoothingRule.BY_STATISTICS)
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(section.getDouble("alpha")),
              section.hasPath("shift") && section.getBoolean("shift"),
              !section.hasPath("fold") || section.getBoolean("fold")));
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(section, "alpha", e.getMessage());
    }
  }

  private static Optional<GptqRule> gptq(Config config) {
    if (!config.hasPath("gptq")) {
      return Optional.empty();
    }
    Config section = config.getConfig("gptq");
    RecipeKeys.refuseUnknown("gptq.", section, Set.of("damping", "awq"));
    try {
      return Optional.of(
          new GptqRule(
              section.getDouble("damping"), section.hasPath("awq") && section.getBoolean("awq")));
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(section, "damping", e.getMessage());
    }
  }

  private static Format format(Config config, RecipeLimits limits) {
    if (!config.hasPath("format")) {
      return Format.QDQ;
    }
    return RecipeKeys.choice(config, "format", limits.formats());
  }

  private static List<String> operators(Config config, Set<String> known) {
    List<String> operators = config.getStringList("operators");
    requireKnown(config, operators, known);
    return operators;
  }

  static void requireKnown(Config config, List<String> operators, Set<String> known) {
    for (String operator : operators) {
      if (!known.contains(operator)) {
        throw RecipeKeys.at(
            config,
            "operators",
            "cannot quantize '" + operator + "'; known are " + new TreeSet<>(known));
      }
    }
  }

  private static List<RecipeRule> exclude(Config config) {
    List<RecipeRule> rules = new ArrayList<>();
    if (config.hasPath("exclude")) {
      for (String glob : config.getStringList("exclude")) {
        rules.add(
            new RecipeRule(
                "exclude",
                Optional.of(pattern(config, "exclude", glob)),
                List.of(),
                Optional.empty(),
                Optional.of(false),
                Optional.empty(),
                Optional.empty()));
      }
    }
    return rules;
  }

  static NamePattern pattern(Config config, String key, String glob) {
    try {
      return new NamePattern(glob);
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(config, key, e.getMessage());
    }
  }
}
