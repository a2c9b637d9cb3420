package dev.tare.jobs.model;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.recipe.RecipeParser;
import dev.tare.engine.target.NamedPlacement;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.target.Targets;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * A recipe as text, as it travels to executors.
 *
 * @param name a shipped name, or the place of a file
 * @param json the resolved recipe
 * @param targetName what models are quantized for by it
 * @param placementName the target's placement that the user named; "" if none, or if it is yet to
 *     be chosen
 */
public record RecipeText(String name, String json, String targetName, String placementName)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  /** The target of a run that names none. */
  public static final String DEFAULT_TARGET = Targets.DEFAULT.name();

  /** Recipes that come with Tare; {@code conf/recipes/README.md} decodes the names. */
  public static final List<String> SHIPPED =
      List.of(
          "int8",
          "int8-all",
          "int8-cnn",
          "int8-cnn-mse",
          "int8-entropy",
          "int8-mse",
          "int8-percentile",
          "int8-power-of-two",
          "int8-reduced",
          "int8-symmetric",
          "int8-tensorrt",
          "int8-tflite",
          "int8-tflite-dynamic",
          "int8-tflite-weights",
          "int8-transformer",
          "int8-transformer-gptq",
          "int16x8",
          "int16x8-cnn",
          "int16x8-cnn-gptq",
          "int16x8-tflite",
          "float16-tflite-weights",
          "float8e4m3fn",
          "float8e4m3fn-weights",
          "float8e5m2",
          "int8-dynamic",
          "int8-weights",
          "int8-weights-b32",
          "int8-weights-b64",
          "int8-weights-b128",
          "int8-nbits-b32",
          "int4-weights",
          "int4-weights-b32",
          "int4-weights-b64",
          "int4-weights-b128",
          "int4-nbits-b32",
          "int4-nbits-b64",
          "int4-nbits-b128",
          "nf4-bnb4-b32",
          "nf4-bnb4-b64",
          "fp4-bnb4-b64",
          "codebook4-weights",
          "codebook8-weights",
          "int4-gptq-b32",
          "int4-gptq-b64",
          "int4-gptq-b128",
          "int4-gptq-nbits-b32",
          "int4-gptq-nbits-b128");

  /**
   * Finds a recipe: a shipped name, or else a file.
   *
   * @param options not {@link RecipeOptions#automatic}
   * @throws TareException (usage) if there is no such recipe, it cannot be read, the target refuses
   *     it, has no such placement, or the placement does not go with it
   */
  public static RecipeText open(RecipeOptions options, Configuration hadoop) throws IOException {
    String nameOrPlace = options.recipe();
    try {
      Config config =
          RecipeIncludes.ofGraphs(hadoop).find(nameOrPlace).orElseThrow(() -> unknown(nameOrPlace));
      requirePlaceable(
          RecipeParser.parse(nameOrPlace, config, Targets.of(options.target())), options);
      return new RecipeText(
          nameOrPlace,
          config.root().render(ConfigRenderOptions.concise()),
          options.target(),
          options.fastest() ? "" : options.placement().orElse(""));
    } catch (ConfigException e) {
      throw TareException.usage("Invalid recipe '" + nameOrPlace + "': " + e.getMessage());
    } catch (RecipeException e) {
      throw TareException.usage(e.getMessage());
    }
  }

  private static TareException unknown(String name) {
    return TareException.usage(
        RecipeIncludes.isForCheckpoints(name)
            ? "Recipe '%1$s' is for a checkpoint of PyTorch, not for a model with a graph: tare quantize --recipe %1$s --model FOLDER --output RUN"
                .formatted(name)
            : "Unknown recipe '%s': shipped are %s; auto chooses one by the model; a file is named with its folder or ends in .conf"
                .formatted(name, String.join(", ", SHIPPED)));
  }

  private static void requirePlaceable(Recipe recipe, RecipeOptions options) {
    if (options.placement().isEmpty()) {
      return;
    }
    String name = options.placement().get();
    TargetProfile target = Targets.of(options.target());
    if (options.fastest() && target.placements().size() == 1) {
      throw TareException.usage(
          "--placement %s measures placements, and target %s has one alone"
              .formatted(name, options.target()));
    }
    if (options.fastest() && target.placements().stream().allMatch(NamedPlacement::isOfEnds)) {
      throw TareException.usage(
          "--placement %s measures where operators compute in integers, and placements of target %s say what callers exchange with the model: choose one of %s by what your device needs"
              .formatted(
                  name,
                  options.target(),
                  target.placements().stream()
                      .map(NamedPlacement::name)
                      .collect(Collectors.joining(", "))));
    }
    NamedPlacement placement =
        options.fastest() ? target.placements().get(0) : placement(target, name);
    placement
        .against(recipe)
        .ifPresent(
            reason -> {
              throw TareException.usage(
                  "--placement %s is not for recipe '%s': %s"
                      .formatted(name, recipe.name(), reason));
            });
  }

  private static NamedPlacement placement(TargetProfile target, String name) {
    try {
      return target.placement(name);
    } catch (IllegalArgumentException e) {
      throw TareException.usage("--placement: " + e.getMessage());
    }
  }

  /** Where the target puts Q/DQ by it. */
  public NamedPlacement placement() {
    return namedPlacement().map(target()::placement).orElse(target().placements().get(0));
  }

  /** The same recipe with a placement. */
  public RecipeText with(NamedPlacement placement) {
    return new RecipeText(name, json, targetName, placement.name());
  }

  /** The same recipe with the placement of a user who names none. */
  public RecipeText unplaced() {
    return new RecipeText(name, json, targetName, "");
  }

  /**
   * The same recipe with no more than some of its passes.
   *
   * @param kept names of keys of passes that are on or off
   */
  public RecipeText withPasses(List<String> kept) {
    Config config = ConfigFactory.parseString(json);
    for (String pass : Recipe.PASSES) {
      if (config.hasPath(pass)) {
        boolean on = config.getBoolean(pass) && kept.contains(pass);
        config = config.withValue(pass, ConfigValueFactory.fromAnyRef(on));
      }
    }
    return with(config);
  }

  /**
   * The same recipe with further rules, behind its own.
   *
   * @param further settings of each by their keys
   */
  public RecipeText withRules(List<Map<String, Object>> further) {
    Config config = ConfigFactory.parseString(json);
    List<Object> rules = new ArrayList<>();
    if (config.hasPath("rules")) {
      rules.addAll(config.getList("rules").unwrapped());
    }
    rules.addAll(further);
    return with(config.withValue("rules", ConfigValueFactory.fromIterable(rules)));
  }

  private RecipeText with(Config config) {
    return new RecipeText(
        name, config.root().render(ConfigRenderOptions.concise()), targetName, placementName);
  }

  /** The placement that the user named. */
  public Optional<String> namedPlacement() {
    return Optional.of(placementName).filter(named -> !named.isEmpty());
  }

  /** What models are quantized for by it. */
  public TargetProfile target() {
    return Targets.of(targetName);
  }

  public Recipe parse() {
    return RecipeParser.parse(name, ConfigFactory.parseString(json), target());
  }

  /**
   * A recipe of the user's own is an input of the run, known by its resolved text, so that a change
   * in an included file shows too; a shipped one is part of the program.
   */
  public Optional<InputRef> asInput(Configuration hadoop) throws IOException {
    return SHIPPED.contains(name)
        ? Optional.empty()
        : Optional.of(
            InputRef.of("recipe", Locations.qualified(name, hadoop).toUri(), Digest.of(json)));
  }
}
