package dev.tare.jobs.evaluate;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Settings;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * By which labels both models are measured.
 *
 * @param column of the data; not measured if empty
 * @param names labels of the classes in their order; if empty, labels are numbers of classes
 */
public record LabelOptions(Optional<String> column, List<String> names) {

  /** Nothing is measured by labels. */
  public static final LabelOptions NONE = new LabelOptions(Optional.empty(), List.of());

  public LabelOptions {
    names = List.copyOf(names);
  }

  /**
   * Parses both options.
   *
   * @param names separated by commas
   * @throws TareException (usage) if there are names without a column, or one is empty or there
   *     twice
   */
  public static LabelOptions of(Optional<String> column, Optional<String> names) {
    if (names.isEmpty()) {
      return new LabelOptions(column, List.of());
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
    return new LabelOptions(column, all);
  }

  /** The options by their names on the command line. */
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("labels", column)
        .put(
            "label-names",
            Optional.of(names).filter(all -> !all.isEmpty()).map(all -> String.join(",", all)))
        .values();
  }
}
