package dev.tare.jobs.artifact;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collects options by their command-line name; unset options are left out. */
public final class Settings {
  private final SortedMap<String, String> values = new TreeMap<>();

  public Settings put(String key, Object value) {
    values.put(key, value instanceof Enum<?> e ? word(e) : String.valueOf(value));
    return this;
  }

  public Settings put(String key, Optional<?> value) {
    value.ifPresent(v -> put(key, v));
    return this;
  }

  public Settings put(String key, OptionalInt value) {
    value.ifPresent(v -> put(key, Integer.valueOf(v)));
    return this;
  }

  public Settings putAll(SortedMap<String, String> others) {
    values.putAll(others);
    return this;
  }

  public SortedMap<String, String> values() {
    return new TreeMap<>(values);
  }

  /** Returns a choice as users write it. */
  public static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
