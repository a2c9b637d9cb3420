package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import java.nio.charset.StandardCharsets;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A table of checked texts that are not tokenized yet: the first columns of {@link SampleRows}, of
 * which {@code hash} is the SHA-256 of the text in UTF-8, and the text. So what counts, splits and
 * chooses samples does the same with texts, and only those that are chosen need a tokenizer.
 *
 * @param reader of the text
 */
record TextRows(TextReader reader) implements MapFunction<Row, Row> {

  /** Index of the text. */
  static final int TEXT = 5;

  static final StructType SCHEMA =
      new StructType()
          .add(SampleRows.FILE, DataTypes.StringType, false)
          .add(SampleRows.ROW, DataTypes.LongType, true)
          .add(SampleRows.ERROR, DataTypes.StringType, true)
          .add(SampleRows.ERROR_REASON, DataTypes.StringType, true)
          .add(SampleRows.HASH, DataTypes.BinaryType, true)
          .add(SampleRows.SAMPLE, DataTypes.StringType, true);

  @Override
  public Row call(Row row) {
    String file = ParquetTable.file(row);
    Long position = ParquetTable.position(row).orElse(null);
    try {
      String text = reader.text(row);
      byte[] hash = Sample.hash(text.getBytes(StandardCharsets.UTF_8));
      return RowFactory.create(file, position, null, null, hash, text);
    } catch (BadRowException e) {
      return RowFactory.create(file, position, e.getMessage(), e.reason().id(), null, null);
    }
  }
}
