package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Mse;
import dev.tare.engine.range.Percentile;
import dev.tare.engine.range.RangeSelector;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the section of a recipe on tensors of one role. */
final class TensorRuleParser {

  private static final String SCALES = "scales";

  /** What scales may be. */
  private enum Scales {
    ANY,
    POWER_OF_TWO
  }

  static final Set<String> KEYS =
      Set.of(
          "type",
          "symmetric",
          "narrow-range",
          "reduce-range",
          "granularity",
          "block-size",
          "method",
          SCALES);
  private static final List<QuantType> TYPES =
      List.of(
          QuantType.INT4,
          QuantType.UINT4,
          QuantType.INT8,
          QuantType.UINT8,
          QuantType.INT16,
          QuantType.UINT16,
          QuantType.FLOAT8E4M3FN,
          QuantType.FLOAT8E5M2);
  private static final List<QuantType> TYPES_OF_WEIGHTS =
      Stream.concat(
              TYPES.stream(),
              Stream.of(
                  QuantType.FLOAT16,
                  QuantType.NF4,
                  QuantType.FP4,
                  QuantType.CODEBOOK4,
                  QuantType.CODEBOOK8))
          .toList();

  private TensorRuleParser() {}

  static TensorRule section(Role role, Config config) {
    String section = name(role);
    Config rule = config.getConfig(section);
    RecipeKeys.refuseUnknown(section + ".", rule, KEYS);
    return parse(role, rule);
  }

  /** Returns what the section of a role is called. */
  static String name(Role role) {
    return role == Role.ACTIVATION ? "activations" : "weights";
  }

  static TensorRule parse(Role role, Config rule) {
    String granularity = rule.getString("granularity");
    if (!List.of("per-tensor", "per-channel", "per-block").contains(granularity)) {
      throw RecipeKeys.at(
          rule,
          "granularity",
          "expected per-tensor, per-channel or per-block, found '" + granularity + "'");
    }
    TensorRule parsed =
        new TensorRule(
            type(rule, role == Role.ACTIVATION ? TYPES : TYPES_OF_WEIGHTS),
            rule.getBoolean("symmetric"),
            rule.getBoolean("narrow-range"),
            rule.getBoolean("reduce-range"),
            granularity.equals("per-channel"),
            granularity.equals("per-block")
                ? OptionalInt.of(rule.getInt("block-size"))
                : OptionalInt.empty(),
            method(rule),
            rule.hasPath(SCALES)
                && RecipeKeys.choice(rule, SCALES, List.of(Scales.values()))
                    == Scales.POWER_OF_TWO);
    if (parsed.blockSize().orElse(1) <= 0) {
      throw RecipeKeys.at(rule, "block-size", "expected a positive number");
    }
    if (parsed.narrowRange() && !parsed.type().signed()) {
      throw RecipeKeys.at(rule, "narrow-range", "an unsigned type has no narrow range");
    }
    boolean byteOfInteger = parsed.type().isInteger() && parsed.type().dtype().bits() == 8;
    if (parsed.reduceRange() && !byteOfInteger) {
      throw RecipeKeys.at(rule, "reduce-range", "only integers of 8 bits have a reduced range");
    }
    if (parsed.type() == QuantType.FLOAT16 && !isPlain(parsed)) {
      throw RecipeKeys.at(
          rule,
          "type",
          "float16 has no scales: it needs symmetric = true, granularity = per-tensor and method ="
              + " min-max");
    }
    if (!parsed.type().isInteger() && parsed.type() != QuantType.FLOAT16) {
      requireMagnitudes(parsed, rule);
    }
    if (role == Role.ACTIVATION && !parsed.type().isInteger() && parsed.perChannel()) {
      throw RecipeKeys.at(
          rule, "granularity", "inputs of " + Words.of(parsed.type()) + " need per-tensor");
    }
    if (parsed.type().learned() && parsed.blockSize().isPresent()) {
      throw RecipeKeys.at(
          rule, "granularity", "a learned table is for a tensor or a channel, not for a block");
    }
    if (parsed.type().learned() && !(parsed.method() instanceof MinMax)) {
      throw RecipeKeys.at(rule, "method", "a learned table needs min-max");
    }
    return parsed;
  }

  /** Numbers that are no integers have no zero point, and no cells that a divergence needs. */
  private static void requireMagnitudes(TensorRule parsed, Config rule) {
    if (!parsed.symmetric()) {
      throw RecipeKeys.at(
          rule, "symmetric", Words.of(parsed.type()) + " has no zero point: it needs true");
    }
    boolean known =
        parsed.method() instanceof MinMax
            || parsed.method() instanceof Mse
            || parsed.method() instanceof Percentile;
    if (!known) {
      throw RecipeKeys.at(
          rule,
          "method",
          "%s needs min-max, mse or a percentile, found '%s'"
              .formatted(Words.of(parsed.type()), parsed.method().name()));
    }
  }

  private static boolean isPlain(TensorRule rule) {
    return rule.symmetric()
        && !rule.perChannel()
        && rule.blockSize().isEmpty()
        && rule.method() instanceof MinMax;
  }

  private static QuantType type(Config rule, List<QuantType> types) {
    String text = rule.getString("type");
    return Words.find(text, types)
        .orElseThrow(
            () ->
                RecipeKeys.at(
                    rule,
                    "type",
                    "expected one of %s, found '%s'"
                        .formatted(
                            types.stream().map(Words::of).collect(Collectors.joining(", ")),
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
