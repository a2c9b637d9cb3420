package dev.tare.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.input.LocalSpark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckedParquetTest {
  private static final StructType SCHEMA = StructType.fromDDL("x double");
  private static final double MARK = 1234.5678;

  @TempDir private Path folder;

  private Path write() throws IOException {
    List<Row> rows = List.of(RowFactory.create(MARK), RowFactory.create(2.0));
    LocalSpark.spark()
        .createDataFrame(rows, SCHEMA)
        .coalesce(1)
        .write()
        .option("compression", "none")
        .option("parquet.enable.dictionary", "false")
        .parquet(folder.resolve("t").toString());
    try (var files = Files.list(folder.resolve("t"))) {
      Path file = files.filter(f -> f.toString().endsWith(".parquet")).findFirst().orElseThrow();
      Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
      return file;
    }
  }

  private Dataset<Row> read() {
    return CheckedParquet.read(
        LocalSpark.spark(), SCHEMA, new org.apache.hadoop.fs.Path(folder.resolve("t").toUri()));
  }

  @Test
  void aFlippedBitIsAnErrorThatNamesTheFileAndNotAnotherNumber() throws IOException {
    Path file = write();
    assertThat(read().count()).isEqualTo(2);
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (buffer.getDouble(at) != MARK) {
      at++;
    }
    bytes[at + 6] ^= 1;
    Files.write(file, bytes);

    SparkSession spark = LocalSpark.spark();
    double silent =
        spark.read().parquet(file.toString()).agg(functions.sum("x")).first().getDouble(0);
    assertThat(silent).isNotEqualTo(MARK + 2);
    spark.conf().set("spark.sql.files.ignoreCorruptFiles", "true");
    try {
      assertThatThrownBy(() -> read().collectAsList())
          .hasStackTraceContaining(file.getFileName().toString())
          .hasStackTraceContaining("CRC checksum verification failed");
    } finally {
      spark.conf().unset("spark.sql.files.ignoreCorruptFiles");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "t[1]|t1",
        "t{1,2}|t1",
        "t*|t1",
        "t?|t1",
        "b\\[t]|b[t]",
        "b\\t|bt",
        "per%20cent|per cent",
        "a,b|a",
        "n#1|n",
        "t:o [x]|t:o x",
        "tag=1|tag",
      })
  void theFolderIsReadAndNotAnotherThatItsNameMatchesAsAPattern(String name, String other) {
    write(name, 1);
    write(other, 2);
    List<Row> rows =
        CheckedParquet.read(
                LocalSpark.spark(),
                SCHEMA,
                new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()))
            .collectAsList();
    assertThat(rows).containsExactly(RowFactory.create(1.0));
  }

  private void write(String name, double value) {
    LocalSpark.spark()
        .createDataFrame(List.of(RowFactory.create(value)), SCHEMA)
        .coalesce(1)
        .write()
        .parquet(folder.resolve(name).toString());
  }

  @Test
  void aFileThatVanishesIsAnErrorWhateverTheSessionSays() throws IOException {
    Path file = write();
    SparkSession spark = LocalSpark.spark();
    spark.conf().set("spark.sql.files.ignoreMissingFiles", "true");
    try {
      Dataset<Row> table = read();
      Files.delete(file);
      assertThatThrownBy(table::collectAsList)
          .hasStackTraceContaining(file.getFileName().toString());
    } finally {
      spark.conf().unset("spark.sql.files.ignoreMissingFiles");
    }
  }
}
