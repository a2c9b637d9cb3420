package dev.tare.engine.recipe;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a recipe may ask for, which the target of its models decides. */
public interface RecipeLimits {

  /**
   * A setting that the target cannot hold.
   *
   * @param key the setting, as a recipe spells it
   * @param problem why, in words
   */
  record Refusal(String key, String problem) {}

  /** Types of operators that a placement may quantize. */
  Set<String> operators(Placement placement);

  /** How weights may be held in mode weight-only. */
  List<Format> formats();

  /** What a whole recipe asks for that no model could have; empty where there is nothing. */
  Optional<Refusal> refusal(Recipe recipe);
}
