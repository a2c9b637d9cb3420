package dev.tare.jobs.cli;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The keys that a configuration file may have: the long options known to picocli. */
final class OptionKeys {
  private static final Set<String> NOT_KEYS = Set.of("config", "help", "version");

  private final Map<String, Map<String, OptionSpec>> bySubcommand = new TreeMap<>();
  private final Map<String, OptionSpec> all = new TreeMap<>();

  OptionKeys(CommandSpec root) {
    root.subcommands()
        .forEach(
            (name, line) -> {
              Map<String, OptionSpec> own = new TreeMap<>();
              for (OptionSpec option : line.getCommandSpec().options()) {
                if (!NOT_KEYS.contains(key(option))) {
                  own.put(key(option), option);
                }
              }
              // What a key outside of sections could mean is decided by the first subcommand.
              own.entrySet()
                  .removeIf(
                      option ->
                          all.containsKey(option.getKey())
                              && all.get(option.getKey()).type() != option.getValue().type());
              bySubcommand.put(name, own);
              own.forEach(all::putIfAbsent);
            });
  }

  static String key(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "");
  }

  /** Returns the options of all subcommands. */
  Map<String, OptionSpec> all() {
    return all;
  }

  /** Returns the options of a subcommand; empty if it does not exist. */
  Optional<Map<String, OptionSpec>> of(String subcommand) {
    return Optional.ofNullable(bySubcommand.get(subcommand));
  }

  Set<String> subcommands() {
    return bySubcommand.keySet();
  }
}
