package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.RangeSelector;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads the section of a recipe on tensors of one role. */
final class TensorRuleParser {

  static final Set<String> KEYS =
      Set.of(
          "type",
          "symmetric",
          "narrow-range",
          "reduce-range",
          "granularity",
          "block-size",
          "method");
  private static final List<QuantType> TYPES =
      List.of(
          QuantType.INT4,
          QuantType.UINT4,
          QuantType.INT8,
          QuantType.UINT8,
          QuantType.INT16,
          QuantType.UINT16);

  private TensorRuleParser() {}

  static TensorRule section(String section, Config config) {
    Config rule = config.getConfig(section);
    RecipeKeys.refuseUnknown(section + ".", rule, KEYS);
    return parse(rule);
  }

  static TensorRule parse(Config rule) {
    String granularity = rule.getString("granularity");
    if (!List.of("per-tensor", "per-channel", "per-block").contains(granularity)) {
      throw RecipeKeys.at(
          rule,
          "granularity",
          "expected per-tensor, per-channel or per-block, found '" + granularity + "'");
    }
    TensorRule parsed =
        new TensorRule(
            type(rule),
            rule.getBoolean("symmetric"),
            rule.getBoolean("narrow-range"),
            rule.getBoolean("reduce-range"),
            granularity.equals("per-channel"),
            granularity.equals("per-block")
                ? OptionalInt.of(rule.getInt("block-size"))
                : OptionalInt.empty(),
            method(rule));
    if (parsed.blockSize().orElse(1) <= 0) {
      throw RecipeKeys.at(rule, "block-size", "expected a positive number");
    }
    if (parsed.narrowRange() && !parsed.type().signed()) {
      throw RecipeKeys.at(rule, "narrow-range", "an unsigned type has no narrow range");
    }
    if (parsed.reduceRange() && parsed.type().dtype().bits() != 8) {
      throw RecipeKeys.at(rule, "reduce-range", "only types of 8 bits have a reduced range");
    }
    return parsed;
  }

  private static QuantType type(Config rule) {
    String text = rule.getString("type");
    return Words.find(text, TYPES)
        .orElseThrow(
            () ->
                RecipeKeys.at(
                    rule,
                    "type",
                    "expected one of %s, found '%s'"
                        .formatted(
                            TYPES.stream().map(Words::of).collect(Collectors.joining(", ")),
                            text)));
  }

  private static RangeSelector method(Config rule) {
    try {
      return RangeSelector.parse(rule.getString("method").toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(rule, "method", e.getMessage());
    }
  }
}
