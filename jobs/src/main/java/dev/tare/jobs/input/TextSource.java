package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Texts, tokenized on the executors: no padding, special tokens added, truncated.
 *
 * @param texts columns: file, row (nullable), text as binary, so that its bytes can be checked
 * @param expectedRows rows by file where footers tell
 */
record TextSource(
    Dataset<Row> texts,
    ModelInputs inputs,
    LocalFile tokenizer,
    int maxLength,
    SortedMap<String, Long> expectedRows)
    implements SampleSource {

  TextSource {
    expectedRows = Collections.unmodifiableSortedMap(new TreeMap<>(expectedRows));
  }

  @Override
  public Dataset<Row> rows() {
    return texts.mapPartitions(new Tokenize(inputs, tokenizer, maxLength), SampleRows.encoder());
  }

  private record Tokenize(ModelInputs inputs, LocalFile tokenizer, int maxLength)
      implements MapPartitionsFunction<Row, Row> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
      return new Batches(inputs, Tokenizers.open(tokenizer, maxLength), rows);
    }
  }

  /** Tokenizes some texts at a time. Not thread-safe; confined to one Spark task. */
  private static final class Batches implements Iterator<Row> {

    private static final int BATCH = 256;
    private static final int EXCERPT = 40;

    private final ModelInputs inputs;
    private final HuggingFaceTokenizer tokenizer;
    private final Iterator<Row> rows;
    private final Deque<Row> ready = new ArrayDeque<>();

    Batches(ModelInputs inputs, HuggingFaceTokenizer tokenizer, Iterator<Row> rows) {
      this.inputs = inputs;
      this.tokenizer = tokenizer;
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && rows.hasNext()) {
        tokenizeBatch();
      }
      return !ready.isEmpty();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.removeFirst();
    }

    private void tokenizeBatch() {
      List<Row> good = new ArrayList<>();
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < BATCH && rows.hasNext(); i++) {
        Row row = rows.next();
        try {
          texts.add(text(row));
          good.add(row);
        } catch (BadRowException e) {
          ready.add(SampleRows.bad(file(row), position(row), e.reason(), e.getMessage()));
        }
      }
      if (texts.isEmpty()) {
        return;
      }
      Encoding[] encodings = tokenizer.batchEncode(texts);
      for (int i = 0; i < encodings.length; i++) {
        Row row = good.get(i);
        ready.add(sampleRow(row, texts.get(i), encodings[i]));
      }
    }

    private Row sampleRow(Row row, String text, Encoding encoding) {
      if (encoding.getIds().length == 0) {
        return SampleRows.bad(
            file(row),
            position(row),
            Reason.EMPTY,
            "the tokenizer finds no tokens in \"" + excerpt(text) + "\"");
      }
      return SampleRows.of(file(row), position(row), TokenInputs.sample(inputs, encoding));
    }

    private static String file(Row row) {
      return ParquetTable.path(row.getString(0));
    }

    private static Optional<Long> position(Row row) {
      return row.isNullAt(1) ? Optional.empty() : Optional.of(row.getLong(1));
    }

    private static String text(Row row) throws BadRowException {
      if (row.isNullAt(2)) {
        throw new BadRowException(Reason.NULL, "the text is null");
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
      // A byte order mark begins many a file and means nothing to a tokenizer.
      text = text.startsWith("\uFEFF") ? text.substring(1) : text;
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
