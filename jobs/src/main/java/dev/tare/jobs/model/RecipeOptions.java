package dev.tare.jobs.model;

import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.target.Targets;
import dev.tare.jobs.TareException;
import java.util.Optional;

/**
 * What is quantized how, and for what.
 *
 * @param recipe name of a recipe that comes with Tare, path or URI of one, or {@link #AUTO}
 * @param target name of the runtime that the quantized model is for
 * @param strict whether it is an error that the target cannot do what the recipe wants
 * @param placement name of one of the target's placements, or {@link #FASTEST}; empty if the recipe
 *     alone says what is quantized
 */
public record RecipeOptions(
    String recipe, String target, boolean strict, Optional<String> placement) {

  /** Asks for the recipe that the model's graph suggests. */
  public static final String AUTO = "auto";

  /** Asks for the placement that measurements choose. */
  public static final String FASTEST = "fastest";

  /** The recipe that the user names, or else the target's own. */
  public static RecipeOptions of(
      Optional<String> recipe, String target, boolean strict, Optional<String> placement) {
    return new RecipeOptions(
        recipe.orElseGet(() -> Targets.of(target).data().recipe()), target, strict, placement);
  }

  /** The default target for a model's format, with the recipe that a run would take. */
  public static RecipeOptions ofDefault(ModelHandle model) {
    String target = Targets.ofFormat(model.formatName()).orElse(Targets.DEFAULT).name();
    return of(Optional.empty(), target, false, Optional.empty());
  }

  /**
   * Returns the options, if the target reads models of this one's format.
   *
   * @throws TareException (usage) if it does not, naming one that does
   */
  public RecipeOptions of(ModelHandle model) {
    String format = model.formatName();
    Optional<String> own = Targets.of(target).data().modelFormat();
    Optional<TargetProfile> claimed = Targets.ofFormat(format);
    boolean reads = own.map(format::equals).orElse(claimed.isEmpty());
    if (!reads) {
      throw TareException.usage(
          "Target %s is not for %s models, and '%s' is one: add --target %s"
              .formatted(
                  target,
                  format,
                  model.files().fileName(),
                  claimed.orElse(Targets.DEFAULT).name()));
    }
    return this;
  }

  /**
   * Whether a model is evaluated in the target's own runtime: the default's, or that of a format
   * which this target alone reads.
   */
  public boolean targetEvaluates() {
    TargetProfile wanted = Targets.of(target);
    return wanted.name().equals(Targets.DEFAULT.name()) || wanted.data().modelFormat().isPresent();
  }

  /** Whether measurements choose the placement. */
  public boolean fastest() {
    return placement.filter(FASTEST::equals).isPresent();
  }

  /** Whether the model's graph chooses the recipe. */
  public boolean automatic() {
    return recipe.equals(AUTO);
  }

  /** Returns the options with the name of a recipe. */
  public RecipeOptions named(String chosen) {
    return new RecipeOptions(chosen, target, strict, placement);
  }

  /** Returns the options with the name of a placement. */
  public RecipeOptions with(String chosen) {
    return new RecipeOptions(recipe, target, strict, Optional.of(chosen));
  }

  /** A recipe for the default target, whose limits leave operators in float. */
  public static RecipeOptions of(String recipe) {
    return new RecipeOptions(recipe, RecipeText.DEFAULT_TARGET, false, Optional.empty());
  }
}
