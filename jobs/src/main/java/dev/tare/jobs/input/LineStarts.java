package dev.tare.jobs.input;

import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.io.compress.SplittableCompressionCodec;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.hadoop.mapreduce.lib.input.LineRecordReader;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How many lines of a text file come before a byte where a reader starts.
 *
 * <p>Law: the answer is a function of the file and the byte. What is known only makes it cheap: a
 * start that is not known is counted from the last known one before it, so nothing depends on
 * Spark's cutting the files alike each time, which it does not when executors come or settings
 * change. As with Hadoop's readers, a line belongs to the split in which its first byte lies, or
 * that ends right before it.
 *
 * @param known lines before a start, by file as {@link ParquetTable#FILE} and by start
 */
record LineStarts(Map<String, NavigableMap<Long, Long>> known) implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Nothing is known; byte 0 never needs to be. */
  static final LineStarts NONE = new LineStarts(Map.of());

  /**
   * What Spark leaves whole unless told otherwise, and a task counts sooner than a job starts:
   * {@code spark.sql.files.openCostInBytes}.
   */
  private static final long SMALL_BYTES = 4L << 20;

  LineStarts {
    Map<String, NavigableMap<Long, Long>> copy = new TreeMap<>();
    known.forEach(
        (file, starts) ->
            copy.put(file, Collections.unmodifiableNavigableMap(new TreeMap<>(starts))));
    known = Collections.unmodifiableMap(copy);
  }

  /** Whether a file is so large that {@link #count} saves more than it costs. */
  static boolean worthCounting(DataFiles data, Configuration configuration) {
    CompressionCodecFactory codecs = new CompressionCodecFactory(configuration);
    return data.files().stream()
        .anyMatch(file -> file.bytes() > SMALL_BYTES && splittable(codecs, file.path()));
  }

  private static boolean splittable(CompressionCodecFactory codecs, String path) {
    CompressionCodec codec = codecs.getCodec(new Path(path));
    return codec == null || codec instanceof SplittableCompressionCodec;
  }

  /**
   * Counts the lines of each split: one job that looks at no line, and one row back for each split
   * that begins within a file.
   *
   * @param lines as Spark's text source reads them
   */
  static LineStarts count(Dataset<Row> lines) {
    Map<String, NavigableMap<Long, Long>> known = new TreeMap<>();
    for (Row split :
        lines
            .groupBy(ParquetTable.FILE.as("file"), TextLines.SPLIT.as("split"))
            .count()
            .collectAsList()) {
      known
          .computeIfAbsent(split.getString(0), file -> new TreeMap<>())
          .put(split.getLong(1), split.getLong(2));
    }
    known.values().removeIf(splits -> splits.size() == 1);
    known.values().forEach(LineStarts::sumUp);
    return new LineStarts(known);
  }

  /** From the lines in each split to those before it. */
  private static void sumUp(NavigableMap<Long, Long> splits) {
    long before = 0;
    for (Map.Entry<Long, Long> split : splits.entrySet()) {
      long lines = split.getValue();
      split.setValue(before);
      before += lines;
    }
  }

  /**
   * Lines of a file before the first that a split yields; where the start is not known, reads the
   * file from the last known one.
   *
   * @param file as {@link ParquetTable#FILE}
   * @param start first byte of the split, as its file stores it
   */
  long linesBefore(String file, long start, HadoopSettings hadoop) {
    Map.Entry<Long, Long> last = known.getOrDefault(file, new TreeMap<>()).floorEntry(start);
    long from = last == null ? 0 : last.getKey();
    long before = last == null ? 0 : last.getValue();
    if (from == start) {
      return before;
    }
    try {
      return before + count(new Path(URI.create(file)), from, start, hadoop.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot count the lines of " + file, e);
    }
  }

  private static long count(Path file, long from, long to, Configuration configuration)
      throws IOException {
    try (LineRecordReader lines = new LineRecordReader()) {
      lines.initialize(
          new FileSplit(file, from, to - from, new String[0]),
          new TaskAttemptContextImpl(configuration, new TaskAttemptID()));
      long count = 0;
      while (lines.nextKeyValue()) {
        count++;
      }
      return count;
    }
  }
}
