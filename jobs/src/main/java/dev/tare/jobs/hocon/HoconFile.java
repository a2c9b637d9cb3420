package dev.tare.jobs.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;

/**
 * A file in HOCON with what it includes. Files come from anybody, so that their size, nesting and
 * expansion are bounded, and an {@code include} names a file beside the one that includes it, or
 * below: never a URL, the class path, or another place of this machine.
 */
public final class HoconFile {

  /** The longest text that is read. */
  public static final int MOST_CHARACTERS = Expansion.MOST_CHARACTERS;

  private HoconFile() {}

  /** Where texts come from. */
  public interface Source {
    /**
     * The text of a file.
     *
     * @throws TareException (usage) if it cannot be read
     */
    String text(String place);

    /** The place of a file that another one includes. */
    String beside(String place, String name);

    /** What the program itself has under a name that is included. */
    default Optional<Config> shipped(String name) {
      return Optional.empty();
    }
  }

  /**
   * Reads and resolves.
   *
   * @param what how messages call such a file, as "recipe"
   * @param place of the file
   * @throws TareException (usage) if it or an included file is missing, files include each other,
   *     an include names no file beside it, or a limit is exceeded
   * @throws com.typesafe.config.ConfigException if it is no HOCON
   */
  public static Config resolved(String what, String place, Source source) {
    Expansion expansion = new Expansion(what, place);
    try {
      Config parsed = parse(what, List.of(), place, source, expansion);
      expansion.check();
      return parsed.resolve();
    } catch (StackOverflowError | OutOfMemoryError e) {
      throw TareException.usage(
          "Cannot read the %s '%s': it is nested or expands beyond what memory holds"
              .formatted(what, place),
          e);
    }
  }

  static Config parse(
      String what, List<String> outer, String place, Source source, Expansion expansion) {
    if (outer.contains(place)) {
      throw TareException.usage("The %s '%s' includes itself".formatted(what, place));
    }
    String text = source.text(place);
    expansion.add(place, text);
    return ConfigFactory.parseString(
        text,
        ConfigParseOptions.defaults()
            .setOriginDescription(place)
            .setIncluder(new Includes(what, outer, place, source, expansion)));
  }
}
