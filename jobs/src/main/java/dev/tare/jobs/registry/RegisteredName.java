package dev.tare.jobs.registry;

import dev.tare.jobs.TareException;

/**
 * A model of a registry and an alias of one of its versions.
 *
 * @param model name of the registered model
 * @param alias what points to a version
 */
public record RegisteredName(String model, String alias) {

  /** The alias where none is named. */
  public static final String DEFAULT_ALIAS = "current";

  /**
   * Parses {@code NAME} or {@code NAME@ALIAS}.
   *
   * @throws TareException (usage) if it is written otherwise, or contains what MLflow refuses
   */
  public static RegisteredName parse(String text) {
    int at = text.lastIndexOf('@');
    String model = at < 0 ? text : text.substring(0, at);
    String alias = at < 0 ? DEFAULT_ALIAS : text.substring(at + 1);
    if (model.isBlank()
        || model.matches(".*[/:@'\"].*")
        || !alias.matches("[A-Za-z0-9_-]{1,255}")
        || alias.matches("(?i)latest|v[0-9]+")) {
      throw TareException.usage(
          "With --mlflow, --as names a registered model and an alias, NAME@ALIAS, such as minilm@champion; not '%s'"
              .formatted(text));
    }
    return new RegisteredName(model, alias);
  }

  /** As MLflow's clients write it. */
  public String uri() {
    return "models:/%s@%s".formatted(model, alias);
  }
}
