package dev.tare.jobs.evaluate;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Settings;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/**
 * By which labels both models are measured.
 *
 * @param column of the data; not measured if empty
 * @param names labels of the classes in their order; if empty, labels are numbers of classes
 * @param ctcBlank the class that means no character, where an output has classes for every step
 *     that together are a string; empty if outputs have one class
 */
public record LabelOptions(Optional<String> column, List<String> names, OptionalInt ctcBlank) {

  /** Nothing is measured by labels. */
  public static final LabelOptions NONE =
      new LabelOptions(Optional.empty(), List.of(), OptionalInt.empty());

  public LabelOptions {
    names = List.copyOf(names);
  }

  /**
   * Parses the options.
   *
   * @param names separated by commas
   * @throws TareException (usage) if there are names without a column, or one is empty or there
   *     twice, or strings have labels but no names of their characters
   */
  public static LabelOptions of(
      Optional<String> column, Optional<String> names, OptionalInt ctcBlank) {
    if (names.isEmpty()) {
      if (column.isPresent() && ctcBlank.isPresent()) {
        throw TareException.usage(
            "--labels with --ctc-blank needs --label-names, the characters of the classes");
      }
      return new LabelOptions(column, List.of(), ctcBlank);
    }
    if (column.isEmpty()) {
      throw TareException.usage(
          "--label-names without --labels, which says what column they are in");
    }
    List<String> all = Arrays.stream(names.get().split(",", -1)).map(String::strip).toList();
    if (all.contains("") || new HashSet<>(all).size() < all.size()) {
      throw TareException.usage(
          "--label-names has an empty name, or one twice: " + String.join(",", all));
    }
    return new LabelOptions(column, all, ctcBlank);
  }

  /** Whether anything is measured. */
  public boolean asked() {
    return column.isPresent() || ctcBlank.isPresent();
  }

  /** The options by their names on the command line. */
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("labels", column)
        .put(
            "label-names",
            Optional.of(names).filter(all -> !all.isEmpty()).map(all -> String.join(",", all)))
        .put("ctc-blank", ctcBlank)
        .values();
  }
}
