package dev.tare.jobs.checkpoint;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import dev.tare.engine.checkpoint.CheckpointRecipeParser;
import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.HoconFile;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Finds recipes for checkpoints: those that come with Tare, and files. */
public final class CheckpointRecipes implements HoconFile.Source {

  /** Recipes that come with Tare; {@code conf/recipes/README.md} decodes the names. */
  public static final List<String> SHIPPED =
      List.of(
          "w4a16-g32",
          "w4a16-g64",
          "w4a16-g128",
          "w4a16-g128-asym",
          "w4a16-g128-mse",
          "w8a16",
          "w8a16-g128",
          "w8a8-dynamic",
          "fp8-dynamic",
          "fp8-b128-dynamic",
          "mxfp4a16",
          "nvfp4a16");

  private static final String RESOURCES = "dev/tare/recipes/checkpoints/";
  private static final String SUFFIX = ".conf";

  private final Configuration hadoop;

  private CheckpointRecipes(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /**
   * Finds a recipe: a shipped name, or else a file, which may include a shipped one.
   *
   * @throws TareException (usage) if there is none of that name, it cannot be read, is for graphs,
   *     or says what no runtime loads
   */
  public static CheckpointRecipeText open(String nameOrPlace, Configuration hadoop)
      throws IOException {
    try {
      Config config;
      if (SHIPPED.contains(nameOrPlace)) {
        config = shippedNamed(nameOrPlace).resolve();
      } else if (isPlace(nameOrPlace)) {
        config = HoconFile.resolved("recipe", nameOrPlace, new CheckpointRecipes(hadoop));
      } else {
        throw unknown(nameOrPlace);
      }
      CheckpointRecipeParser.parse(nameOrPlace, config);
      return new CheckpointRecipeText(
          nameOrPlace, config.root().render(ConfigRenderOptions.concise()));
    } catch (ConfigException e) {
      throw TareException.usage("Invalid recipe '" + nameOrPlace + "': " + e.getMessage());
    } catch (RecipeException e) {
      throw TareException.usage(e.getMessage());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Whether a recipe is that of a file, and not a name. */
  static boolean isPlace(String nameOrPlace) {
    return nameOrPlace.contains("/") || nameOrPlace.endsWith(SUFFIX);
  }

  private static TareException unknown(String name) {
    return TareException.usage(
        "Unknown recipe '%s' for a checkpoint%s; shipped are %s; a file is named with its folder or ends in .conf"
            .formatted(
                name,
                Nearest.to(name, SHIPPED).map("; did you mean '%s'?"::formatted).orElse(""),
                String.join(", ", SHIPPED)));
  }

  private static Config shippedNamed(String name) {
    return ConfigFactory.parseResources(
        CheckpointRecipes.class.getClassLoader(), RESOURCES + name + SUFFIX);
  }

  @Override
  public String text(String place) {
    try {
      return Locations.readShortText(place, HoconFile.MOST_CHARACTERS, hadoop);
    } catch (TareException e) {
      throw TareException.usage("Cannot read recipe '%s': %s".formatted(place, e.getMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String beside(String place, String name) {
    return new Path(new Path(place).getParent(), name).toString();
  }

  @Override
  public Optional<Config> shipped(String what) {
    String name = what.endsWith(SUFFIX) ? what.substring(0, what.length() - SUFFIX.length()) : what;
    return SHIPPED.contains(name) ? Optional.of(shippedNamed(name)) : Optional.empty();
  }
}
