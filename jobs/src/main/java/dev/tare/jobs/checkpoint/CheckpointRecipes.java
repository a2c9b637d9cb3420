package dev.tare.jobs.checkpoint;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigRenderOptions;
import dev.tare.engine.checkpoint.CheckpointRecipeParser;
import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeIncludes;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Finds recipes for checkpoints: those that come with Tare, and files. */
public final class CheckpointRecipes {

  /** Recipes that come with Tare; {@code conf/recipes/README.md} decodes the names. */
  public static final List<String> SHIPPED =
      List.of(
          "w4a16-g32",
          "w4a16-g64",
          "w4a16-g128",
          "w4a16-g128-asym",
          "w4a16-g128-mse",
          "w8a16",
          "w8a16-mse",
          "w8a16-g128",
          "w8a8-dynamic",
          "fp8-dynamic",
          "fp8-b128-dynamic",
          "mxfp4a16",
          "nvfp4a16");

  private CheckpointRecipes() {}

  /**
   * Finds a recipe: a shipped name, or else a file, which may include a shipped one.
   *
   * @throws TareException (usage) if there is none of that name, it cannot be read, is for graphs,
   *     or says what no runtime loads
   */
  public static CheckpointRecipeText open(String nameOrPlace, Configuration hadoop)
      throws IOException {
    try {
      Config config =
          RecipeIncludes.ofCheckpoints(hadoop, SHIPPED)
              .find(nameOrPlace)
              .orElseThrow(() -> unknown(nameOrPlace));
      CheckpointRecipeParser.parse(nameOrPlace, config);
      return new CheckpointRecipeText(
          nameOrPlace, config.root().render(ConfigRenderOptions.concise()));
    } catch (ConfigException e) {
      throw TareException.usage("Invalid recipe '" + nameOrPlace + "': " + e.getMessage());
    } catch (RecipeException e) {
      throw TareException.usage(e.getMessage());
    }
  }

  private static TareException unknown(String name) {
    return TareException.usage(
        "Unknown recipe '%s' for a checkpoint%s; shipped are %s; a file is named with its folder or ends in .conf"
            .formatted(
                name,
                Nearest.to(name, SHIPPED).map("; did you mean '%s'?"::formatted).orElse(""),
                String.join(", ", SHIPPED)));
  }
}
