package dev.tare.engine.checkpoint;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.recipe.RecipeKeys;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a recipe for checkpoints from HOCON, format version 1:
 *
 * <pre>
 * format-version = 1
 * description = "one sentence"
 * format = compressed-tensors
 * weights { type = int4, symmetric = true, granularity = per-group, group-size = 128,
 *           method = min-max }             # or mse-grid, mse-grid-N
 * inputs = float                           # or dynamic-token, dynamic-group
 * fused = [[q_proj, k_proj, v_proj]]       # patterns of layers that a runtime joins
 * exclude = ["*lm_head", "*embed*"]        # short for rules with quantize = false, after all others
 * rules = [ { tensors = "*.self_attn.*", type = int8, granularity = per-channel },
 *           { tensors = "*.layers.0.*", quantize = false } ]
 * </pre>
 *
 * A rule matches by a pattern for the path of a module, or for the name of its weight; the last one
 * that matches decides. Its settings, those of {@code weights} and {@code inputs}, override the
 * recipe's. Unknown keys are refused.
 */
public final class CheckpointRecipeParser {

  private static final int FORMAT_VERSION = 1;
  private static final String FORMAT = "compressed-tensors";
  private static final String GROUP_SIZE = "group-size";
  private static final String GROUP_ROWS = "group-rows";
  private static final String FUSED = "fused";
  private static final String INPUTS = "inputs";

  /** Name of the rules that exclude modules. */
  static final String EXCLUDE = "exclude";

  private static final int GRID_STEPS = 50;
  private static final Pattern METHOD = Pattern.compile("min-max|mse-grid(?:-([0-9]{1,4}))?");
  private static final Set<String> KEYS =
      Set.of("format-version", "description", "format", "weights", INPUTS, FUSED, EXCLUDE, "rules");
  static final Set<String> WEIGHT_KEYS =
      Set.of("type", "symmetric", "granularity", GROUP_SIZE, GROUP_ROWS, "method");

  private CheckpointRecipeParser() {}

  /** Whether a file says that it is for checkpoints, and not for graphs. */
  public static boolean recognizes(Config config) {
    return config.hasPath("format") && config.getString("format").equals(FORMAT);
  }

  /**
   * Reads a recipe.
   *
   * @param name what the user called it
   * @throws RecipeException if a key is unknown or missing, or its value is not valid
   */
  public static CheckpointRecipe parse(String name, Config config) {
    try {
      if (!recognizes(config)) {
        throw new RecipeException(
            "Recipe '%s' is not for checkpoints, whose recipes say: format = %s"
                .formatted(name, FORMAT));
      }
      RecipeKeys.refuseUnknown("a recipe for checkpoints", "", config, KEYS);
      int version = config.getInt("format-version");
      if (version != FORMAT_VERSION) {
        throw RecipeKeys.at(
            config, "format-version", "expected " + FORMAT_VERSION + ", found " + version);
      }
      Config weights = config.getConfig("weights");
      RecipeKeys.refuseUnknown("a recipe for checkpoints", "weights.", weights, WEIGHT_KEYS);
      WeightScheme scheme =
          scheme(weights.withValue(INPUTS, config.getValue(INPUTS)), config, "weights");
      List<CheckpointRule> rules = new ArrayList<>(CheckpointRuleParser.parse(config, scheme));
      rules.addAll(exclude(config));
      return new CheckpointRecipe(
          name, config.getString("description"), scheme, fused(config), rules);
    } catch (ConfigException e) {
      throw new RecipeException("Invalid recipe '" + name + "': " + e.getMessage(), e);
    }
  }

  /**
   * The scheme of a section.
   *
   * @param weights settings of weights, and inputs
   * @param where a section with the key that is blamed if they do not go together
   */
  static WeightScheme scheme(Config weights, Config where, String key) {
    String granularity = weights.getString("granularity");
    if (!List.of("per-channel", "per-group").contains(granularity)) {
      throw RecipeKeys.at(weights, "granularity", "expected per-channel or per-group");
    }
    boolean grouped = granularity.equals("per-group");
    try {
      return new WeightScheme(
          RecipeKeys.choice(weights, "type", List.of(WeightType.values())),
          weights.getBoolean("symmetric"),
          grouped ? OptionalInt.of(weights.getInt(GROUP_SIZE)) : OptionalInt.empty(),
          grouped && weights.hasPath(GROUP_ROWS) ? weights.getInt(GROUP_ROWS) : 1,
          gridSteps(weights),
          RecipeKeys.choice(weights, INPUTS, List.of(WeightScheme.Inputs.values())));
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(where, key, e.getMessage());
    }
  }

  private static OptionalInt gridSteps(Config weights) {
    Matcher method = METHOD.matcher(weights.getString("method"));
    if (!method.matches()) {
      throw RecipeKeys.at(weights, "method", "expected min-max, mse-grid or mse-grid-N");
    }
    if (method.group().equals("min-max")) {
      return OptionalInt.empty();
    }
    String steps = method.group(1);
    return OptionalInt.of(steps == null ? GRID_STEPS : Integer.parseInt(steps));
  }

  private static List<List<NamePattern>> fused(Config config) {
    if (!config.hasPath(FUSED)) {
      return List.of();
    }
    List<List<NamePattern>> groups = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (ConfigValue value : config.getList(FUSED)) {
      if (!(value instanceof ConfigList list)) {
        throw RecipeKeys.at(config, FUSED, "expected a list of lists of names");
      }
      List<String> group = list.stream().map(name -> String.valueOf(name.unwrapped())).toList();
      for (String name : group) {
        if (!names.add(name)) {
          throw RecipeKeys.at(config, FUSED, "'%s' is named twice".formatted(name));
        }
      }
      groups.add(group.stream().map(NamePattern::new).toList());
    }
    return groups;
  }

  private static List<CheckpointRule> exclude(Config config) {
    return config.getStringList(EXCLUDE).stream()
        .map(glob -> new CheckpointRule(EXCLUDE, pattern(config, EXCLUDE, glob), Optional.empty()))
        .toList();
  }

  static NamePattern pattern(Config config, String key, String glob) {
    try {
      return new NamePattern(glob);
    } catch (IllegalArgumentException e) {
      throw RecipeKeys.at(config, key, e.getMessage());
    }
  }
}
