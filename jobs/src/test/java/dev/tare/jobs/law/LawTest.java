package dev.tare.jobs.law;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.Tare;
import dev.tare.jobs.storage.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
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
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The law on the real model: statistics of 96 definitions are the same for any partitions, order,
 * batch size and number of cores, for a run and for the merge of runs, with Spark and without; and
 * those of pictures in a small network for TensorFlow Lite.
 */
@Tag("slow")
class LawTest {

  private static final int DEFINITIONS = 96;
  private static final int PICTURES = 40;

  @TempDir static Path folder;

  private static List<String> texts;
  private static List<Sample> samples;
  private static String expected;
  private static Path lite;
  private static String expectedOfLite;

  private SparkSession spark;

  @BeforeAll
  static void engineAlone() throws IOException {
    texts = MiniLm.definitions(DEFINITIONS);
    samples = EngineAlone.tokenize(texts);
    expected = EngineAlone.contentSha256(samples, folder, 8);
    lite = TinyLite.model(folder.resolve("lite.tflite"));
    expectedOfLite = EngineAlone.contentSha256(lite, TinyLite.samples(PICTURES), folder, 1);
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
            // As in conf/spark-defaults.conf.
            .config("spark.sql.codegen.wholeStage", false)
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
    List<Sample> shuffled = new ArrayList<>(TinyLite.samples(PICTURES));
    Collections.shuffle(shuffled, new Random(partitions));
    Path pictures = TinyLite.write(folder.resolve("pictures-" + partitions + ".jsonl"), shuffled);
    assertThat(calibrateLite("lite" + partitions, pictures, partitions, batchSize))
        .isEqualTo(expectedOfLite);
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

  /** Every line is there twice: the first of the two is named. */
  @Test
  void extremesAreNamedByTheLineThatHoldsThemHoweverTheFileIsCut() throws IOException {
    List<String> twice = new ArrayList<>(texts.subList(0, 64));
    twice.addAll(texts.subList(0, 64));
    Path text = MiniLm.write(folder.resolve("named.txt"), twice);
    calibrate("whole", text, 3, 4);
    List<Row> whole = origins("whole");
    assertThat(whole).hasSizeGreaterThan(20);
    List<String> hashes =
        samples.subList(0, 64).stream().map(sample -> SampleOrigin.of(sample).sha256()).toList();
    Set<Long> lines = new HashSet<>();
    for (Row row : whole) {
      for (int i = 1; i < row.size(); i += 3) {
        assertThat(hashes.indexOf(row.getString(i))).isEqualTo((int) row.getLong(i + 2));
        assertThat(row.getString(i + 1)).endsWith("/named.txt");
        lines.add(row.getLong(i + 2));
      }
    }
    assertThat(lines).hasSizeGreaterThan(5);

    spark.conf().set("spark.sql.files.maxPartitionBytes", "500");
    Dataset<Row> cut = spark.read().text(text.toString());
    assertThat(cut.select(functions.spark_partition_id()).distinct().count()).isGreaterThan(10);
    calibrate("cut", text, 2, 8);
    spark.conf().unset("spark.sql.files.maxPartitionBytes");
    assertThat(origins("cut")).isEqualTo(whole);
    assertThat(contentSha256("cut")).isEqualTo(contentSha256("whole"));
  }

  private List<Row> origins(String name) {
    return spark
        .read()
        .parquet(run(name) + "/statistics")
        .filter("channel is null")
        .select("tensor", "min_sample", "min_file", "min_row", "max_sample", "max_file", "max_row")
        .orderBy("tensor")
        .collectAsList();
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

  private static String calibrateLite(String name, Path pictures, int partitions, int batchSize)
      throws IOException {
    run(
        "calibrate",
        "--model",
        lite.toString(),
        "--data",
        pictures.toString(),
        "--observe",
        "all",
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
    int exitCode = new Tare(stream, stream).run(arguments);
    assertThat(exitCode).as(log.toString(StandardCharsets.UTF_8)).isZero();
  }
}
