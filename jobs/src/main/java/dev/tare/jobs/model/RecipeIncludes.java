package dev.tare.jobs.model;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.HoconFile;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Finds recipes that come with Tare, and those that are files on any Hadoop file system. In a file,
 * {@code include "NAME"} means a shipped recipe if the name is one of these, with or without {@code
 * .conf}, otherwise a file in the folder of the one that includes it.
 */
public final class RecipeIncludes implements HoconFile.Source {

  private static final String RESOURCES = "dev/tare/recipes/";
  private static final String CHECKPOINTS = "checkpoints/";
  private static final String SUFFIX = ".conf";
  private static final String RECIPE = "recipe";

  private final Configuration hadoop;
  private final String folder;
  private final List<String> names;

  private RecipeIncludes(Configuration hadoop, String folder, List<String> names) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.names = names;
  }

  /** The recipes for models with a graph. */
  static RecipeIncludes ofGraphs(Configuration hadoop) {
    return new RecipeIncludes(hadoop, "", RecipeText.SHIPPED);
  }

  /**
   * The recipes for checkpoints.
   *
   * @param names the shipped ones
   */
  public static RecipeIncludes ofCheckpoints(Configuration hadoop, List<String> names) {
    return new RecipeIncludes(hadoop, CHECKPOINTS, names);
  }

  private static boolean isPlace(String nameOrPlace) {
    return nameOrPlace.contains("/") || nameOrPlace.endsWith(SUFFIX);
  }

  /**
   * Finds a recipe, with its includes, resolved; empty if it is neither a shipped one nor a place.
   *
   * @throws TareException (usage) as {@link HoconFile#resolved} does
   */
  public Optional<Config> find(String nameOrPlace) throws IOException {
    if (names.contains(nameOrPlace)) {
      return Optional.of(shippedNamed(nameOrPlace).resolve());
    }
    if (!isPlace(nameOrPlace)) {
      return Optional.empty();
    }
    try {
      return Optional.of(HoconFile.resolved(RECIPE, nameOrPlace, this));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private Config shippedNamed(String name) {
    return ConfigFactory.parseResources(
        RecipeIncludes.class.getClassLoader(), RESOURCES + folder + name + SUFFIX);
  }

  /**
   * Whether a shipped recipe of that name quantizes checkpoints, which this room knows nothing of.
   */
  static boolean isForCheckpoints(String name) {
    return RecipeIncludes.class
            .getClassLoader()
            .getResource(RESOURCES + CHECKPOINTS + name + SUFFIX)
        != null;
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
    return names.contains(name) ? Optional.of(shippedNamed(name)) : Optional.empty();
  }
}
