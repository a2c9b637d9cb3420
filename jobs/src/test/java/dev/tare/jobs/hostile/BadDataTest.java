package dev.tare.jobs.hostile;

import static dev.tare.jobs.input.LocalSpark.append;
import static dev.tare.jobs.input.LocalSpark.spark;
import static dev.tare.jobs.input.LocalSpark.table;
import static dev.tare.jobs.input.LocalSpark.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.jobs.input.DataSource;
import dev.tare.jobs.input.DescribedData;
import dev.tare.jobs.input.InputException;
import dev.tare.jobs.input.InputReport;
import dev.tare.jobs.input.InputSpec;
import dev.tare.jobs.input.ModelInputs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BadDataTest {

  private static final ModelInputs INPUTS =
      ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.unknown()));

  private static final Row ROW = RowFactory.create((Object) List.of(1f, 2f));

  @TempDir Path folder;

  private static DataSource open(String uri) {
    return DescribedData.open(spark(), DescribedData.of(uri, INPUTS));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> refused(Path path) {
    return assertThatThrownBy(() -> open(path.toString())).isInstanceOf(InputException.class);
  }

  private Path good(String name) {
    return Path.of(append(table("x array<float>", ROW, ROW), folder.resolve(name)));
  }

  private static Path part(Path dataset) throws IOException {
    try (Stream<Path> files = Files.list(dataset)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).sorted().findFirst().get();
    }
  }

  @Test
  void missingPathAndGlobWithoutMatchAreRefused() {
    refused(folder.resolve("none"))
        .hasMessage("Cannot read " + folder + "/none: no such file or folder");
    refused(folder.resolve("*.parquet"))
        .hasMessage("Cannot read " + folder + "/*.parquet: no such file or folder");
  }

  @Test
  void folderWithoutFilesIsRefused() throws IOException {
    Files.createDirectories(folder.resolve("empty/_hidden"));
    Files.writeString(folder.resolve("empty/_hidden/x.parquet"), "x");
    Files.writeString(folder.resolve("empty/.x"), "x");
    refused(folder.resolve("empty")).hasMessage("No data: " + folder + "/empty contains no files");
  }

  @Test
  void hiddenFileNamedOutrightIsRefused() throws IOException {
    Path hidden = Files.writeString(folder.resolve("_x.txt"), "x");
    refused(hidden).hasMessageContaining("Spark leaves out files whose names begin with . or _");
  }

  @Test
  void zeroByteParquetFileIsRefusedByName() throws IOException {
    Path dataset = good("zero");
    Path zero = Files.createFile(dataset.resolve("part-zero.parquet"));
    refused(dataset).hasMessage("Cannot read file:" + zero + ": 0 bytes, not a Parquet file");
  }

  @Test
  void truncatedParquetFileIsRefusedByName() throws IOException {
    Path dataset = good("truncated");
    byte[] bytes = Files.readAllBytes(part(dataset));
    Path cut = dataset.resolve("part-cut.parquet");
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));
    refused(dataset)
        .hasMessageStartingWith(
            "Cannot read file:%s as Parquet (%d bytes; truncated or damaged)"
                .formatted(cut, bytes.length / 2));
  }

  @Test
  void otherFileNamedParquetIsRefusedByName() throws IOException {
    Path other = Files.writeString(folder.resolve("notes.parquet"), "just some words here\n");
    refused(other).hasMessageStartingWith("Cannot read file:" + other + " as Parquet (21 bytes");
  }

  @Test
  void mixtureOfFormatsIsRefusedNamingOneOfEach() throws IOException {
    Path dataset = good("mixture");
    Path text = Files.writeString(dataset.resolve("readme.txt"), "words\n");
    refused(dataset)
        .hasMessage(
            "Cannot read %s: file:%s is Parquet and file:%s is not; name the files of one format"
                .formatted(dataset, part(dataset), text));
  }

  @Test
  void parquetWithoutRowsAndTextWithoutBytesAreRefused() throws IOException {
    String none = write(table("x array<float>"), folder.resolve("none"), 1);
    refused(Path.of(none)).hasMessage("No data: " + none + " has no rows");
    Path text = Files.createFile(folder.resolve("none.txt"));
    refused(text).hasMessage("No data: " + text + " has 0 bytes in 1 files");
  }

  @Test
  void columnMissingInOneFileIsRefusedNamingFileAndColumn() throws IOException {
    Path dataset = good("missing");
    Path first = part(dataset);
    append(table("y array<float>", ROW), dataset);
    Path other;
    try (Stream<Path> files = Files.list(dataset)) {
      other =
          files
              .filter(file -> file.toString().endsWith(".parquet") && !file.equals(first))
              .findFirst()
              .get();
    }
    refused(dataset)
        .hasMessage(
            "Cannot read file:%s: no column 'x' for model input 'x' FLOAT32 [?]; it has [y]"
                .formatted(other));
  }

  @Test
  void columnOfAnotherTypeIsRefusedNamingBothTypes() throws IOException {
    Path dataset =
        Path.of(
            append(
                table("x array<double>", RowFactory.create((Object) List.of(1.0))),
                folder.resolve("double")));
    refused(dataset)
        .hasMessage(
            "Cannot read file:%s: column 'x' is array<double> but must hold model input 'x'"
                    .formatted(part(dataset))
                + " FLOAT32 [?]");
    Path dates =
        Path.of(append(table("x date", RowFactory.create((Object) null)), folder.resolve("date")));
    refused(dates)
        .hasMessageContaining("column 'x' is optional int32 x (DATE) but must hold model input");
  }

  @Test
  void columnOfDifferentTypesInTwoFilesIsRefused() {
    ModelInputs ids = ModelInputs.of(InputSpec.of("x", DType.INT64, Dim.unknown()));
    append(table("x array<int>", RowFactory.create((Object) List.of(1))), folder.resolve("types"));
    String uri =
        append(
            table("x array<bigint>", RowFactory.create((Object) List.of(1L))),
            folder.resolve("types"));
    assertThatThrownBy(() -> DescribedData.open(spark(), DescribedData.of(uri, ids)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read column 'x' for model input 'x' INT64 [?]: it is ")
        .hasMessageContaining("array<int> in file:")
        .hasMessageContaining("array<bigint> in file:");
  }

  @Test
  void binaryColumnNeedsAShape() throws IOException {
    Path dataset =
        Path.of(
            append(
                table("x binary", RowFactory.create((Object) new byte[4])),
                folder.resolve("binary")));
    refused(dataset)
        .hasMessage(
            ("Cannot read file:%s: no column 'x_shape' for the shape of binary model input 'x'"
                    + " FLOAT32 [?]; it has [x]")
                .formatted(part(dataset)));
  }

  @Test
  void settingsThatDropRowsAreRefusedByName() {
    Path dataset = good("lossy");
    for (String key :
        List.of("spark.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreMissingFiles")) {
      spark().conf().set(key, "true");
      try {
        refused(dataset)
            .hasMessage(key + "=true would drop rows silently: set it to false to read data");
      } finally {
        spark().conf().unset(key);
      }
    }
  }

  @Test
  void flippedBitInAPageFailsInsteadOfGivingAnotherSum() throws IOException {
    Row[] rows = new Row[100];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = RowFactory.create((Object) List.of(i * 1.25f, i * 0.5f));
    }
    Path dataset = folder.resolve("flip");
    table("x array<float>", rows)
        .coalesce(1)
        .write()
        .option("compression", "none")
        .option("parquet.page.write-checksum.enabled", "true")
        .parquet(dataset.toString());
    Path part = part(dataset);
    byte[] bytes = Files.readAllBytes(part);
    bytes[200] ^= 4;
    Files.write(part, bytes);
    Files.deleteIfExists(dataset.resolve("." + part.getFileName() + ".crc"));
    DataSource source = open(dataset.toString());
    assertThatThrownBy(source::report)
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot read file://%s: could not verify page integrity, CRC checksum verification failed"
                .formatted(part));
  }

  @Test
  void rowsThatDisappearAfterTheFootersWereReadAreNoticed() throws IOException {
    Path dataset = good("changed");
    DataSource source = open(dataset.toString());
    Path part = part(dataset);
    Path fewer = Path.of(append(table("x array<float>", ROW), folder.resolve("fewer")));
    Files.delete(dataset.resolve("." + part.getFileName() + ".crc"));
    Files.write(part, Files.readAllBytes(part(fewer)));
    assertThatThrownBy(source::report)
        .isInstanceOf(InputException.class)
        .hasMessage("Cannot trust file:%s: it has 2 rows but Spark read 1".formatted(part));
    assertThatThrownBy(source::requireUnchanged)
        .isInstanceOf(InputException.class)
        .hasMessage("The data changed during the run: file:" + part);
  }

  @Test
  void namesOfFilesAreNeverPatterns() throws IOException {
    Path dataset = folder.resolve("odd [1]{a} 100%*?");
    append(table("x array<float>", ROW, ROW), folder.resolve("plain"));
    Files.createDirectories(dataset);
    Files.copy(part(folder.resolve("plain")), dataset.resolve("a b[0].parquet"));
    InputReport report = open(dataset.toString()).report();
    assertThat(report.rowsPerFile())
        .containsExactly(
            org.assertj.core.api.Assertions.entry("file:" + dataset + "/a b[0].parquet", 2L));
  }

  @Test
  void textWithoutTokenizerIsRefused() throws IOException {
    Path text = folder.resolve("a.txt");
    Files.write(text, "words\n".getBytes(StandardCharsets.UTF_8));
    refused(text)
        .hasMessage(
            "Cannot read " + text + " as text: give --tokenizer, the model's tokenizer.json");
  }
}
