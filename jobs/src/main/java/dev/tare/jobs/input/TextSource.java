package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tare.engine.tensor.Sample;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Texts, tokenized on the executors: no padding, special tokens added, truncated.
 *
 * @param texts columns: file, row (null in a relation), text as binary, so that its bytes can be
 *     checked, its length in bytes, which is more if the text was cut; called when rows are
 *     requested
 * @param expectedRows rows by file if footers give them
 */
record TextSource(
    Supplier<Dataset<Row>> texts,
    ModelInputs inputs,
    LocalFile tokenizer,
    int maxLength,
    SortedMap<String, Long> expectedRows)
    implements SampleSource {

  /**
   * Longest text in bytes. A tokenizer takes some 130 bytes of memory for each, outside the heap
   * and in every task, and models use a few thousand.
   */
  static final int MAX_TEXT_BYTES = 1 << 20;

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
    TokenInputs.requireFillable(inputs, file.displayName());
    int maxLength = description.maxLength(options.maxLength());
    TokenizerProbe.require(file);
    Tokenizers.open(file, maxLength);
    return new TextSource(texts, inputs, file, maxLength, expectedRows);
  }

  @Override
  public Dataset<Row> rows() {
    return texts
        .get()
        .mapPartitions(new Tokenize(inputs, tokenizer, maxLength), SampleRows.encoder());
  }

  private record Tokenize(ModelInputs inputs, LocalFile tokenizer, int maxLength)
      implements MapPartitionsFunction<Row, Row> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
      return new Tokenized(inputs, Tokenizers.open(tokenizer, maxLength), rows);
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

    private static final int EXCERPT = 40;

    private final ModelInputs inputs;
    private final HuggingFaceTokenizer tokenizer;
    private final Iterator<Row> rows;

    Tokenized(ModelInputs inputs, HuggingFaceTokenizer tokenizer, Iterator<Row> rows) {
      this.inputs = inputs;
      this.tokenizer = tokenizer;
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      String file = ParquetTable.file(row);
      Optional<Long> position = ParquetTable.position(row);
      try {
        return SampleRows.of(file, position, sample(text(row)));
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
            "the tokenizer fails on \"" + excerpt(text) + "\": " + e.getMessage());
      }
      if (encoding.getIds().length == 0) {
        throw new BadRowException(
            Reason.EMPTY, "the tokenizer finds no tokens in \"" + excerpt(text) + "\"");
      }
      return TokenInputs.sample(inputs, encoding);
    }

    private static String text(Row row) throws BadRowException {
      if (row.isNullAt(2)) {
        throw new BadRowException(Reason.NULL, "the text is null");
      }
      if (row.getLong(3) > MAX_TEXT_BYTES) {
        throw new BadRowException(
            Reason.TEXT_TOO_LONG,
            "a text of %d bytes; more than %d are not tokenized, so split it"
                .formatted(row.getLong(3), MAX_TEXT_BYTES));
      }
      byte[] bytes = (byte[]) row.get(2);
      String text;
      try {
        text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        throw new BadRowException(
            Reason.INVALID_UTF8,
            "no UTF-8: \"" + excerpt(new String(bytes, StandardCharsets.UTF_8)) + "\"");
      }
      // Many files begin with a byte order mark, which has no meaning for a tokenizer.
      text = text.startsWith("\uFEFF") ? text.substring(1) : text;
      if (text.indexOf('\0') >= 0) {
        throw new BadRowException(
            Reason.NUL_IN_TEXT,
            "character %d is NUL, as in binary files and in UTF-16".formatted(text.indexOf('\0')));
      }
      if (text.isBlank()) {
        throw new BadRowException(Reason.BLANK, "blank");
      }
      return text;
    }

    private static String excerpt(String text) {
      int end =
          text.offsetByCodePoints(0, Math.min(EXCERPT, text.codePointCount(0, text.length())));
      return text.substring(0, end) + (end < text.length() ? "..." : "");
    }
  }
}
