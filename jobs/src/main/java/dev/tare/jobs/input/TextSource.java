package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tare.engine.tensor.Sample;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Texts, tokenized on the executors: special tokens added, truncated, padded only to the fixed
 * length of a model that has one.
 *
 * @param texts columns: file, row (null in a relation), text as binary, so that its bytes can be
 *     checked, its length in bytes, which is more if the text was cut; called when rows are
 *     requested
 * @param table finds the text where these are records of a table
 * @param expectedRows rows by file if footers give them
 * @param labels the column of labels, which {@code texts} has as its last one
 */
record TextSource(
    Supplier<Dataset<Row>> texts,
    Optional<TableText> table,
    ModelInputs inputs,
    Tokens tokens,
    SortedMap<String, Long> expectedRows,
    LabelColumn labels)
    implements SampleSource {

  /**
   * Longest text in bytes. A tokenizer takes some 130 bytes of memory for each, outside the heap
   * and in every task, and models use a few thousand.
   */
  static final int MAX_TEXT_BYTES = 1 << 20;

  /**
   * How texts become tokens.
   *
   * @param maxLength where they are cut
   * @param length what they are filled up to; null for their own length, since no Optional can be
   *     sent to executors
   * @param padding the id that fills them up
   */
  record Tokens(LocalFile tokenizer, int maxLength, Integer length, long padding)
      implements Serializable {

    private Sample sample(ModelInputs inputs, Encoding encoding) {
      OptionalInt whole = length == null ? OptionalInt.empty() : OptionalInt.of(length);
      return TokenInputs.sample(inputs, encoding, whole, padding);
    }
  }

  TextSource {
    expectedRows = Collections.unmodifiableSortedMap(new TreeMap<>(expectedRows));
  }

  /**
   * Checks that the tokenizer reads texts, and that it fits the model.
   *
   * @throws InputException if there is none, or it does not fit
   */
  static TextSource of(
      Supplier<Dataset<Row>> texts,
      Optional<TableText> table,
      SortedMap<String, Long> expectedRows,
      DataOptions options,
      ModelInputs inputs,
      OptionalLong vocabularySize,
      Optional<LocalFile> tokenizer) {
    LocalFile file =
        tokenizer.orElseThrow(
            () ->
                new InputException(
                    "Cannot read %s as text: give --tokenizer, the model's tokenizer.json"
                        .formatted(options.data())));
    TokenizerFile description = TokenizerFile.read(file);
    description.requireFits(vocabularySize);
    OptionalInt length = TokenInputs.length(inputs, file.displayName());
    int maxLength = description.maxLength(options.maxLength(), length);
    TokenizerProbe.require(file);
    Tokenizers.open(file, maxLength);
    Tokens tokens =
        length.isEmpty()
            ? new Tokens(file, maxLength, null, 0)
            : new Tokens(
                file, maxLength, length.getAsInt(), description.requirePadding(length.getAsInt()));
    return new TextSource(texts, table, inputs, tokens, expectedRows, LabelColumn.of(options));
  }

  @Override
  public Dataset<Row> rows() {
    TextReader reader = new TextReader(table.orElse(null));
    return texts.get().mapPartitions(tokenize(reader), labels.encoder(SampleRows.schema()));
  }

  /** The texts as {@link TextRows}: nothing is tokenized. */
  Dataset<Row> candidates() {
    return labels.map(
        texts.get(), new TextRows(new TextReader(table.orElse(null))), TextRows.SCHEMA);
  }

  /** The samples of some rows of {@link #candidates}, none of which has an error. */
  Dataset<Row> tokenized(Dataset<Row> candidates) {
    return candidates.mapPartitions(tokenize(null), labels.encoder(SampleRows.schema()));
  }

  private Tokenize tokenize(TextReader reader) {
    return new Tokenize(reader, inputs, tokens, labels.present());
  }

  /**
   * @param reader null for {@link TextRows}
   * @param labelled whether the last column is the label
   */
  private record Tokenize(TextReader reader, ModelInputs inputs, Tokens tokens, boolean labelled)
      implements MapPartitionsFunction<Row, Row> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
      return new Tokenized(Optional.ofNullable(reader), inputs, tokens, labelled, rows);
    }
  }

  /**
   * Tokenizes row by row. Not thread-safe; confined to one Spark task.
   *
   * <p>It does not use {@code batchEncode}, which starts additional threads without being faster
   * than {@code encode} on each of them, and aborts the JVM when {@code encode} throws for one
   * text.
   */
  private static final class Tokenized implements Iterator<Row> {

    private final Optional<TextReader> reader;
    private final ModelInputs inputs;
    private final Tokens tokens;
    private final boolean labelled;
    private final HuggingFaceTokenizer tokenizer;
    private final Iterator<Row> rows;

    Tokenized(
        Optional<TextReader> reader,
        ModelInputs inputs,
        Tokens tokens,
        boolean labelled,
        Iterator<Row> rows) {
      this.reader = reader;
      this.inputs = inputs;
      this.tokens = tokens;
      this.labelled = labelled;
      this.tokenizer = Tokenizers.open(tokens.tokenizer(), tokens.maxLength());
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      return labelled ? LabelColumn.copy(row, tokenized(row)) : tokenized(row);
    }

    private Row tokenized(Row row) {
      String file = reader.isEmpty() ? row.getString(0) : ParquetTable.file(row);
      Optional<Long> position = ParquetTable.position(row);
      try {
        String text = reader.isEmpty() ? row.getString(TextRows.TEXT) : reader.get().text(row);
        return SampleRows.of(file, position, sample(text));
      } catch (BadRowException e) {
        return SampleRows.bad(file, position, e.reason(), e.getMessage());
      }
    }

    private Sample sample(String text) throws BadRowException {
      Encoding encoding;
      try {
        encoding = tokenizer.encode(text);
      } catch (RuntimeException e) {
        throw new BadRowException(
            Reason.TOKENIZER,
            "the tokenizer fails on \"%s\": %s"
                .formatted(TextReader.excerpt(text), e.getMessage()));
      }
      if (encoding.getIds().length == 0) {
        throw new BadRowException(
            Reason.EMPTY, "the tokenizer finds no tokens in \"" + TextReader.excerpt(text) + "\"");
      }
      return tokens.sample(inputs, encoding);
    }
  }
}
