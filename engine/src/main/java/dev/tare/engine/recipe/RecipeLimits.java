package dev.tare.engine.recipe;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a recipe may contain; decided by the target of the models. */
public interface RecipeLimits {

  /**
   * A setting that the target does not support.
   *
   * @param key the setting's key in a recipe
   * @param problem why, in words
   */
  record Refusal(String key, String problem) {}

  /** Returns the operator types that a placement may quantize. */
  Set<String> operators(Placement placement);

  /** Returns how weights may be stored in mode weight-only. */
  List<Format> formats();

  /** Returns what in a whole recipe no model could satisfy; empty if there is nothing. */
  Optional<Refusal> refusal(Recipe recipe);
}
