package dev.tare.engine.checkpoint;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigValue;
import dev.tare.engine.recipe.NamePattern;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.recipe.Words;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
 * fused = [[q_proj, k_proj, v_proj]]       # of nvfp4: layers whose weights share a scale
 * exclude = ["*lm_head", "*embed*"]        # paths of modules
 * </pre>
 *
 * Unknown keys are refused.
 */
public final class CheckpointRecipeParser {

  private static final int FORMAT_VERSION = 1;
  private static final String FORMAT = "compressed-tensors";
  private static final String GROUP_SIZE = "group-size";
  private static final String GROUP_ROWS = "group-rows";
  private static final String FUSED = "fused";
  private static final int GRID_STEPS = 50;
  private static final Pattern METHOD = Pattern.compile("min-max|mse-grid(?:-([0-9]{1,4}))?");
  private static final Set<String> KEYS =
      Set.of("format-version", "description", "format", "weights", "inputs", FUSED, "exclude");
  private static final Set<String> WEIGHT_KEYS =
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
      refuseUnknown("", config, KEYS);
      int version = config.getInt("format-version");
      if (version != FORMAT_VERSION) {
        throw at(config, "format-version", "expected " + FORMAT_VERSION + ", found " + version);
      }
      WeightScheme scheme = scheme(config);
      return new CheckpointRecipe(
          name, config.getString("description"), scheme, fused(config, scheme), exclude(config));
    } catch (ConfigException e) {
      throw new RecipeException("Invalid recipe '" + name + "': " + e.getMessage(), e);
    }
  }

  private static WeightScheme scheme(Config config) {
    Config weights = config.getConfig("weights");
    refuseUnknown("weights.", weights, WEIGHT_KEYS);
    String granularity = weights.getString("granularity");
    if (!List.of("per-channel", "per-group").contains(granularity)) {
      throw at(weights, "granularity", "expected per-channel or per-group");
    }
    boolean grouped = granularity.equals("per-group");
    try {
      return new WeightScheme(
          choice(weights, "type", List.of(WeightType.values())),
          weights.getBoolean("symmetric"),
          grouped ? OptionalInt.of(weights.getInt(GROUP_SIZE)) : OptionalInt.empty(),
          grouped && weights.hasPath(GROUP_ROWS) ? weights.getInt(GROUP_ROWS) : 1,
          gridSteps(weights),
          choice(config, "inputs", List.of(WeightScheme.Inputs.values())));
    } catch (IllegalArgumentException e) {
      throw at(config, "weights", e.getMessage());
    }
  }

  private static OptionalInt gridSteps(Config weights) {
    Matcher method = METHOD.matcher(weights.getString("method"));
    if (!method.matches()) {
      throw at(weights, "method", "expected min-max, mse-grid or mse-grid-N");
    }
    if (method.group().equals("min-max")) {
      return OptionalInt.empty();
    }
    String steps = method.group(1);
    return OptionalInt.of(steps == null ? GRID_STEPS : Integer.parseInt(steps));
  }

  private static List<List<String>> fused(Config config, WeightScheme scheme) {
    if (!config.hasPath(FUSED)) {
      return List.of();
    }
    if (!scheme.hasTensorScale()) {
      throw at(config, FUSED, "weights of %s share no scale".formatted(Words.of(scheme.type())));
    }
    List<List<String>> groups = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (ConfigValue value : config.getList(FUSED)) {
      if (!(value instanceof ConfigList list)) {
        throw at(config, FUSED, "expected a list of lists of names");
      }
      List<String> group = list.stream().map(name -> String.valueOf(name.unwrapped())).toList();
      for (String name : group) {
        if (!names.add(name)) {
          throw at(config, FUSED, "'%s' is named twice".formatted(name));
        }
      }
      groups.add(group);
    }
    return groups;
  }

  private static List<NamePattern> exclude(Config config) {
    try {
      return config.getStringList("exclude").stream().map(NamePattern::new).toList();
    } catch (IllegalArgumentException e) {
      throw at(config, "exclude", e.getMessage());
    }
  }

  private static <E extends Enum<E>> E choice(Config config, String key, List<E> choices) {
    String text = config.getString(key);
    return Words.find(text, choices)
        .orElseThrow(
            () ->
                at(
                    config,
                    key,
                    "expected %s, found '%s'"
                        .formatted(
                            choices.stream().map(Words::of).collect(Collectors.joining(" or ")),
                            text)));
  }

  private static void refuseUnknown(String prefix, Config config, Set<String> known) {
    for (Map.Entry<String, ConfigValue> entry : config.root().entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw new RecipeException(
            "Unknown key '%s%s' in a recipe for checkpoints (%s); known are %s"
                .formatted(
                    prefix,
                    entry.getKey(),
                    entry.getValue().origin().description(),
                    new TreeSet<>(known)));
      }
    }
  }

  private static RecipeException at(Config config, String key, String problem) {
    return new RecipeException(
        "Invalid '%s' in a recipe (%s): %s"
            .formatted(key, config.getValue(key).origin().description(), problem));
  }
}
