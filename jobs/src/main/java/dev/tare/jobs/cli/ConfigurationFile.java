package dev.tare.jobs.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.tare.engine.recipe.Nearest;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.HoconFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options from a HOCON file.
 *
 * <p>A key is the long name of an option. A section named after a subcommand has keys for that one,
 * which override the same keys outside; keys outside may be of any subcommand, so one file can
 * serve all. A key set to null counts as absent. Everything else is refused with file and line:
 * unknown keys, wrong types, Spark's settings.
 */
final class ConfigurationFile implements IDefaultValueProvider {
  private final Map<String, String> shared = new HashMap<>();
  private final Map<String, Map<String, String>> sections = new HashMap<>();
  private final OptionKeys keys;

  private ConfigurationFile(OptionKeys keys) {
    this.keys = keys;
  }

  /**
   * Reads a file with its includes.
   *
   * @param place path or URI, as shown in errors
   * @throws TareException (usage) if it does not exist or is not valid
   */
  static ConfigurationFile read(String place, HoconFile.Source text, OptionKeys keys) {
    try {
      return of(HoconFile.resolved("configuration", place, text), keys);
    } catch (ConfigException e) {
      throw unreadable(e);
    }
  }

  private static ConfigurationFile of(Config config, OptionKeys keys) {
    ConfigurationFile file = new ConfigurationFile(keys);
    for (Map.Entry<String, ConfigValue> entry : config.root().entrySet()) {
      String key = entry.getKey();
      Optional<Map<String, OptionSpec>> section = keys.of(key);
      if (key.equals("spark") || key.startsWith("spark.")) {
        throw refused(
            entry.getValue(),
            "'%s' is a setting of Spark; put it before the subcommand: --conf %s=..."
                .formatted(path(entry), path(entry)));
      } else if (section.isPresent() && entry.getValue() instanceof ConfigObject object) {
        Map<String, String> values = file.sections.computeIfAbsent(key, k -> new HashMap<>());
        for (Map.Entry<String, ConfigValue> inner : object.entrySet()) {
          file.take(inner, object.toConfig(), section.get(), values, " of '" + key + "'");
        }
      } else {
        file.take(entry, config, keys.all(), file.shared, "");
      }
    }
    return file;
  }

  private void take(
      Map.Entry<String, ConfigValue> entry,
      Config config,
      Map<String, OptionSpec> known,
      Map<String, String> values,
      String whose) {
    String key = entry.getKey();
    ConfigValue value = entry.getValue();
    OptionSpec option = known.get(key);
    if (option == null) {
      List<String> candidates = new ArrayList<>(known.keySet());
      if (whose.isEmpty()) {
        candidates.addAll(keys.subcommands());
      }
      String meant = Nearest.to(key, candidates).map("; did you mean '%s'?"::formatted).orElse("");
      throw refused(value, "unknown key '%s'%s%s".formatted(path(entry), whose, meant));
    }
    ConfigValueType type = value.valueType();
    if (type == ConfigValueType.NULL) {
      return;
    }
    boolean text = option.type() == String.class;
    if (type == ConfigValueType.OBJECT
        || type == ConfigValueType.LIST
        || (type == ConfigValueType.BOOLEAN && text)) {
      throw refused(
          value,
          "'%s' must be a single %s, not %s"
              .formatted(
                  key, text ? "text" : "value", value.render(ConfigRenderOptions.concise())));
    }
    String written = config.getString(ConfigUtil.joinPath(key));
    convertible(option, written, value);
    values.put(key, written);
  }

  private static void convertible(OptionSpec option, String written, ConfigValue value) {
    for (ITypeConverter<?> converter : Converters.of(option)) {
      try {
        converter.convert(written);
      } catch (Exception e) {
        throw refused(value, "'%s': %s".formatted(OptionKeys.key(option), e.getMessage()));
      }
    }
  }

  @Override
  public String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return null;
    }
    String key = OptionKeys.key(option);
    if (keys.of(option.command().name()).filter(own -> own.containsKey(key)).isEmpty()) {
      return null;
    }
    String own = sections.getOrDefault(option.command().name(), Map.of()).get(key);
    return own != null ? own : shared.get(key);
  }

  /** Returns the dotted path of a value, down to its first leaf. */
  private static String path(Map.Entry<String, ConfigValue> entry) {
    if (entry.getValue() instanceof ConfigObject object && !object.isEmpty()) {
      return entry.getKey() + "." + path(object.entrySet().iterator().next());
    }
    return entry.getKey();
  }

  private static TareException refused(ConfigValue value, String what) {
    return TareException.usage(value.origin().description() + ": " + what);
  }

  private static TareException unreadable(ConfigException e) {
    return TareException.usage("Cannot read the configuration: " + e.getMessage());
  }
}
