package dev.tare.jobs.input;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.input.DataFiles.DataFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;

/**
 * The footers of all files of a data set, read before any job starts.
 *
 * <p>Without this, Spark would silently skip a file of zero bytes, and silently fill a column that
 * is missing in one file with nulls.
 *
 * @param footers in the order of the files
 */
record ParquetFooters(List<Footer> footers) implements Columns {

  /**
   * @param file path of the file
   * @param schema the file's own
   * @param rows the sum over its row groups
   * @param bytesPerRow the average of the row group where it is largest, before compression
   */
  record Footer(DataFile file, MessageType schema, long rows, long bytesPerRow) {}

  ParquetFooters {
    footers = List.copyOf(footers);
  }

  /**
   * Reads every footer, many in parallel.
   *
   * @throws InputException if a file is empty, truncated or not Parquet, or no file has a row
   */
  static ParquetFooters read(DataFiles data, Configuration configuration) {
    List<Footer> footers = Concurrently.map(data.files(), file -> readFooter(file, configuration));
    if (footers.stream().allMatch(footer -> footer.rows() == 0)) {
      throw new InputException("No data: " + data.uri() + " has no rows");
    }
    return new ParquetFooters(footers);
  }

  private static Footer readFooter(DataFile file, Configuration configuration) {
    if (file.bytes() == 0) {
      throw new InputException("Cannot read " + file.path() + ": 0 bytes, not a Parquet file");
    }
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file.path()), configuration))) {
      return new Footer(
          file,
          reader.getFooter().getFileMetaData().getSchema(),
          reader.getRecordCount(),
          reader.getFooter().getBlocks().stream()
              .mapToLong(block -> block.getTotalByteSize() / Math.max(1, block.getRowCount()))
              .max()
              .orElse(0));
    } catch (IOException | RuntimeException e) {
      throw new InputException(
          "Cannot read %s as Parquet (%d bytes; truncated or damaged): %s"
              .formatted(file.path(), file.bytes(), e.getMessage()),
          e);
    }
  }

  /** Rows of each file by path. */
  SortedMap<String, Long> expectedRows() {
    SortedMap<String, Long> rows = new TreeMap<>();
    footers.forEach(footer -> rows.put(footer.file().path(), footer.rows()));
    return Collections.unmodifiableSortedMap(rows);
  }

  /** Bytes of an average row, in the file where it is largest. */
  long bytesPerRow() {
    return footers.stream().mapToLong(Footer::bytesPerRow).max().orElse(0);
  }

  /** Whether any file has a column, by its exact name. */
  @Override
  public boolean anyHas(String column) {
    return footers.stream().anyMatch(footer -> footer.schema().containsField(column));
  }

  /** Top-level columns of the first file. */
  @Override
  public List<String> columnNames() {
    List<String> names = new ArrayList<>();
    footers.get(0).schema().getFields().forEach(field -> names.add(field.getName()));
    return names;
  }

  /** The type of a column in the first file that has it, if it can be a tensor or text. */
  @Override
  public Optional<ColumnType> firstType(String column) {
    return footers.stream()
        .filter(footer -> footer.schema().containsField(column))
        .findFirst()
        .flatMap(footer -> ColumnType.of(footer.schema().getType(column)));
  }

  /**
   * The type of a column, the same in every file.
   *
   * @param wanted its purpose, for messages
   * @throws InputException if the column is missing in a file, or has another type or one that is
   *     not supported there
   */
  @Override
  public ColumnType require(String column, String wanted) {
    Footer first = null;
    ColumnType type = null;
    for (Footer footer : footers) {
      ColumnType own = typeIn(footer, column, wanted);
      if (type != null && !type.equals(own)) {
        throw new InputException(
            "Cannot read column '%s' for %s: it is %s in %s but %s in %s"
                .formatted(column, wanted, type, first.file().path(), own, footer.file().path()));
      }
      first = first == null ? footer : first;
      type = own;
    }
    return type;
  }

  private static ColumnType typeIn(Footer footer, String column, String wanted) {
    MessageType schema = footer.schema();
    if (!schema.containsField(column)) {
      throw new InputException(
          "Cannot read %s: no column '%s' for %s; it has %s"
              .formatted(
                  footer.file().path(),
                  column,
                  wanted,
                  schema.getFields().stream().map(field -> field.getName()).toList()));
    }
    long alike =
        schema.getFields().stream()
            .filter(field -> field.getName().equalsIgnoreCase(column))
            .count();
    if (alike > 1) {
      throw new InputException(
          "Cannot read %s: it has %d columns named '%s' apart from upper and lower case"
              .formatted(footer.file().path(), alike, column));
    }
    return ColumnType.of(schema.getType(column))
        .orElseThrow(() -> wrongType(footer, column, schema.getType(column).toString(), wanted));
  }

  @Override
  public InputException wrongType(String column, ColumnType type, String wanted) {
    return wrongType(footers.get(0), column, type.toString(), wanted);
  }

  private static InputException wrongType(
      Footer footer, String column, String type, String wanted) {
    return new InputException(
        "Cannot read %s: column '%s' is %s but must hold %s"
            .formatted(footer.file().path(), column, type, wanted));
  }
}
