package dev.tare.engine.checkpoint;

import com.typesafe.config.Config;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.recipe.RecipeKeys;
import dev.tare.engine.recipe.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads the rules of a recipe for checkpoints, which use the words of those for graphs. */
final class CheckpointRuleParser {

  private static final String TENSORS = "tensors";
  private static final String QUANTIZE = "quantize";
  private static final String ROLE = "role";
  private static final String INPUTS = "inputs";

  private CheckpointRuleParser() {}

  /**
   * Reads them, in their order.
   *
   * @param scheme what a rule with {@code quantize = true} returns to
   */
  static List<CheckpointRule> parse(Config recipe, WeightScheme scheme) {
    List<CheckpointRule> rules = new ArrayList<>();
    if (recipe.hasPath("rules")) {
      for (Config rule : recipe.getConfigList("rules")) {
        rules.add(parse("rule " + (rules.size() + 1), rule, recipe, scheme));
      }
    }
    return rules;
  }

  private static CheckpointRule parse(
      String name, Config rule, Config recipe, WeightScheme scheme) {
    Set<String> known = new HashSet<>(CheckpointRecipeParser.WEIGHT_KEYS);
    known.addAll(List.of(TENSORS, QUANTIZE, ROLE, INPUTS));
    RecipeKeys.refuseUnknown("a recipe for checkpoints", "rules.", rule, known);
    if (rule.hasPath(ROLE)) {
      RecipeKeys.choice(rule, ROLE, List.of(Role.WEIGHT));
    }
    Set<String> settings = new TreeSet<>(rule.root().keySet());
    settings.removeAll(List.of(TENSORS, QUANTIZE, ROLE));
    if (settings.isEmpty() != rule.hasPath(QUANTIZE)) {
      throw new RecipeException(
          "Invalid rule in a recipe (%s): give either quantize, or settings of weights"
              .formatted(rule.origin().description()));
    }
    return new CheckpointRule(
        name,
        CheckpointRecipeParser.pattern(rule, TENSORS, rule.getString(TENSORS)),
        settings.isEmpty()
            ? Optional.of(scheme).filter(each -> rule.getBoolean(QUANTIZE))
            : Optional.of(scheme(rule, settings.iterator().next(), recipe)));
  }

  /** The recipe's settings, overridden by those of the rule. */
  private static WeightScheme scheme(Config rule, String key, Config recipe) {
    Config own = rule.withoutPath(TENSORS).withoutPath(ROLE);
    Config merged =
        own.withFallback(recipe.getConfig("weights")).withFallback(recipe.withOnlyPath(INPUTS));
    for (String size : List.of("group-size", "group-rows")) {
      if (rule.hasPath(size) && merged.getString("granularity").equals("per-channel")) {
        throw RecipeKeys.at(
            rule, size, "needs granularity = per-group, and the recipe's is per-channel");
      }
    }
    return CheckpointRecipeParser.scheme(merged, rule, key);
  }
}
