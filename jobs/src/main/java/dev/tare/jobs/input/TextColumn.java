package dev.tare.jobs.input;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides whether a table is read as texts, and which of its columns has them. */
final class TextColumn {

  private static final String TEXT = "text";

  private TextColumn() {}

  /**
   * The column that the options name; else none if a column is an input of the model or there is no
   * tokenizer; else the column {@code text} or the only one with texts.
   *
   * @throws InputException if none of the columns can be used
   */
  static Optional<String> choose(
      DataOptions options, List<String> inputs, ColumnNames columns, boolean tokenizer) {
    boolean fed = inputs.stream().anyMatch(columns::anyHas);
    if (!tokenizer) {
      requireNoTexts(options, inputs, columns, fed);
    }
    return options.textColumn().isPresent() || fed || !tokenizer
        ? options.textColumn()
        : Optional.of(only(options, inputs, columns));
  }

  /** A missing tokenizer is the most frequent reason for missing inputs of the model. */
  private static void requireNoTexts(
      DataOptions options, List<String> inputs, ColumnNames columns, boolean fed) {
    List<String> texts = columns.textColumns();
    if (!texts.isEmpty() && inputs.contains(TokenInputs.IDS) && !fed) {
      throw new InputException(
          "Cannot read %s: none of its columns %s is an input of the model %s; to read texts from"
                  .formatted(options.data(), columns.columnNames(), inputs)
              + " column %s give --tokenizer, the model's tokenizer.json".formatted(quoted(texts)));
    }
  }

  private static String quoted(List<String> names) {
    return names.stream().map(name -> "'" + name + "'").collect(Collectors.joining(" or "));
  }

  private static String only(DataOptions options, List<String> inputs, ColumnNames columns) {
    List<String> strings =
        columns.textColumns().stream()
            .filter(column -> !options.labels().equals(Optional.of(column)))
            .toList();
    if (strings.contains(TEXT)) {
      return TEXT;
    }
    if (strings.size() == 1) {
      return strings.get(0);
    }
    throw new InputException(
        "Cannot read %s: it has none of the model's inputs %s, and of the columns %s none is"
                .formatted(options.data(), inputs, columns.columnNames())
            + " 'text' or the only string column; name the text column");
  }
}
