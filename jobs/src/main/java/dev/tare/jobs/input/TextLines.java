package dev.tare.jobs.input;

import dev.tare.jobs.storage.HadoopSettings;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The lines of text files, each with its file and its 0-based position there, in no order.
 *
 * <p>Spark reads files in splits, and how it cuts them depends on settings and cores. Within a
 * split lines come in order, so they are counted as they pass; {@link LineStarts} adds the lines
 * before the split, and with them the position depends on the file alone.
 */
final class TextLines {

  static final Column SPLIT = functions.col("_metadata.file_block_start");

  private static final StructType SCHEMA =
      new StructType()
          .add("file", DataTypes.StringType, false)
          .add("row", DataTypes.LongType, false)
          .add("text", DataTypes.BinaryType, false);

  private TextLines() {}

  /** Spark's own table of the lines, its files listed now and read later. */
  static Dataset<Row> open(SparkSession spark, DataFiles data) {
    return spark.read().option("recursiveFileLookup", "true").text(data.literals());
  }

  /**
   * Columns: file as {@link ParquetTable#FILE}, row, text as binary. Where a file is large enough
   * to be cut, runs a job that counts the lines of all splits.
   *
   * @param lines as {@link #open} gives them
   */
  static Dataset<Row> number(Dataset<Row> lines, DataFiles data, Configuration configuration) {
    LineStarts starts =
        LineStarts.worthCounting(data, configuration) ? LineStarts.count(lines) : LineStarts.NONE;
    return lines
        .select(ParquetTable.FILE, SPLIT, functions.col("value").cast("binary"))
        .mapPartitions(
            new Numbering(starts, HadoopSettings.of(configuration)), Encoders.row(SCHEMA));
  }

  private record Numbering(LineStarts starts, HadoopSettings hadoop)
      implements MapPartitionsFunction<Row, Row> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) {
      return new Numbered(starts, hadoop, rows);
    }
  }

  /** Not thread-safe; confined to one Spark task, which may read several splits in turn. */
  private static final class Numbered implements Iterator<Row> {

    private final LineStarts starts;
    private final HadoopSettings hadoop;
    private final Iterator<Row> rows;
    private String file = "";
    private long split = -1;
    private long next;

    Numbered(LineStarts starts, HadoopSettings hadoop, Iterator<Row> rows) {
      this.starts = starts;
      this.hadoop = hadoop;
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Row next() {
      Row row = rows.next();
      if (row.getLong(1) != split || !row.getString(0).equals(file)) {
        file = row.getString(0);
        split = row.getLong(1);
        next = starts.linesBefore(file, split, hadoop);
      }
      return RowFactory.create(file, next++, row.get(2));
    }
  }
}
