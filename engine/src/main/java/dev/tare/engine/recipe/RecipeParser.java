package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.RangeSelector;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads a recipe from HOCON, format version 1:
 *
 * <pre>
 * format-version = 1
 * description = "one sentence"
 * operators = [MatMul, Gemm, Conv]
 * activations { type = uint8, symmetric = false, narrow-range = false, reduce-range = false,
 *               granularity = per-tensor, method = min-max }
 * weights     { ... the same keys ... }
 * float-above = 1e30
 * exclude = ["/encoder/layer.0/*"]
 * </pre>
 *
 * Every key but {@code exclude} is required: a recipe says what it does. Unknown keys are refused.
 */
public final class RecipeParser {

  private static final int FORMAT_VERSION = 1;
  private static final Set<String> KEYS =
      Set.of(
          "format-version",
          "description",
          "operators",
          "activations",
          "weights",
          "float-above",
          "exclude");
  private static final Set<String> RULE_KEYS =
      Set.of("type", "symmetric", "narrow-range", "reduce-range", "granularity", "method");
  private static final Set<String> OPERATORS = Set.of("MatMul", "Gemm", "Conv");

  private RecipeParser() {}

  /**
   * Reads a recipe.
   *
   * @param name what the user called the recipe; stands in the plan
   * @throws RecipeException if a key is unknown, missing, or has no usable value
   */
  public static Recipe parse(String name, Config config) {
    try {
      refuseUnknown("", config, KEYS);
      int version = config.getInt("format-version");
      if (version != FORMAT_VERSION) {
        throw at(config, "format-version", "expected " + FORMAT_VERSION + ", found " + version);
      }
      List<String> operators = config.getStringList("operators");
      for (String operator : operators) {
        if (!OPERATORS.contains(operator)) {
          throw at(
              config,
              "operators",
              "cannot quantize '" + operator + "'; known are " + new TreeSet<>(OPERATORS));
        }
      }
      double floatAbove = config.getDouble("float-above");
      if (!(floatAbove > 0)) {
        throw at(config, "float-above", "expected a positive number, found " + floatAbove);
      }
      return new Recipe(
          name,
          config.getString("description"),
          operators,
          rule("activations", config),
          rule("weights", config),
          floatAbove,
          exclude(config));
    } catch (ConfigException e) {
      throw new RecipeException("Invalid recipe '" + name + "': " + e.getMessage(), e);
    }
  }

  private static List<NamePattern> exclude(Config config) {
    if (!config.hasPath("exclude")) {
      return List.of();
    }
    try {
      return config.getStringList("exclude").stream().map(NamePattern::new).toList();
    } catch (IllegalArgumentException e) {
      throw at(config, "exclude", e.getMessage());
    }
  }

  private static TensorRule rule(String section, Config config) {
    Config rule = config.getConfig(section);
    refuseUnknown(section + ".", rule, RULE_KEYS);
    TensorRule parsed =
        new TensorRule(
            type(rule),
            rule.getBoolean("symmetric"),
            rule.getBoolean("narrow-range"),
            rule.getBoolean("reduce-range"),
            perChannel(rule),
            method(rule));
    if (parsed.narrowRange() && !parsed.type().signed()) {
      throw at(rule, "narrow-range", "an unsigned type has no narrow range");
    }
    return parsed;
  }

  private static QuantType type(Config rule) {
    String text = rule.getString("type");
    return switch (text) {
      case "int8" -> QuantType.INT8;
      case "uint8" -> QuantType.UINT8;
      default -> throw at(rule, "type", "expected int8 or uint8, found '" + text + "'");
    };
  }

  private static boolean perChannel(Config rule) {
    String text = rule.getString("granularity");
    return switch (text) {
      case "per-tensor" -> false;
      case "per-channel" -> true;
      default ->
          throw at(rule, "granularity", "expected per-tensor or per-channel, found '" + text + "'");
    };
  }

  private static RangeSelector method(Config rule) {
    try {
      return RangeSelector.parse(rule.getString("method").toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw at(rule, "method", e.getMessage());
    }
  }

  private static void refuseUnknown(String prefix, Config config, Set<String> known) {
    for (Map.Entry<String, ConfigValue> entry : config.root().entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw new RecipeException(
            "Unknown key '%s%s' in a recipe (%s); known are %s"
                .formatted(
                    prefix,
                    entry.getKey(),
                    where(entry.getValue().origin()),
                    new TreeSet<>(known)));
      }
    }
  }

  private static RecipeException at(Config config, String key, String problem) {
    return new RecipeException(
        "Invalid '%s' in a recipe (%s): %s"
            .formatted(key, where(config.getValue(key).origin()), problem));
  }

  private static String where(ConfigOrigin origin) {
    return origin.description();
  }
}
