package dev.tare.jobs.platform;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Searches a failure and its causes. Spark passes some failures of executors as objects and others
 * only as text, so both are searched.
 */
public final class Causes {

  private static final int MOST = 400;

  private final List<Throwable> all = new ArrayList<>();
  private final String text;

  private Causes(Throwable failure) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    StringBuilder said = new StringBuilder();
    for (Throwable t = failure; t != null && seen.add(t); t = t.getCause()) {
      all.add(t);
      said.append(t).append('\n');
    }
    this.text = said.toString();
  }

  /** A failure and all of its causes. */
  public static Causes of(Throwable failure) {
    return new Causes(failure);
  }

  /** The first cause of a type. */
  <T> Optional<T> first(Class<T> type) {
    return all.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /** The first cause whose class is of one of these names: for classes that are not public. */
  Optional<Throwable> named(String... simpleNames) {
    return all.stream()
        .filter(t -> List.of(simpleNames).contains(t.getClass().getSimpleName()))
        .findFirst();
  }

  /** Whether a message contains any of these texts. */
  public boolean say(String... words) {
    for (String word : words) {
      if (text.contains(word)) {
        return true;
      }
    }
    return false;
  }

  /** The first line with one of these words, cut if it is long. */
  public String line(String... words) {
    for (String word : words) {
      for (String line : text.lines().toList()) {
        if (line.contains(word)) {
          String told = line.strip();
          return told.length() > MOST ? told.substring(0, MOST) + "..." : told;
        }
      }
    }
    return root().toString();
  }

  Throwable root() {
    return all.get(all.size() - 1);
  }

  List<Throwable> all() {
    return List.copyOf(all);
  }
}
