package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import dev.tare.engine.graph.QuantizableNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Reads the rules and excludes of a recipe. */
final class RuleParser {

  private static final Set<String> MATCHING = Set.of("tensors", "operators", "role");
  private static final Set<String> DECIDING = Set.of("quantize", "mode");

  private RuleParser() {}

  static List<RecipeRule> parse(Config recipe, Set<String> types) {
    List<RecipeRule> rules = new ArrayList<>();
    if (recipe.hasPath("rules")) {
      for (Config rule : recipe.getConfigList("rules")) {
        rules.add(parse("rule " + (rules.size() + 1), rule, recipe, types));
      }
    }
    return rules;
  }

  private static RecipeRule parse(String name, Config rule, Config recipe, Set<String> types) {
    Set<String> known = new HashSet<>(TensorRuleParser.KEYS);
    known.addAll(MATCHING);
    known.addAll(DECIDING);
    RecipeKeys.refuseUnknown("rules.", rule, known);
    Optional<Role> role =
        rule.hasPath("role")
            ? Optional.of(RecipeKeys.choice(rule, "role", List.of(Role.ACTIVATION, Role.WEIGHT)))
            : Optional.empty();
    Set<String> settings = new TreeSet<>(rule.root().keySet());
    settings.retainAll(TensorRuleParser.KEYS);
    if (role.isEmpty() && !settings.isEmpty()) {
      String first = settings.iterator().next();
      throw RecipeKeys.at(
          rule, first, "a setting of tensors needs role = activation or role = weight");
    }
    if (role.isPresent() && (rule.hasPath("quantize") || rule.hasPath("mode"))) {
      throw RecipeKeys.at(
          rule,
          "role",
          "quantize and mode are decided for whole operators; leave it out, or use mode ="
              + " weight-only for activations in float");
    }
    boolean decides = !settings.isEmpty() || rule.hasPath("quantize") || rule.hasPath("mode");
    if (!decides) {
      throw new RecipeException(
          "Invalid rule in a recipe (%s): it decides nothing; give quantize, mode, or a role with"
                  .formatted(rule.origin().description())
              + " settings");
    }
    List<String> operators =
        rule.hasPath("operators") ? rule.getStringList("operators") : List.of();
    List<String> own = new ArrayList<>(operators);
    own.remove(QuantizableNode.DEPTHWISE);
    RecipeParser.requireKnown(rule, own, types);
    return new RecipeRule(
        name,
        rule.hasPath("tensors")
            ? Optional.of(RecipeParser.pattern(rule, "tensors", rule.getString("tensors")))
            : Optional.empty(),
        operators,
        role,
        rule.hasPath("quantize") ? Optional.of(rule.getBoolean("quantize")) : Optional.empty(),
        rule.hasPath("mode")
            ? Optional.of(RecipeKeys.choice(rule, "mode", List.of(Mode.values())))
            : Optional.empty(),
        role.map(r -> settings(r, rule, recipe)));
  }

  /** Returns the recipe's settings for the role, overridden by those of the rule. */
  private static TensorRule settings(Role role, Config rule, Config recipe) {
    String section = TensorRuleParser.name(role);
    Config own = rule.withoutPath("tensors").withoutPath("operators").withoutPath("role");
    return TensorRuleParser.parse(
        role, recipe.hasPath(section) ? own.withFallback(recipe.getConfig(section)) : own);
  }
}
