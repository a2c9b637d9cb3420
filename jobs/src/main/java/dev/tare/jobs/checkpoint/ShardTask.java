package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.jobs.Shared;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Writes files of the result, whole ones, and returns a row for each of their quantized weights.
 */
final class ShardTask implements MapPartitionsFunction<Long, Row> {

  private static final long serialVersionUID = 1L;

  /** A row of a file has no tensor. */
  static final StructType SCHEMA =
      StructType.fromDDL(
          "file STRING NOT NULL, tensor STRING, bytes BIGINT NOT NULL, sha256 STRING, sqnr_db DOUBLE");

  private final Broadcast<Shared<Shards>> shards;
  private final CheckpointRecipeText recipe;
  private final HadoopSettings hadoop;
  private final String folder;

  /**
   * @param folder where files are written
   */
  ShardTask(
      Broadcast<Shared<Shards>> shards,
      CheckpointRecipeText recipe,
      HadoopSettings hadoop,
      String folder) {
    this.shards = shards;
    this.recipe = recipe;
    this.hadoop = hadoop;
    this.folder = folder;
  }

  @Override
  public Iterator<Row> call(Iterator<Long> numbers) {
    List<Row> rows = new ArrayList<>();
    WeightScheme scheme = recipe.parse().scheme();
    Configuration settings = hadoop.configuration();
    numbers.forEachRemaining(
        number -> {
          try {
            write(shards.value().get().shard(Math.toIntExact(number)), scheme, settings, rows);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    return rows.iterator();
  }

  private void write(
      PlannedShard shard, WeightScheme scheme, Configuration settings, List<Row> rows)
      throws IOException {
    Path target = new Path(folder, shard.file());
    long attempt = TaskContext.get().taskAttemptId();
    try (SourceReader reader = new SourceReader(shards.value().get().byName(), settings);
        OutputFile file = OutputFile.create(target, attempt, settings)) {
      new ShardWriter(reader, file, scheme, shards.value().get().largest())
          .write(
              shard,
              (tensor, bytes, sqnrDb) ->
                  rows.add(RowFactory.create(shard.file(), tensor, bytes, null, sqnrDb)));
      Digest digest = file.finish();
      rows.add(RowFactory.create(shard.file(), null, digest.bytes(), digest.sha256(), null));
    }
  }
}
