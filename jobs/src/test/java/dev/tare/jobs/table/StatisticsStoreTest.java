package dev.tare.jobs.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsStoreTest {

  @TempDir java.nio.file.Path folder;

  private static TensorStatistics observed(String name, ObserverOptions options, int channels) {
    Random random = new Random(channels);
    float[] values = new float[channels * 20];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (random.nextInt(12)) {
            case 0 -> 0;
            case 1 -> Float.NaN;
            case 2 -> Float.NEGATIVE_INFINITY;
            default -> (float) random.nextGaussian();
          };
    }
    Observer observer = Observer.create(name, options);
    observer.observe(FloatBuffer.wrap(values), Shape.of(20, channels));
    return observer.statistics();
  }

  /** Channels fill one block, part of one, and several; one tensor saw nothing. */
  private static List<StatisticsBlock> blocks() {
    List<StatisticsBlock> blocks = new ArrayList<>();
    blocks.addAll(observed("whole", ObserverOptions.ofWhole(), 3).toBlocks());
    blocks.addAll(
        observed("bins", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1), 130).toBlocks());
    blocks.addAll(
        observed("extremes", ObserverOptions.ofChannels(ChannelMode.EXTREMES, 1), 64).toBlocks());
    blocks.addAll(
        observed("one", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1), 1).toBlocks());
    blocks.add(StatisticsBlock.ofWhole("nothing", Statistics.empty(10)));
    SampleOrigin origin = SampleOrigin.of(new byte[32]);
    blocks.add(
        StatisticsBlock.ofWhole(
            "samples",
            observed("samples", ObserverOptions.ofWhole(), 2)
                .whole()
                .orElseThrow()
                .heldBy(
                    Optional.of(origin.at("file:/a b/ü.parquet", OptionalLong.of(1L << 40))),
                    Optional.of(origin.at("file:/lines.txt", OptionalLong.empty())))));
    return blocks;
  }

  private static Dataset<Row> states(List<StatisticsBlock> blocks, int partitions) {
    List<Row> rows = blocks.stream().map(StateRow::of).toList();
    return LocalSpark.spark().createDataFrame(rows, StateRow.SCHEMA).repartition(partitions);
  }

  private Path path(String name) {
    return new Path(folder.resolve(name).toUri());
  }

  @Test
  void whatWasWrittenIsReadAgainWithTheSameContentHash() {
    List<StatisticsBlock> blocks = blocks();
    ContentHash hash = new ContentHash();
    blocks.forEach(b -> hash.add(b.key(), ContentHash.digest(b)));

    StatisticsStore.Written first =
        StatisticsStore.write(states(blocks, 1), path("first"), "run-1", "ab");
    assertThat(first.contentSha256()).isEqualTo(hash.sha256Hex());
    assertThat(first.tensors())
        .containsExactly("bins", "extremes", "nothing", "one", "samples", "whole");
    assertThat(first.blocks()).isEqualTo(blocks.size());

    Dataset<Row> read = StatisticsStore.readStates(LocalSpark.spark(), path("first"));
    List<StatisticsBlock> again =
        read.collectAsList().stream().map(row -> (StatisticsBlock) StateRow.state(row)).toList();
    assertThat(again).containsExactlyInAnyOrderElementsOf(blocks);

    StatisticsStore.Written second = StatisticsStore.write(read, path("second"), "run-2", "ab");
    assertThat(second.contentSha256()).isEqualTo(first.contentSha256());
    assertThat(StatisticsStore.write(states(blocks, 3), path("third"), "r", "ab").contentSha256())
        .isEqualTo(first.contentSha256());
  }

  /** Rows of a block may be in any file. */
  @Test
  void thisJvmReadsWhatAJobReads() throws IOException {
    StatisticsStore.write(states(blocks(), 1), path("run"), "run-1", "ab");
    StatisticsStore.read(LocalSpark.spark(), path("run"))
        .repartition(5)
        .write()
        .parquet(path("scattered").toString());
    Configuration hadoop = SparkJobs.hadoop(LocalSpark.spark());
    TensorReader reader =
        statistics -> List.of(RowFactory.create((Object) statistics.toString().getBytes(UTF_8)));
    List<Row> byJob =
        StatisticsStore.readTensors(
                LocalSpark.spark(), path("run"), "ab", StatisticsCheck.BYTES, reader)
            .collectAsList();
    List<Row> here = LocalStatistics.read(path("scattered"), hadoop, "ab", reader);

    assertThat(byJob).hasSize(blocks().size() + 6);
    assertThat(here.stream().map(StatisticsStoreTest::cells))
        .containsExactlyInAnyOrderElementsOf(
            byJob.stream().map(StatisticsStoreTest::cells).toList());
    assertThat(LocalParquet.bytes(path("run"), hadoop)).isBetween(10_000L, LocalStatistics.room());
  }

  /** What a footer says of its sizes is not believed where it has more values than that. */
  @Test
  void bytesAreNotFewerThanTheValuesOfAFooter() throws IOException {
    StatisticsStore.write(states(blocks(), 1), path("run"), "run-1", "ab");
    Configuration hadoop = SparkJobs.hadoop(LocalSpark.spark());
    Path file = ParquetColumns.files(path("run"), hadoop).get(0);
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      BlockMetaData group = reader.getFooter().getBlocks().get(0);
      long values = group.getColumns().stream().mapToLong(c -> c.getValueCount()).sum();
      group.setTotalByteSize(1);
      assertThat(LocalParquet.bytes(group, file)).isEqualTo(8.0 * values).isPositive();
      group.setTotalByteSize(Long.MAX_VALUE);
      assertThat(LocalParquet.bytes(group, file)).isEqualTo(0x1p63);
      group.setTotalByteSize(-1);
      assertThatThrownBy(() -> LocalParquet.bytes(group, file))
          .isInstanceOf(TareException.class)
          .hasMessageEndingWith("as Parquet: its footer has a negative size");
    }
  }

  @Test
  void listsGrowAsFarAsArraysDo() {
    int most = Integer.MAX_VALUE - 8;
    assertThat(ColumnCells.larger(64)).isEqualTo(128);
    assertThat(ColumnCells.larger(1 << 30)).isEqualTo(most);
    assertThatThrownBy(() -> ColumnCells.larger(most)).hasMessageContaining("a list has more than");
  }

  /** Where this JVM has no room, a job reads the same. */
  @Test
  void statisticsWithoutRoomInThisJvmAreReadByAJob() throws IOException {
    FinishedRun run =
        ObservedTables.run(
            folder.resolve("observed"),
            "ab".repeat(32),
            Map.of("x", new float[] {1, 2}, "y", new float[] {-3}),
            ObservedTables.MoreParts.NONE);
    TensorReader reader =
        statistics ->
            List.of(
                RowFactory.create(
                    (Object)
                        (statistics + " on " + Thread.currentThread().getName()).getBytes(UTF_8)));
    List<String> here = texts(run, reader, LocalStatistics.room());
    List<String> byJob = texts(run, reader, 0);
    assertThat(byJob).hasSize(2).allMatch(text -> text.contains(" on Executor task"));
    assertThat(here).hasSize(2).noneMatch(text -> text.contains(" on Executor task"));
    assertThat(byJob.stream().map(text -> text.replaceFirst(" on .*", "")))
        .containsExactlyInAnyOrderElementsOf(
            here.stream().map(text -> text.replaceFirst(" on .*", "")).toList());
  }

  private static List<String> texts(FinishedRun run, TensorReader reader, long room)
      throws IOException {
    return StatisticsCheck.readBytes(LocalSpark.spark(), run, reader, room).stream()
        .map(bytes -> new String(bytes, UTF_8))
        .toList();
  }

  private static List<Object> cells(Row row) {
    List<Object> cells = new ArrayList<>();
    for (int i = 0; i < row.length(); i++) {
      Object cell = row.get(i);
      cells.add(
          cell instanceof byte[] bytes
              ? HexFormat.of().formatHex(bytes)
              : cell instanceof Row made ? cells(made) : cell);
    }
    return cells;
  }

  @Test
  void aRowThatIsInTwoFilesIsRefusedWithItsChannel() {
    StatisticsStore.write(states(blocks(), 1), path("run"), "run-1", "ab");
    Dataset<Row> table = StatisticsStore.read(LocalSpark.spark(), path("run"));
    table.filter("tensor = 'bins'").coalesce(1).write().parquet(path("twice").toString());
    table
        .filter("tensor = 'bins' and channel = 77")
        .write()
        .mode(SaveMode.Append)
        .parquet(path("twice").toString());
    Configuration hadoop = SparkJobs.hadoop(LocalSpark.spark());
    assertThatThrownBy(() -> LocalStatistics.read(path("twice"), hadoop, "ab", s -> List.of()))
        .isInstanceOf(TareException.class)
        .hasMessage(
            "Cannot read statistics of tensor 'bins', channel 77: there are two rows of it");
    assertThatThrownBy(() -> LocalStatistics.read(path("run"), hadoop, "cd", s -> List.of()))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("'model_sha256' is ab, but the manifest states cd");
  }

  @Test
  void tableHasARowPerTensorAndPerChannel() {
    StatisticsStore.write(states(blocks(), 2), path("run"), "run-1", "ab");
    Dataset<Row> table = StatisticsStore.read(LocalSpark.spark(), path("run"));
    assertThat(table.count()).isEqualTo(6 + 130 + 64 + 1);
    assertThat(table.filter("channel is null").count()).isEqualTo(6);
    assertThat(table.filter("tensor = 'extremes' and bin is not null").count()).isEqualTo(1);
    assertThat(
            table
                .filter("bin is not null")
                .filter(
                    "count <> zeros + nans + pos_infs + neg_infs"
                        + " + aggregate(bin_count, 0L, (s, c) -> s + c)")
                .count())
        .isZero();
  }

  @Test
  void rowsOfAnotherVersionOrThatContradictThemselvesAreRefused() {
    StatisticsBlock block =
        observed("whole", new ObserverOptions(4, ChannelMode.NONE, 4, OptionalInt.empty()), 3)
            .toBlocks()
            .get(0);
    StatisticsStore.write(states(List.of(block), 1), path("run"), "run-1", "ab");
    Dataset<Row> table = StatisticsStore.read(LocalSpark.spark(), path("run"));
    assertThat(StatisticsTable.toStatistics(table.first())).isEqualTo(block.rows().get(0));
    assertRefused(
        table.withColumn("format_version", functions.lit(3)),
        "Cannot read statistics of tensor 'whole': format version 3, only 1 to 2 are known");
    assertRefused(
        table.withColumn("zeros", functions.lit(1000L)),
        "Cannot read statistics of tensor 'whole': Invalid statistics: count 60 vs zeros 1000");
    assertRefused(
        table.withColumn("bin", functions.reverse(functions.col("bin"))),
        "Cannot read statistics of tensor 'whole': Invalid histogram of 4 mantissa bits");
  }

  /** Written by the version that knew no samples. */
  @Test
  void theTableOfVersionOneIsReadForever() throws Exception {
    Path fixture = new Path(getClass().getResource("statistics-v1").toURI());
    Dataset<Row> table = StatisticsStore.read(LocalSpark.spark(), fixture);
    assertThat(table.filter("format_version = 1").count()).isEqualTo(4 + 2 + 2);
    assertThat(table.filter("min_sample is not null or max_row is not null").count()).isZero();
    Dataset<Row> states = StatisticsStore.readStates(LocalSpark.spark(), fixture);
    StatisticsStore.Written again = StatisticsStore.write(states, path("again"), "run", "ab");
    assertThat(again.contentSha256())
        .as("as it was then")
        .isEqualTo("79fe86e9db6682c285eafd753dd7eaaf993b97e2335b7230d67f07ace1559815");
    Row whole =
        StatisticsStore.read(LocalSpark.spark(), path("again"))
            .filter("tensor = 'histogram' and channel is null")
            .first();
    assertThat(whole.getInt(0)).isEqualTo(2);
    assertThat(whole.<Float>getAs("min")).isEqualTo(-7f);
    assertThat(whole.<Float>getAs("max")).isEqualTo(65504f);
  }

  private static void assertRefused(Dataset<Row> table, String message) {
    Row row = table.first();
    assertThatThrownBy(() -> StatisticsTable.toStatistics(row))
        .isInstanceOf(TareException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void statesOfOneKeyAddUpAndReportsPassThrough() throws Exception {
    StatisticsBlock block = blocks().get(0);
    Row row = StateRow.of(block);
    List<Row> merged = new ArrayList<>();
    MergeStates merge = new MergeStates();
    merge.call("", List.of(row, row, row).iterator()).forEachRemaining(merged::add);
    assertThat(merged).hasSize(1);
    assertThat(StateRow.state(merged.get(0))).isEqualTo(block.merge(block).merge(block));
    List<Row> reports =
        List.of(StateRow.ofReport(new byte[] {1}), StateRow.ofReport(new byte[] {2}));
    List<Row> passed = new ArrayList<>();
    merge.call("", reports.iterator()).forEachRemaining(passed::add);
    assertThat(passed).isEqualTo(reports);
  }
}
