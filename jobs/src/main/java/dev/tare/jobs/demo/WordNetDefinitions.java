package dev.tare.jobs.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The definitions in WordNet's data files, without their example sentences.
 *
 * <p>The format is that of {@code wndb(5WN)}: lines of the licence begin with two spaces, all
 * others are {@code offset lexicographer-file type words... pointers... | definition; "example";
 * ...}.
 */
public final class WordNetDefinitions {

  /** The data files, one per part of speech, in the order in which they are read. */
  public static final List<String> FILES =
      List.of("data.noun", "data.verb", "data.adj", "data.adv");

  private static final String SEPARATOR = " | ";

  private WordNetDefinitions() {}

  /**
   * All definitions below a folder, in the order of files and lines; duplicates stay.
   *
   * @throws IOException if a file of {@link #FILES} is missing or cannot be read
   */
  public static List<String> read(Path folder) throws IOException {
    List<String> definitions = new ArrayList<>();
    for (String name : FILES) {
      // The licence text is Latin in places; the definitions are ASCII.
      try (BufferedReader lines =
          Files.newBufferedReader(folder.resolve(name), StandardCharsets.ISO_8859_1)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          definition(line).ifPresent(definitions::add);
        }
      }
    }
    return definitions;
  }

  /** The definition in a line; empty for the licence and for lines without one. */
  public static Optional<String> definition(String line) {
    int bar = line.indexOf(SEPARATOR);
    if (line.startsWith("  ") || bar < 0) {
      return Optional.empty();
    }
    String gloss = line.substring(bar + SEPARATOR.length());
    int example = exampleStart(gloss);
    String definition = (example < 0 ? gloss : gloss.substring(0, example)).strip();
    while (definition.endsWith(";") || definition.endsWith(":") || definition.endsWith(",")) {
      definition = definition.substring(0, definition.length() - 1).strip();
    }
    return definition.isEmpty() ? Optional.empty() : Optional.of(definition);
  }

  /**
   * Examples are quoted and follow a semicolon or colon; quotes elsewhere belong to the definition.
   */
  private static int exampleStart(String gloss) {
    if (gloss.startsWith("\"")) {
      return 0;
    }
    for (int quote = gloss.indexOf('"'); quote >= 0; quote = gloss.indexOf('"', quote + 1)) {
      String before = gloss.substring(0, quote).stripTrailing();
      if (before.endsWith(";") || before.endsWith(":")) {
        return quote;
      }
    }
    return -1;
  }
}
