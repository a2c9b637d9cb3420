package dev.tare.jobs.model;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import java.util.List;

/**
 * The recipes that come with Tare, also as what a recipe of the user's own may include.
 *
 * <p>A recipe travels as one text, wherever it came from, so its includes cannot be files beside
 * it.
 */
final class ShippedRecipes implements ConfigIncluder {

  static final List<String> NAMES =
      List.of(
          "int8", "int8-entropy", "int8-mse", "int8-percentile", "int8-reduced", "int8-symmetric");

  private static final String FOLDER = "dev/tare/recipes/";
  private static final String SUFFIX = ".conf";

  static ConfigObject read(String name) {
    return ConfigFactory.parseResources(
            ShippedRecipes.class.getClassLoader(),
            FOLDER + name + SUFFIX,
            ConfigParseOptions.defaults().setAllowMissing(false))
        .root();
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    String name = what.endsWith(SUFFIX) ? what.substring(0, what.length() - SUFFIX.length()) : what;
    if (!NAMES.contains(name)) {
      throw new ConfigException.Generic(
          "cannot include '%s'; a recipe can include %s".formatted(what, String.join(", ", NAMES)));
    }
    return read(name);
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }
}
