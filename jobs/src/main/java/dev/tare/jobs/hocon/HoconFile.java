package dev.tare.jobs.hocon;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;

/**
 * Reads a HOCON file with its includes. Files are untrusted, so their size, nesting and expansion
 * are bounded, and an {@code include} may only name a file in the same folder or below: never a
 * URL, the class path, or another folder.
 */
public final class HoconFile {

  /** The longest text that is read. */
  public static final int MOST_CHARACTERS = Expansion.MOST_CHARACTERS;

  private HoconFile() {}

  /** Reads the text of files. */
  public interface Source {
    /**
     * Returns the text of a file.
     *
     * @throws TareException (usage) if it cannot be read
     */
    String text(String place);

    /** Returns the location of an included file. */
    String beside(String place, String name);

    /** Returns a file that comes with the program, by included name. */
    default Optional<Config> shipped(String name) {
      return Optional.empty();
    }
  }

  /**
   * Reads a file and resolves its includes and substitutions.
   *
   * @param what kind of file in messages, such as "recipe"
   * @param place of the file
   * @throws TareException (usage) if it or an included file is missing, files include each other,
   *     an include names a file elsewhere, or a limit is exceeded
   * @throws com.typesafe.config.ConfigException if it is not HOCON
   */
  public static Config resolved(String what, String place, Source source) {
    Expansion expansion = new Expansion(what, place);
    try {
      Config parsed = parse(what, List.of(), place, source, expansion);
      expansion.check();
      return parsed.resolve();
    } catch (StackOverflowError | OutOfMemoryError e) {
      throw TareException.usage(
          "Cannot read the %s '%s': it is nested too deeply or expands to more than memory"
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
