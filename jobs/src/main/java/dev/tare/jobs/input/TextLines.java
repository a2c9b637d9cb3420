package dev.tare.jobs.input;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.input.DataFiles.DataFile;
import dev.tare.jobs.storage.HadoopSettings;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The lines of text files, each with its file and its 0-based position there, in no particular
 * order.
 *
 * <p>Spark's own reader keeps a whole line in memory, however long it is, and drops it silently if
 * it exceeds a limit. This one keeps the beginning of a line, up to a limit, and its length.
 */
final class TextLines {

  private static final String OPEN_COST = "spark.sql.files.openCostInBytes";

  private static final StructType SCHEMA =
      new StructType()
          .add("file", DataTypes.StringType, false)
          .add("row", DataTypes.LongType, false)
          .add("text", DataTypes.BinaryType, false)
          .add("bytes", DataTypes.LongType, false);

  private static final StructType COUNTS =
      new StructType()
          .add("split", DataTypes.IntegerType, false)
          .add("lines", DataTypes.LongType, false);

  private TextLines() {}

  /**
   * Columns: file as {@link ParquetTable#FILE}; row; text as binary, cut at the form's limit; bytes
   * of the whole line. If a file is large enough to be split, runs a job that counts the lines of
   * its splits.
   */
  static Dataset<Row> read(
      SparkSession spark, DataFiles data, LineForm form, Configuration configuration) {
    HadoopSettings hadoop = HadoopSettings.of(configuration);
    long bytes = splitBytes(spark, data);
    List<TextSplit> whole = new ArrayList<>();
    List<TextSplit> cut = new ArrayList<>();
    for (DataFile file : data.files()) {
      List<TextSplit> splits = TextSplit.of(file, bytes, form, configuration);
      (splits.size() > 1 ? cut : whole).addAll(splits);
    }
    if (!cut.isEmpty()) {
      cut = numbered(spark, cut, hadoop);
    }
    whole.addAll(cut);
    return spark
        .range(0, whole.size(), 1, tasks(spark, data, whole.size(), bytes))
        .mapPartitions(new Read(whole, form, hadoop), Encoders.row(SCHEMA));
  }

  /** Small files share a task. */
  private static int tasks(SparkSession spark, DataFiles data, int splits, long splitBytes) {
    long cost = data.bytes() + data.files().size() * bytes(spark, OPEN_COST);
    long wanted = Math.max(SparkJobs.parallelism(spark), (cost + splitBytes - 1) / splitBytes);
    return (int) Math.min(splits, wanted);
  }

  /** The size of splits by Spark's rule and settings: enough splits for every core. */
  private static long splitBytes(SparkSession spark, DataFiles data) {
    long most = bytes(spark, "spark.sql.files.maxPartitionBytes");
    long least = bytes(spark, OPEN_COST);
    long perCore = data.bytes() / SparkJobs.parallelism(spark);
    return Math.max(1, Math.min(most, Math.max(least, perCore)));
  }

  private static long bytes(SparkSession spark, String setting) {
    return JavaUtils.byteStringAsBytes(spark.conf().get(setting));
  }

  private static List<TextSplit> numbered(
      SparkSession spark, List<TextSplit> splits, HadoopSettings hadoop) {
    long[] lines = new long[splits.size()];
    spark
        .range(0, splits.size(), 1, splits.size())
        .mapPartitions(new Count(splits, hadoop), Encoders.row(COUNTS))
        .collectAsList()
        .forEach(row -> lines[row.getInt(0)] = row.getLong(1));
    Map<String, Long> before = new TreeMap<>();
    List<TextSplit> numbered = new ArrayList<>();
    for (int i = 0; i < lines.length; i++) {
      TextSplit split = splits.get(i);
      long end = before.merge(split.path(), lines[i], Long::sum);
      numbered.add(split.from(end - lines[i]));
    }
    return numbered;
  }

  private record Count(List<TextSplit> splits, HadoopSettings hadoop)
      implements MapPartitionsFunction<Long, Row> {

    @Override
    public Iterator<Row> call(Iterator<Long> numbers) {
      List<Row> counts = new ArrayList<>();
      Configuration configuration = hadoop.configuration();
      while (numbers.hasNext()) {
        int number = Math.toIntExact(numbers.next());
        try (TextSplit.Open open = splits.get(number).open(LineForm.COUNTED, configuration)) {
          long lines = 0;
          while (open.next()) {
            lines++;
          }
          counts.add(RowFactory.create(number, lines));
        }
      }
      return counts.iterator();
    }
  }

  private record Read(List<TextSplit> splits, LineForm form, HadoopSettings hadoop)
      implements MapPartitionsFunction<Long, Row> {

    @Override
    public Iterator<Row> call(Iterator<Long> numbers) {
      return new Reading(splits, form, numbers, hadoop.configuration());
    }
  }

  /**
   * Not thread-safe; confined to one Spark task, which may read several splits one after the other.
   */
  private static final class Reading implements Iterator<Row> {

    private final List<TextSplit> splits;
    private final LineForm form;
    private final Iterator<Long> numbers;
    private final Configuration configuration;
    private TextSplit.Open open;
    private String file;
    private long line;
    private boolean known;

    Reading(
        List<TextSplit> splits,
        LineForm form,
        Iterator<Long> numbers,
        Configuration configuration) {
      this.splits = splits;
      this.form = form;
      this.numbers = numbers;
      this.configuration = configuration;
      TaskContext.get()
          .addTaskCompletionListener(
              context -> {
                // A reader of only a few rows does not reach the end.
                if (open != null) {
                  open.close();
                }
              });
    }

    @Override
    public boolean hasNext() {
      while (!known) {
        if (open != null && open.next()) {
          known = true;
        } else if (!nextSplit()) {
          return false;
        }
      }
      return true;
    }

    private boolean nextSplit() {
      if (open != null) {
        open.close();
        open = null;
      }
      if (!numbers.hasNext()) {
        return false;
      }
      TextSplit split = splits.get(Math.toIntExact(numbers.next()));
      open = split.open(form, configuration);
      file = new Path(split.path()).toUri().toString();
      line = split.firstLine();
      return true;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException("No line is left");
      }
      known = false;
      return RowFactory.create(file, line++, open.line().line(), open.line().length());
    }
  }
}
