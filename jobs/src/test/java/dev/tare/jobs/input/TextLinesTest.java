package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.spark;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextLinesTest {

  private static final String SPLIT_BYTES = "spark.sql.files.maxPartitionBytes";
  private static final String OPEN_COST = "spark.sql.files.openCostInBytes";

  private static final Configuration HADOOP = new Configuration();
  private static final HadoopSettings SETTINGS = HadoopSettings.of(HADOOP);

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
    var codec = new CompressionCodecFactory(HADOOP).getCodec(hadoop(file));
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream packed = codec == null ? out : codec.createOutputStream(out)) {
      packed.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private static org.apache.hadoop.fs.Path hadoop(Path file) {
    return new org.apache.hadoop.fs.Path(file.toUri());
  }

  private Dataset<Row> read(Path path) {
    DataFiles data = DataFiles.list(path.toString(), HADOOP);
    return TextLines.number(TextLines.open(spark(), data), data, HADOOP);
  }

  /** The lines of each file by its name, in the order of their positions, which are 0, 1, 2, ... */
  private SortedMap<String, List<String>> numbered() {
    SortedMap<String, List<String>> files = new TreeMap<>();
    for (Row row : read(folder).orderBy("file", "row").collectAsList()) {
      String path = ParquetTable.path(row.getString(0));
      List<String> lines =
          files.computeIfAbsent(
              path.substring(path.lastIndexOf('/') + 1), name -> new ArrayList<>());
      assertThat(row.getLong(1)).as(path).isEqualTo(lines.size());
      lines.add(new String((byte[]) row.get(2), StandardCharsets.UTF_8));
    }
    return files;
  }

  private long partitions() {
    return read(folder).select(functions.spark_partition_id()).distinct().count();
  }

  @ParameterizedTest
  @CsvSource({
    "128m, 4m, 2",
    "128m, 0, 3",
    "1000, 0, 20",
    "1000, 600, 20",
    "150, 0, 100",
  })
  void everyLineKnowsItsPositionHoweverFilesAreCutAndPacked(
      String splitBytes, String openCost, int atLeast) throws IOException {
    SortedMap<String, List<String>> expected = new TreeMap<>();
    expected.put("unix.txt", lines(400, 1));
    expected.put("windows.txt", lines(300, 2));
    expected.put("mixed 100%25 \u00fc.txt", lines(200, 3));
    expected.put("long.txt", List.of("a", "b".repeat(5000), "c"));
    expected.put("packed.txt.gz", lines(500, 4));
    write("unix.txt", joined(expected.get("unix.txt"), "\n"));
    write("windows.txt", joined(expected.get("windows.txt"), "\r\n"));
    write("mixed 100%25 \u00fc.txt", joined(expected.get("mixed 100%25 \u00fc.txt"), "\n", "\r\n"));
    write("long.txt", String.join("\n", expected.get("long.txt")));
    write("packed.txt.gz", joined(expected.get("packed.txt.gz"), "\n"));
    for (int i = 0; i < 5; i++) {
      expected.put("small" + i + ".txt", List.of("only", "two"));
      write("small" + i + ".txt", "only\ntwo\n");
    }
    write("none.txt", "");
    spark().conf().set(SPLIT_BYTES, splitBytes);
    spark().conf().set(OPEN_COST, openCost);
    assertThat(partitions()).isGreaterThanOrEqualTo(atLeast);
    assertThat(numbered()).isEqualTo(expected);
  }

  /** Each begins with its number and is too random to be packed well. */
  private static List<String> numberedNoise(int n) {
    Random random = new Random(5);
    return IntStream.range(0, n)
        .mapToObj(i -> i + " " + Long.toHexString(random.nextLong()) + random.nextLong())
        .toList();
  }

  private static long wellNumbered(Dataset<Row> rows) {
    return rows.filter("cast(split(cast(text as string), ' ')[0] as bigint) = row").count();
  }

  @Test
  void linesOfLargeFilesAreCountedOnceForAllSplits() throws IOException {
    List<String> lines = numberedNoise(150_000);
    Path file = write("large.txt", joined(lines, "\n"));
    assertThat(LineStarts.worthCounting(DataFiles.list(file.toString(), HADOOP), HADOOP)).isTrue();
    spark().conf().set(SPLIT_BYTES, "1m");
    assertThat(LineStarts.count(spark().read().text(file.toString())).known().values())
        .singleElement()
        .satisfies(starts -> assertThat(starts).hasSizeGreaterThan(3).containsEntry(0L, 0L));
    Dataset<Row> rows = read(file);
    assertThat(wellNumbered(rows)).isEqualTo(lines.size());
    // Another cut than the one that was counted, as when executors came in between.
    spark().conf().set(SPLIT_BYTES, "300k");
    assertThat(wellNumbered(rows)).isEqualTo(lines.size());
  }

  @Test
  void linesOfCompressedSplitsKnowTheirPositions() throws IOException {
    List<String> lines = numberedNoise(60_000);
    Path file = write("packed.txt.bz2", joined(lines, "\n"));
    spark().conf().set(SPLIT_BYTES, "300k");
    spark().conf().set(OPEN_COST, "0");
    LineStarts counted = LineStarts.count(spark().read().text(file.toString()));
    assertThat(counted.known().values())
        .singleElement()
        .satisfies(starts -> assertThat(starts).hasSizeGreaterThan(2));
    assertThat(wellNumbered(read(file))).isEqualTo(lines.size());
    counted
        .known()
        .forEach(
            (path, starts) ->
                assertThat(LineStarts.NONE.linesBefore(path, starts.lastKey(), SETTINGS))
                    .isEqualTo(starts.lastEntry().getValue()));
  }

  @Test
  void smallAndUnsplittableFilesNeedNoCount() throws IOException {
    write("small.txt", "a\nb\n");
    byte[] noise = new byte[6 << 20];
    new Random(6).nextBytes(noise);
    Files.write(folder.resolve("large.txt.gz"), noise);
    assertThat(LineStarts.worthCounting(DataFiles.list(folder.toString(), HADOOP), HADOOP))
        .isFalse();
    Files.write(folder.resolve("large.txt"), noise);
    assertThat(LineStarts.worthCounting(DataFiles.list(folder.toString(), HADOOP), HADOOP))
        .isTrue();
  }

  @Test
  void linesBeforeEveryByteAreTheSameWhateverIsKnown() throws IOException {
    String text = joined(lines(16, 7), "\n", "\r\n");
    Path path = write("bytes.txt", text);
    spark().conf().set(SPLIT_BYTES, "40");
    spark().conf().set(OPEN_COST, "0");
    LineStarts counted = LineStarts.count(spark().read().text(path.toString()));
    String file = counted.known().keySet().iterator().next();
    NavigableMap<Long, Long> starts = counted.known().get(file);
    assertThat(starts).hasSizeGreaterThan(6);
    LineStarts some = new LineStarts(Map.of(file, starts.headMap(200L, false)));
    long before = 0;
    for (int start = 0; start <= text.length(); start++) {
      // The line that begins at a split's first byte belongs to the split before.
      if (start == 1 || (start > 1 && start < text.length() && text.charAt(start - 1) == '\n')) {
        before++;
      }
      for (LineStarts known : List.of(LineStarts.NONE, counted, some)) {
        assertThat(known.linesBefore(file, start, SETTINGS)).as("byte %d", start).isEqualTo(before);
      }
    }
  }
}
