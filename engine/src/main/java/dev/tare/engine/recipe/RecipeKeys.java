package dev.tare.engine.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Keys of recipes: those of graphs and those of checkpoints fail in the same words. */
public final class RecipeKeys {

  private RecipeKeys() {}

  /**
   * The value of a key that is one of these words.
   *
   * @throws RecipeException if it is another
   */
  public static <E extends Enum<E>> E choice(Config config, String key, List<E> choices) {
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

  static void refuseUnknown(String prefix, Config config, Set<String> known) {
    refuseUnknown("a recipe", prefix, config, known);
  }

  /**
   * Refuses keys that are not known, with their place.
   *
   * @param what what has the keys, with its article
   * @param prefix of the section that is looked at
   * @throws RecipeException if there is such a key
   */
  public static void refuseUnknown(String what, String prefix, Config config, Set<String> known) {
    for (Map.Entry<String, ConfigValue> entry : config.root().entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw new RecipeException(
            "Unknown key '%s%s' in %s (%s); known are %s"
                .formatted(
                    prefix,
                    entry.getKey(),
                    what,
                    entry.getValue().origin().description(),
                    new TreeSet<>(known)));
      }
    }
  }

  /** The failure of a key, with its place. */
  public static RecipeException at(Config config, String key, String problem) {
    return new RecipeException(
        "Invalid '%s' in a recipe (%s): %s"
            .formatted(key, config.getValue(key).origin().description(), problem));
  }
}
