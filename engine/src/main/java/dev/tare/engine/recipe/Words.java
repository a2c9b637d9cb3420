package dev.tare.engine.recipe;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Constants of enums as files write them: in lower case, with hyphens. */
public final class Words {

  private Words() {}

  /** Returns the word of a constant, such as {@code weight-only}. */
  public static String of(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Finds the constant of a word among some; empty if it is none of theirs. */
  public static <E extends Enum<E>> Optional<E> find(String word, Collection<E> constants) {
    return constants.stream().filter(constant -> of(constant).equals(word)).findFirst();
  }
}
