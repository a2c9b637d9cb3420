package dev.tare.jobs.evaluate;

import dev.tare.jobs.TareException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;

/**
 * What a column of labels says: which class each sample is of.
 *
 * @param column its name, for messages
 * @param names of the classes in their order; if empty, labels are numbers of classes
 */
record Labels(String column, List<String> names) {

  /** The first row by place, so that every order names the same one. */
  private static final Comparator<Row> BY_PLACE =
      Comparator.comparing((Row r) -> r.<String>getAs("file"))
          .thenComparing(r -> position(r).orElse(-1L));

  private static Optional<Long> position(Row row) {
    return Optional.ofNullable(row.<Long>getAs("row"));
  }

  /** Where a row was read. */
  static String place(Row row) {
    return row.getAs("file") + position(row).map(at -> ", row " + at).orElse("");
  }

  /**
   * Checks that every sample has a label.
   *
   * @param rows of label, file and row
   * @throws TareException (bad input) if there is no sample, or one has none
   */
  void requireAll(List<Row> rows) {
    if (rows.isEmpty()) {
      throw TareException.badInput("There is no sample to evaluate on");
    }
    List<Row> missing = rows.stream().filter(row -> row.getAs("label") == null).toList();
    missing.stream()
        .min(BY_PLACE)
        .ifPresent(
            first -> {
              throw TareException.badInput(
                  "%d of %d samples have no label in column '%s' (first: %s): remove these rows, or fill in their labels"
                      .formatted(missing.size(), rows.size(), column, place(first)));
            });
  }

  /**
   * The classes of labels.
   *
   * @param output whose classes they are
   * @param classes how many it has
   * @param rows of label, file and row
   * @throws TareException (bad input) if a label is none of the classes; the message names its row
   */
  int[] classes(String output, int classes, List<Row> rows) {
    if (!names.isEmpty()) {
      requireNames(output, classes);
    }
    Map<String, Integer> byName = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      byName.put(names.get(i), i);
    }
    int[] known = new int[rows.size()];
    Optional<Row> refused = Optional.empty();
    for (int i = 0; i < known.length; i++) {
      String label = rows.get(i).<String>getAs("label").strip();
      known[i] = names.isEmpty() ? number(label) : byName.getOrDefault(label, -1);
      if (known[i] < 0 || known[i] >= classes) {
        Row row = rows.get(i);
        refused = Optional.of(refused.filter(r -> BY_PLACE.compare(r, row) <= 0).orElse(row));
      }
    }
    refused.ifPresent(
        row -> {
          throw refusal(row, output, classes);
        });
    return known;
  }

  /**
   * Checks that every class has a name.
   *
   * @throws TareException (bad input) if there are more names or fewer
   */
  void requireNames(String output, long classes) {
    if (names.size() != classes) {
      throw TareException.badInput(
          "--label-names has %d names, but output '%s' has %d classes"
              .formatted(names.size(), output, classes));
    }
  }

  /** Classes as a text: their names; their numbers where they have none. */
  String text(List<Integer> classes) {
    return classes.stream()
        .map(c -> names.isEmpty() || c < 0 ? c + " " : names.get(c))
        .collect(Collectors.joining());
  }

  private static int number(String label) {
    try {
      return Integer.parseInt(label);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private TareException refusal(Row row, String output, int classes) {
    return TareException.badInput(
        "Label '%s' in column '%s' of %s is %s"
            .formatted(
                row.getAs("label"),
                column,
                place(row),
                names.isEmpty()
                    ? "no class of output '%s', which has the classes 0 to %d; labels that are names need --label-names"
                        .formatted(output, classes - 1)
                    : "none of --label-names " + String.join(",", names)));
  }
}
