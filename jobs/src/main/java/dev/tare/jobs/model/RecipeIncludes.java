package dev.tare.jobs.model;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What {@code include "NAME"} means in a recipe that is a file, on any Hadoop file system: a
 * shipped recipe where the name is one's with {@code .conf}, and else a file beside the one that
 * includes it.
 */
final class RecipeIncludes implements ConfigIncluder {

  private static final String RESOURCES = "dev/tare/recipes/";
  private static final String SUFFIX = ".conf";

  private final List<String> places;
  private final Configuration hadoop;

  /**
   * @param places the files that are being read, outermost first
   */
  private RecipeIncludes(List<String> places, Configuration hadoop) {
    this.places = places;
    this.hadoop = hadoop;
  }

  /** A recipe that comes with Tare. */
  static Config shipped(String name) {
    return ConfigFactory.parseResources(
        RecipeIncludes.class.getClassLoader(), RESOURCES + name + SUFFIX);
  }

  /**
   * A file with what it includes.
   *
   * @throws TareException (usage) if it or an included file is missing, or files include each other
   */
  static Config file(String place, Configuration hadoop) throws IOException {
    try {
      return read(List.of(), place, hadoop);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static Config read(List<String> outer, String place, Configuration hadoop) {
    if (outer.contains(place)) {
      throw TareException.usage("Recipe '%s' includes itself".formatted(place));
    }
    List<String> places = new ArrayList<>(outer);
    places.add(place);
    return ConfigFactory.parseString(
        text(place, hadoop),
        ConfigParseOptions.defaults()
            .setOriginDescription(place)
            .setIncluder(new RecipeIncludes(places, hadoop)));
  }

  private static String text(String place, Configuration hadoop) {
    try {
      return Locations.readText(place, hadoop);
    } catch (TareException e) {
      throw TareException.usage("Cannot read recipe '%s': %s".formatted(place, e.getMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    String name = what.endsWith(SUFFIX) ? what.substring(0, what.length() - SUFFIX.length()) : what;
    if (RecipeText.SHIPPED.contains(name)) {
      return shipped(name).root();
    }
    String including = places.get(places.size() - 1);
    return read(places, new Path(new Path(including).getParent(), what).toString(), hadoop).root();
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }
}
