package dev.tare.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.MomentsObserver;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.Moments;
import dev.tare.engine.statistics.MomentsBlock;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MomentsTableTest {

  @TempDir Path folder;

  private static List<MomentsBlock> blocks(int channels) {
    Random random = new Random(4);
    ByteBuffer bytes = ByteBuffer.allocate(20 * channels * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 20 * channels; i++) {
      bytes.putFloat(i % 17 == 3 ? Float.NaN : (float) random.nextGaussian());
    }
    MomentsObserver observer =
        new MomentsObserver(
            "x", ObserverOptions.ofChannels(ChannelMode.EXTREMES, 1), Observer.room());
    observer.observe(bytes.flip(), Shape.of(20, channels), List.of());
    List<MomentsBlock> blocks = new ArrayList<>();
    observer.blocks().forEachRemaining(blocks::add);
    blocks.addAll(nothing());
    return blocks;
  }

  private static List<MomentsBlock> nothing() {
    List<MomentsBlock> blocks = new ArrayList<>();
    new MomentsObserver("nothing", ObserverOptions.ofWhole(), Observer.room())
        .blocks()
        .forEachRemaining(blocks::add);
    return blocks;
  }

  private StatisticsStore.Written write(List<MomentsBlock> blocks, String name) {
    Dataset<Row> states =
        LocalSpark.spark()
            .createDataFrame(blocks.stream().map(StateRow::of).toList(), StateRow.SCHEMA)
            .repartition(3);
    return StatisticsStore.write(StateKind.MOMENTS, states, path(name), "run", "00");
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private Dataset<Row> states(String name) {
    return StatisticsStore.readStates(StateKind.MOMENTS, LocalSpark.spark(), path(name));
  }

  @Test
  void tableHoldsTheStates() {
    List<MomentsBlock> blocks = blocks(130);
    StatisticsStore.Written written = write(blocks, "moments");
    ContentHash hash = new ContentHash();
    blocks.forEach(hash::add);
    assertThat(written.contentSha256()).isEqualTo(hash.sha256Hex());
    assertThat(states("moments").collectAsList().stream().map(StateRow::state).toList())
        .containsExactlyInAnyOrderElementsOf(blocks);
    Dataset<Row> table = LocalSpark.spark().read().parquet(folder.resolve("moments").toString());
    assertThat(table.count()).isEqualTo(1 + 130 + 1);
    Row row = table.where("tensor = 'x' AND channel = 129").first();
    Moments moments = blocks.get(3).rows().get(1);
    assertThat(row.<Double>getAs("mean")).isEqualTo(moments.mean());
    assertThat(row.<Double>getAs("variance")).isEqualTo(moments.variance());
    assertThat(table.where("tensor = 'nothing'").first().<Double>getAs("mean")).isNull();
    assertThat(StateRow.merged(states("moments").union(states("moments"))).collectAsList())
        .extracting(StateRow::state)
        .containsExactlyInAnyOrderElementsOf(
            blocks.stream().map(block -> block.merge(block)).toList());
  }

  @Test
  void rowsThatCannotBeAreRefusedByTensorAndChannel() {
    write(blocks(3), "moments");
    refused("count", functions.lit(1L), "tensor 'x', channel 1: Invalid moments: no 1 finite");
    refused("mean", functions.lit(7.5), "tensor 'x', channel 1: 'mean' is 7.5, but the sums give");
    refused("sum", functions.lit(new byte[81]), "'sum' has 81 bytes, must be 1 to 80");
    refused("format_version", functions.lit(2), "format version 2, only 1 to 1 are known");
    refused("others", functions.lit(null).cast("bigint"), "channel 1: 'others' is null");
  }

  private void refused(String column, org.apache.spark.sql.Column value, String message) {
    String name = "changed-" + column;
    LocalSpark.spark()
        .read()
        .parquet(folder.resolve("moments").toString())
        .withColumn(
            column,
            functions
                .when(functions.col("channel").equalTo(1), value)
                .otherwise(functions.col(column)))
        .write()
        .parquet(folder.resolve(name).toString());
    assertThatThrownBy(() -> states(name).collectAsList())
        .hasStackTraceContaining(TareException.class.getName())
        .hasStackTraceContaining(message);
  }
}
