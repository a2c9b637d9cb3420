package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.spark;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
class TextLinesTest {

  private static final String SPLIT_BYTES = "spark.sql.files.maxPartitionBytes";
  private static final String OPEN_COST = "spark.sql.files.openCostInBytes";

  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  @AfterEach
  void uncut() {
    spark().conf().unset(SPLIT_BYTES);
    spark().conf().unset(OPEN_COST);
  }

  /** Lines of 0 to 60 letters, every fifth empty, ended in one of the three ways. */
  private static List<String> lines(int n, long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, n)
        .mapToObj(i -> i % 5 == 4 ? "" : i + "x".repeat(random.nextInt(60)))
        .toList();
  }

  private static String joined(List<String> lines, String... ends) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      text.append(lines.get(i)).append(ends[i % ends.length]);
    }
    return text.toString();
  }

  /** Compressed where the name says so. */
  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    var codec =
        new CompressionCodecFactory(HADOOP).getCodec(new org.apache.hadoop.fs.Path(file.toUri()));
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream packed = codec == null ? out : codec.createOutputStream(out)) {
      packed.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private Dataset<Row> read(Path path) {
    return TextLines.read(spark(), DataFiles.list(path.toString(), HADOOP), LineForm.TEXT, HADOOP);
  }

  /** Every line with the number of its partition, by one job. */
  private List<Row> located() {
    return read(folder).withColumn("partition", functions.spark_partition_id()).collectAsList();
  }

  /** The lines of each file by its name, in the order of their positions, which are 0, 1, 2, ... */
  private static SortedMap<String, List<String>> numbered(List<Row> located) {
    List<Row> rows = new ArrayList<>(located);
    rows.sort(
        Comparator.comparing((Row row) -> row.<String>getAs("file"))
            .thenComparingLong(row -> row.<Long>getAs("row")));
    SortedMap<String, List<String>> files = new TreeMap<>();
    for (Row row : rows) {
      String path = ParquetTable.path(row.getString(0));
      List<String> lines =
          files.computeIfAbsent(
              path.substring(path.lastIndexOf('/') + 1), name -> new ArrayList<>());
      assertThat(row.getLong(1)).as(path).isEqualTo(lines.size());
      byte[] line = (byte[]) row.get(2);
      assertThat(row.getLong(3)).isEqualTo(line.length);
      lines.add(new String(line, StandardCharsets.UTF_8));
    }
    return files;
  }

  private static long partitions(List<Row> located) {
    return located.stream().map(row -> row.<Integer>getAs("partition")).distinct().count();
  }

  @ParameterizedTest
  @CsvSource({
    "128m, 4m, 2",
    "128m, 0, 2",
    "1000, 0, 9",
    "1000, 600, 9",
    "150, 0, 28",
    "7, 0, 90",
  })
  void everyLineKnowsItsPositionHoweverFilesAreCutAndPacked(
      String splitBytes, String openCost, int atLeast) throws IOException {
    SortedMap<String, List<String>> expected = new TreeMap<>();
    expected.put("unix.txt", lines(40, 1));
    expected.put("windows.txt", lines(30, 2));
    expected.put("mixed 100%25 \u00fc.txt", lines(20, 3));
    expected.put("old.txt", lines(20, 8));
    expected.put("long.txt", List.of("a", "b".repeat(5000), "c"));
    expected.put("packed.txt.gz", lines(500, 4));
    expected.put("packed.txt.bz2", lines(500, 9));
    write("unix.txt", joined(expected.get("unix.txt"), "\n"));
    write("windows.txt", joined(expected.get("windows.txt"), "\r\n"));
    write("mixed 100%25 \u00fc.txt", joined(expected.get("mixed 100%25 \u00fc.txt"), "\n", "\r\n"));
    write("old.txt", joined(expected.get("old.txt"), "\r"));
    write("long.txt", String.join("\n", expected.get("long.txt")));
    write("packed.txt.gz", joined(expected.get("packed.txt.gz"), "\n"));
    write("packed.txt.bz2", joined(expected.get("packed.txt.bz2"), "\r\n"));
    for (int i = 0; i < 5; i++) {
      expected.put("small" + i + ".txt", List.of("only", "two"));
      write("small" + i + ".txt", "only\ntwo\n");
    }
    write("none.txt", "");
    spark().conf().set(SPLIT_BYTES, splitBytes);
    spark().conf().set(OPEN_COST, openCost);
    List<Row> located = located();
    assertThat(partitions(located)).isGreaterThanOrEqualTo(atLeast);
    assertThat(numbered(located)).isEqualTo(expected);
  }

  @Test
  void linesAreThoseOfSparksOwnReader() throws IOException {
    Random random = new Random(5);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      text.append(
          List.of("", "word ", "\u00fc", "\r", "\n", "\r\n", "\n\r").get(random.nextInt(7)));
    }
    Path file = write("odd.txt", text.toString());
    spark().conf().set(SPLIT_BYTES, "13");
    spark().conf().set(OPEN_COST, "0");
    List<String> ours =
        read(file)
            .orderBy("row")
            .select(functions.col("text").cast("string"))
            .collectAsList()
            .stream()
            .map(row -> row.getString(0))
            .toList();
    spark().conf().unset(SPLIT_BYTES);
    List<String> theirs =
        spark().read().text(file.toString()).coalesce(1).collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    assertThat(ours).isEqualTo(theirs).hasSizeGreaterThan(500);
  }

  @Test
  void ofALineBeyondTheLimitTheBeginningIsKeptAndTheLengthIsKnown() throws IOException {
    int bytes = 5 * LineForm.TEXT.keptBytes() + 17;
    Path file = folder.resolve("long.txt");
    byte[] line = new byte[bytes];
    Arrays.fill(line, (byte) 'x');
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write("first\n".getBytes(StandardCharsets.UTF_8));
      out.write(line);
      out.write("\r\nlast".getBytes(StandardCharsets.UTF_8));
    }
    for (String splitBytes : List.of("128m", "1m")) {
      spark().conf().set(SPLIT_BYTES, splitBytes);
      List<Row> rows = read(file).orderBy("row").collectAsList();
      assertThat(rows).extracting(row -> row.getLong(1)).containsExactly(0L, 1L, 2L);
      assertThat(rows).extracting(row -> row.getLong(3)).containsExactly(5L, (long) bytes, 4L);
      assertThat((byte[]) rows.get(1).get(2)).hasSize(LineForm.TEXT.keptBytes());
    }
  }

  @Test
  void aPackedFileThatIsCutOffIsRefusedByName() throws IOException {
    Path file = write("cut.txt.gz", joined(lines(5000, 3), "\n"));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    Dataset<Row> rows = read(file);
    assertThatThrownBy(rows::count)
        .satisfies(
            failure ->
                assertThat(InputException.ofFailedRead(failure).orElseThrow())
                    .hasMessageStartingWith("Cannot read file:" + file + ": "));
  }
}
