package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.Targets;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run records about its plan.
 *
 * @param recipe name of the recipe
 * @param suited name of the recipe that suits the kind of the model; earlier runs do not say it
 * @param target name of the runtime that the plan is for; earlier runs do not say it: the default
 * @param placement name of the target's placement; empty if the recipe alone decided
 * @param contentSha256 identity of the statistics it was made from; empty if it needed none
 * @param quantized number of quantized tensors by role
 * @param left tensors of the plan that stay float
 */
public record SelectionFacts(
    String recipe,
    Optional<String> suited,
    String target,
    Optional<String> placement,
    Optional<String> contentSha256,
    SortedMap<Role, Integer> quantized,
    long left)
    implements FactSection {

  public SelectionFacts {
    quantized = Collections.unmodifiableSortedMap(new TreeMap<>(quantized));
  }

  static SelectionFacts fromJson(FactReader in) {
    EnumMap<Role, Integer> quantized = new EnumMap<>(Role.class);
    for (Role role : Role.values()) {
      in.optionalSize(key(role)).ifPresent(count -> quantized.put(role, count));
    }
    return new SelectionFacts(
        in.text("recipe"),
        in.optionalText("suited-recipe"),
        in.optionalText("target").orElse(Targets.DEFAULT.name()),
        in.optionalText("placement"),
        in.optionalText("content-sha256").filter(hash -> !hash.isEmpty()),
        new TreeMap<>(quantized),
        in.count("float"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put("recipe", recipe);
    suited.ifPresent(name -> node.put("suited-recipe", name));
    node.put("target", target);
    placement.ifPresent(name -> node.put("placement", name));
    node.put("content-sha256", contentSha256.orElse(""));
    quantized.forEach((role, count) -> node.put(key(role), count));
    node.put("float", left);
    return node;
  }

  private static String key(Role role) {
    return "quantized-" + role.name().toLowerCase(Locale.ROOT);
  }
}
