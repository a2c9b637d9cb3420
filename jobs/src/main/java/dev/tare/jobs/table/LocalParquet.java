package dev.tare.jobs.table;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Reads tables in this JVM, one row at a time: what the driver alone needs need not go through a
 * job and a shuffle. Memory: one row group of the table as it is stored, and one row.
 */
final class LocalParquet {

  private LocalParquet() {}

  /**
   * Reads all rows of a folder, file by file in the order of names.
   *
   * @param schema columns of numbers, booleans, texts, bytes or lists of numbers; all must be there
   * @param each receives rows, as {@link #forEach(Path, StructType, Set, Configuration, Consumer)}
   * @throws TareException (bad input) if a file cannot be read, is damaged, lacks a column or its
   *     type differs
   */
  static void forEach(Path folder, StructType schema, Configuration hadoop, Consumer<Row> each)
      throws IOException {
    ParquetColumns.require(folder, schema, Set.of(), hadoop);
    for (Path file : ParquetColumns.files(folder, hadoop)) {
      forEach(file, schema, Set.of(), hadoop, each);
    }
  }

  /**
   * Reads all rows of one file, whose columns were checked.
   *
   * @param optional columns that the file may lack; they are null then
   * @param each receives rows with the columns of the schema. A list is an array of Java's int,
   *     long, float or double, or, if it contains a null, one of objects.
   * @throws TareException (bad input) if the file cannot be read or is damaged
   */
  static void forEach(
      Path file, StructType schema, Set<String> optional, Configuration hadoop, Consumer<Row> each)
      throws IOException {
    try (ParquetFileReader reader = open(file, hadoop)) {
      MessageType stored = reader.getFooter().getFileMetaData().getSchema();
      MessageType asked = asked(stored, schema, optional);
      String createdBy = reader.getFooter().getFileMetaData().getCreatedBy();
      reader.setRequestedSchema(asked);
      for (PageReadStore group = next(reader, file); group != null; group = next(reader, file)) {
        ColumnCells[] columns = columns(group, asked, createdBy, schema, file);
        for (long row = 0; row < group.getRowCount(); row++) {
          Object[] cells = new Object[columns.length];
          for (int i = 0; i < cells.length; i++) {
            cells[i] = columns[i] == null ? null : read(columns[i], file);
          }
          each.accept(new LocalRow(cells, schema));
        }
      }
    }
  }

  /**
   * Bytes of a folder's tables when they are no longer compressed, or 8 for each of their values
   * where that is more, as of values that are stored once; from the footers alone.
   *
   * @throws TareException (bad input) if a file cannot be read, or its footer has a negative number
   */
  static long bytes(Path folder, Configuration hadoop) throws IOException {
    double bytes = 0;
    for (Path file : ParquetColumns.files(folder, hadoop)) {
      try (ParquetFileReader reader = open(file, hadoop)) {
        for (BlockMetaData group : reader.getFooter().getBlocks()) {
          bytes += bytes(group, file);
        }
      }
    }
    return (long) bytes;
  }

  /** In float64, which no number of a footer overflows. */
  static double bytes(BlockMetaData group, Path file) {
    double decoded = 0;
    boolean negative = group.getTotalByteSize() < 0;
    for (ColumnChunkMetaData column : group.getColumns()) {
      negative |= column.getValueCount() < 0;
      decoded += (double) Long.BYTES * column.getValueCount();
    }
    if (negative) {
      throw TareException.badInput(
          "Cannot read %s as Parquet: its footer has a negative size".formatted(file));
    }
    return Math.max((double) group.getTotalByteSize(), decoded);
  }

  private static ParquetFileReader open(Path file, Configuration hadoop) throws IOException {
    ParquetReadOptions options =
        HadoopReadOptions.builder(hadoop, file).usePageChecksumVerification(true).build();
    try {
      return ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop), options);
    } catch (RuntimeException e) {
      throw unreadable(file, e);
    }
  }

  private static MessageType asked(MessageType stored, StructType schema, Set<String> optional) {
    Type[] fields =
        Arrays.stream(schema.fieldNames())
            .filter(name -> stored.containsField(name) || !optional.contains(name))
            .map(name -> stored.getType(name))
            .toArray(Type[]::new);
    return new MessageType(stored.getName(), fields);
  }

  /** Returns a reader for each column of the schema; null for one that the file lacks. */
  private static ColumnCells[] columns(
      PageReadStore group, MessageType asked, String createdBy, StructType schema, Path file) {
    try {
      ColumnReadStoreImpl store =
          new ColumnReadStoreImpl(
              group, new GroupRecordConverter(asked).getRootConverter(), asked, createdBy);
      ColumnCells[] columns = new ColumnCells[schema.length()];
      for (int i = 0; i < columns.length; i++) {
        StructField field = schema.fields()[i];
        columns[i] = asked.containsField(field.name()) ? ColumnCells.of(store, asked, field) : null;
      }
      return columns;
    } catch (RuntimeException e) {
      throw unreadable(file, e);
    }
  }

  private static PageReadStore next(ParquetFileReader reader, Path file) {
    try {
      return reader.readNextRowGroup();
    } catch (IOException | RuntimeException e) {
      throw unreadable(file, e);
    }
  }

  private static Object read(ColumnCells column, Path file) {
    try {
      return column.next();
    } catch (RuntimeException e) {
      throw unreadable(file, e);
    }
  }

  private static TareException unreadable(Path file, Exception e) {
    return TareException.badInput(
        "Cannot read %s as Parquet: %s".formatted(file, e.getMessage()), e);
  }
}
