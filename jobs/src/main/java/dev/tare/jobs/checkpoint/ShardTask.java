package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.jobs.Shared;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
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
 * Files that an attempt before this one finished are taken from there.
 */
final class ShardTask implements MapPartitionsFunction<Long, Row> {

  private static final long serialVersionUID = 1L;

  /** A row of a file has no tensor. */
  static final StructType SCHEMA =
      StructType.fromDDL(
          "file STRING NOT NULL, tensor STRING, bytes BIGINT NOT NULL, sha256 STRING, sqnr_db"
              + " DOUBLE, taken BOOLEAN NOT NULL");

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
    Configuration settings = hadoop.configuration();
    numbers.forEachRemaining(
        number -> {
          try {
            write(shards.value().get().shard(Math.toIntExact(number)), settings, rows);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    return rows.iterator();
  }

  private void write(PlannedShard shard, Configuration settings, List<Row> rows)
      throws IOException {
    Path target = new Path(folder, shard.file());
    long attempt = TaskContext.get().taskAttemptId();
    Shards all = shards.value().get();
    String source = all.source(shard, recipe);
    EarlierShards earlier = new EarlierShards(all.earlier(), settings);
    Optional<FinishedShard> taken = earlier.take(target, attempt, source);
    FinishedShard finished =
        taken.isPresent() ? taken.get() : make(shard, settings, source, target, attempt);
    earlier.tell(target, attempt, finished);
    for (CheckpointJob.Weight weight : finished.weights()) {
      rows.add(
          RowFactory.create(
              shard.file(),
              weight.tensor(),
              weight.bytes(),
              null,
              weight.sqnrDb(),
              taken.isPresent()));
    }
    Digest digest = finished.digest();
    rows.add(
        RowFactory.create(
            shard.file(), null, digest.bytes(), digest.sha256(), null, taken.isPresent()));
  }

  private FinishedShard make(
      PlannedShard shard, Configuration settings, String source, Path target, long attempt)
      throws IOException {
    Shards all = shards.value().get();
    List<CheckpointJob.Weight> weights = new ArrayList<>();
    try (SourceReader reader = new SourceReader(all.byName(), settings);
        OutputFile file = OutputFile.create(target, attempt, settings)) {
      new ShardWriter(reader, file, all.largest(), all.importance())
          .write(
              shard,
              (tensor, bytes, sqnrDb) ->
                  weights.add(new CheckpointJob.Weight(tensor, bytes, sqnrDb)));
      return new FinishedShard(source, file.finish(), weights);
    }
  }
}
