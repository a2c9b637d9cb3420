package dev.tare.jobs.table;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Reads tables without nested columns in this JVM, one row at a time: what the driver alone needs
 * need not go through a job and a shuffle. Memory: one row group of the table.
 */
final class FlatParquet {

  private FlatParquet() {}

  /**
   * Reads all rows of a folder, file by file in the order of names.
   *
   * @param schema columns of integers, longs, floats, doubles, texts or bytes; all must be there
   * @param each receives rows whose values are in the order of the schema; they have no names
   * @throws TareException (bad input) if a file cannot be read, is damaged, lacks a column or its
   *     type differs
   */
  static void forEach(Path folder, StructType schema, Configuration hadoop, Consumer<Row> each)
      throws IOException {
    ParquetColumns.require(folder, schema, Set.of(), hadoop);
    for (Path file : ParquetColumns.files(folder, hadoop)) {
      try (ParquetReader<Group> reader =
          ParquetReader.builder(new GroupReadSupport(), file)
              .withConf(hadoop)
              .usePageChecksumVerification(true)
              .build()) {
        for (Group row = next(reader, file); row != null; row = next(reader, file)) {
          each.accept(values(row, schema));
        }
      }
    }
  }

  private static Group next(ParquetReader<Group> reader, Path file) {
    try {
      return reader.read();
    } catch (IOException | RuntimeException e) {
      throw TareException.badInput(
          "Cannot read %s as Parquet: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static Row values(Group row, StructType schema) {
    Object[] values = new Object[schema.length()];
    for (int i = 0; i < values.length; i++) {
      StructField field = schema.fields()[i];
      values[i] = row.getFieldRepetitionCount(field.name()) == 0 ? null : value(row, field);
    }
    return RowFactory.create(values);
  }

  private static Object value(Group row, StructField field) {
    String name = field.name();
    if (field.dataType().equals(DataTypes.IntegerType)) {
      return row.getInteger(name, 0);
    }
    if (field.dataType().equals(DataTypes.LongType)) {
      return row.getLong(name, 0);
    }
    if (field.dataType().equals(DataTypes.FloatType)) {
      return row.getFloat(name, 0);
    }
    if (field.dataType().equals(DataTypes.DoubleType)) {
      return row.getDouble(name, 0);
    }
    return field.dataType().equals(DataTypes.StringType)
        ? row.getString(name, 0)
        : row.getBinary(name, 0).getBytesUnsafe();
  }
}
