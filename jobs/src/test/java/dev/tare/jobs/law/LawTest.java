package dev.tare.jobs.law;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.Tare;
import dev.tare.jobs.run.SparkStages;
import dev.tare.jobs.storage.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The law on the real model: statistics of 256 definitions are the same for any partitions, order,
 * batch size and number of cores, for a run and for the merge of runs, with Spark and without.
 */
class LawTest {

  private static final int DEFINITIONS = 256;

  @TempDir static Path folder;

  private static List<String> texts;
  private static List<Sample> samples;
  private static String expected;

  private SparkSession spark;

  @BeforeAll
  static void engineAlone() throws IOException {
    texts = MiniLm.definitions(DEFINITIONS);
    samples = EngineAlone.tokenize(texts);
    expected = EngineAlone.contentSha256(samples, folder, 8);
  }

  @BeforeEach
  void start() {
    start("local[2]");
  }

  private void start(String master) {
    spark =
        SparkSession.builder()
            .master(master)
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 3)
            .getOrCreate();
  }

  @AfterEach
  void stop() {
    spark.stop();
  }

  @ParameterizedTest
  @CsvSource({"1, 8", "2, 1", "7, 8"})
  void partitionsAndBatchSizeDoNotEnter(int partitions, int batchSize) throws IOException {
    Path text = MiniLm.write(folder.resolve("all.txt"), texts);
    assertThat(calibrate("p" + partitions, text, partitions, batchSize)).isEqualTo(expected);
  }

  @Test
  void orderOfRowsAndCoresDoNotEnter() throws IOException {
    List<String> shuffled = new ArrayList<>(texts);
    Collections.shuffle(shuffled, new Random(7));
    Path text = MiniLm.write(folder.resolve("shuffled.txt"), shuffled);
    spark.stop();
    start("local[1]");
    assertThat(calibrate("shuffled", text, 3, 8)).isEqualTo(expected);
  }

  @Test
  void mergeOfRunsOverHalvesEqualsOneRun() throws IOException {
    int half = DEFINITIONS / 2;
    Path first = MiniLm.write(folder.resolve("first.txt"), texts.subList(0, half));
    Path second = MiniLm.write(folder.resolve("second.txt"), texts.subList(half, DEFINITIONS));
    assertThat(calibrate("half-1", first, 2, 8)).isNotEqualTo(expected);
    calibrate("half-2", second, 1, 8);
    run("merge", "--output", run("merged"), run("half-2"), run("half-1"));
    assertThat(contentSha256("merged")).isEqualTo(expected);
  }

  @Test
  void samplesOfExtremesAreNamedForEveryTensor() throws IOException {
    Path text = MiniLm.write(folder.resolve("named.txt"), texts);
    calibrate("named", text, 3, 4);
    Dataset<Row> whole =
        spark.read().parquet(run("named") + "/statistics").filter("channel is null");
    Set<String> known = new HashSet<>();
    samples.forEach(sample -> known.add(SampleOrigin.of(sample).sha256()));
    List<Row> rows =
        whole
            .select("min_sample", "max_sample", "min_file", "max_file", "min_row", "max_row")
            .collectAsList();
    assertThat(rows).hasSizeGreaterThan(20);
    for (Row row : rows) {
      assertThat(known).contains(row.getString(0), row.getString(1));
      assertThat(row.getString(2)).isEqualTo(row.getString(3)).endsWith("/named.txt");
      assertThat(row.isNullAt(4) && row.isNullAt(5)).as("lines have no position").isTrue();
    }
  }

  @Test
  void aBatchOfOneAndShuffledSamplesAgreeWithoutSpark() throws IOException {
    List<Sample> shuffled = new ArrayList<>(samples);
    Collections.shuffle(shuffled, new Random(11));
    assertThat(EngineAlone.contentSha256(shuffled, folder, 1)).isEqualTo(expected);
  }

  @Test
  void onePaddedSampleWouldChangeTheContent() throws IOException {
    List<Sample> padded = new ArrayList<>(samples);
    Sample last = padded.remove(padded.size() - 1);
    long[] ids = new long[(int) last.inputs().get("input_ids").shape().size()];
    last.inputs().get("input_ids").bytes().asLongBuffer().get(ids);
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    padded.add(EngineAlone.sample(ids, mask, 3));
    assertThat(EngineAlone.contentSha256(padded, folder, 8)).isNotEqualTo(expected);
  }

  @Test
  void oneSampleCountedTwiceWouldChangeTheContent() throws IOException {
    List<Sample> twice = new ArrayList<>(samples);
    twice.add(samples.get(0));
    assertThat(EngineAlone.contentSha256(twice, folder, 8)).isNotEqualTo(expected);
  }

  private String calibrate(String name, Path text, int partitions, int batchSize)
      throws IOException {
    run(
        "calibrate",
        "--model",
        MiniLm.model().toString(),
        "--data",
        text.toString(),
        "--tokenizer",
        MiniLm.tokenizer().toString(),
        "--max-length",
        String.valueOf(MiniLm.MAX_LENGTH),
        "--partitions",
        String.valueOf(partitions),
        "--batch-size",
        String.valueOf(batchSize),
        "--output",
        run(name));
    return contentSha256(name);
  }

  private static String run(String name) {
    return folder.resolve("runs").resolve(name).toString();
  }

  private static String contentSha256(String name) throws IOException {
    return RunFolder.open(run(name), new Configuration())
        .manifest()
        .properties()
        .path("calibration")
        .path("content-sha256")
        .asText();
  }

  private static void run(String... arguments) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(log, true, StandardCharsets.UTF_8);
    PrintWriter writer = new PrintWriter(log, true, StandardCharsets.UTF_8);
    int exitCode = new Tare(new SparkStages(stream, stream), writer, writer).run(arguments);
    assertThat(exitCode).as(log.toString(StandardCharsets.UTF_8)).isZero();
  }
}
