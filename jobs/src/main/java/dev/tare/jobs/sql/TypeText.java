package dev.tare.jobs.sql;

import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Integer types as queries spell them: {@code int8}, {@code uint8}, {@code int4 symmetric}, {@code
 * int8 symmetric narrow}, {@code uint8 reduced}.
 */
final class TypeText {

  private static final String SYMMETRIC = "symmetric";
  private static final String NARROW = "narrow";
  private static final String REDUCED = "reduced";
  private static final List<String> WORDS = List.of(SYMMETRIC, NARROW, REDUCED);

  private TypeText() {}

  /** Names of all types, for messages and documentation. */
  static String names() {
    return types().map(TypeText::name).collect(Collectors.joining(", "));
  }

  /** A type with learned tables follows from values, not from a scale. */
  private static Stream<QuantType> types() {
    return Arrays.stream(QuantType.values()).filter(type -> !type.learned());
  }

  private static String name(QuantType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Parses a type; a floating-point type is symmetric even without the word.
   *
   * @throws IllegalArgumentException if the text names no type; the message lists those that exist
   */
  static Target parse(String text) {
    List<String> words = List.of(text.trim().toLowerCase(Locale.ROOT).split("[ ]+", -1));
    Optional<QuantType> type = types().filter(t -> name(t).equals(words.get(0))).findFirst();
    List<String> rest = words.subList(1, words.size());
    if (type.isEmpty() || !WORDS.containsAll(rest)) {
      throw new IllegalArgumentException(
          "Unknown type '%s': expected one of %s; the words %s may follow, as in 'int8 symmetric'"
              .formatted(text, names(), String.join(", ", WORDS)));
    }
    Target target =
        new Target(
            type.get(),
            rest.contains(SYMMETRIC) || !type.get().isInteger(),
            rest.contains(NARROW),
            rest.contains(REDUCED));
    // Refuses a range that the type does not have.
    target.rule();
    return target;
  }
}
