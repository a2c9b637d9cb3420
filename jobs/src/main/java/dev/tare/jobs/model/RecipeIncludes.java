package dev.tare.jobs.model;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.HoconFile;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What {@code include "NAME"} means in a recipe that is a file, on any Hadoop file system: a
 * shipped recipe if the name is one of these with {@code .conf}, otherwise a file in the folder of
 * the one that includes it.
 */
final class RecipeIncludes implements HoconFile.Source {

  private static final String RESOURCES = "dev/tare/recipes/";
  private static final String SUFFIX = ".conf";
  private static final String RECIPE = "recipe";

  private final Configuration hadoop;

  private RecipeIncludes(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /** A recipe that comes with Tare. */
  static Config shippedNamed(String name) {
    return ConfigFactory.parseResources(
        RecipeIncludes.class.getClassLoader(), RESOURCES + name + SUFFIX);
  }

  /**
   * Whether a shipped recipe of that name quantizes checkpoints, which this room knows nothing of.
   */
  static boolean isForCheckpoints(String name) {
    return RecipeIncludes.class
            .getClassLoader()
            .getResource(RESOURCES + "checkpoints/" + name + SUFFIX)
        != null;
  }

  /**
   * Reads a file with its includes, resolved.
   *
   * @throws TareException (usage) as {@link HoconFile#resolved} does
   */
  static Config file(String place, Configuration hadoop) throws IOException {
    try {
      return HoconFile.resolved(RECIPE, place, new RecipeIncludes(hadoop));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
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
    return RecipeText.SHIPPED.contains(name) ? Optional.of(shippedNamed(name)) : Optional.empty();
  }
}
