package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.checkpoint.CheckpointRecipe;
import dev.tare.engine.checkpoint.CompressedTensorsConfig;
import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.engine.model.ModelSink;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.jobs.Shared;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Quantizes a checkpoint: a task for each file of the result, the rest on the driver. */
final class CheckpointJob {

  private final SparkSession spark;
  private final Configuration hadoop;

  CheckpointJob(SparkSession spark) {
    this.spark = spark;
    this.hadoop = SparkJobs.hadoop(spark);
  }

  /**
   * What was written.
   *
   * @param weights quantized weights, the least exact first
   * @param weightBytes bytes of these, with scales and zero points
   * @param bytes bytes of all files with tensors
   * @param files these, with their hashes, by name
   * @param taken how many of them an attempt before this one had finished
   */
  record Result(
      List<Weight> weights,
      long weightBytes,
      long bytes,
      SortedMap<String, Digest> files,
      int taken) {}

  /** A quantized weight, and its energy over that of its rounding errors. */
  record Weight(String tensor, long bytes, double sqnrDb) {}

  /**
   * Plans the result from headers.
   *
   * @throws TareException (bad input) if the checkpoint is quantized already, has no weight that
   *     the recipe quantizes, or names collide
   */
  static CheckpointPlan plan(CheckpointFolder source, CheckpointRecipeText recipe, long mostBytes) {
    try {
      CheckpointPlan plan = CheckpointPlan.of(recipe.parse(), source.headers(), mostBytes);
      CompressedTensorsConfig.addTo(source.config(), plan);
      if (plan.modules().isEmpty()) {
        throw new IllegalArgumentException(
            "no tensor of it is quantized by recipe '%s'".formatted(recipe.name()));
      }
      return plan;
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("Cannot quantize the checkpoint: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the result.
   *
   * @param importance of the columns of weights, by their names; none for those that have none
   * @param folder where the files are written, in which nothing else is
   * @param earlier folders with files that attempts before this one finished
   * @param files opens files in the same folder
   */
  Result run(
      CheckpointFolder source,
      CheckpointRecipeText recipe,
      CheckpointPlan plan,
      SortedMap<String, float[]> importance,
      Path folder,
      List<Path> earlier,
      ModelSink files)
      throws IOException {
    List<String> texts = plan.shards().stream().map(PlannedShard::toJson).toList();
    List<SourceFile> originals = List.copyOf(source.shards().values());
    List<String> folders = earlier.stream().map(Path::toString).toList();
    SortedMap<String, Float> largest =
        largest(new Shards(texts, originals, Map.of(), new TreeMap<>(), folders), plan, recipe);
    SparkJobs.describe(spark, "quantize: %d files".formatted(texts.size()));
    List<Row> rows =
        rows(
            new Shards(texts, originals, largest, importance, folders),
            shards -> new ShardTask(shards, recipe, HadoopSettings.of(hadoop), folder.toString()),
            ShardTask.SCHEMA);
    SparkJobs.describe(spark, null);
    if (plan.shards().size() > 1) {
      write(files, ShardIndex.FILE, plan.index().format(plan.bytes()));
    }
    write(files, CheckpointFolder.CONFIG, CompressedTensorsConfig.addTo(source.config(), plan));
    for (InputRef other : source.others()) {
      carry(other, files);
    }
    for (SourceFile shard : source.shards().values()) {
      shard.requireUnchanged(hadoop);
    }
    // Last: until then an attempt that goes on takes what is here.
    UnfinishedShards.remove(folder.getFileSystem(hadoop), folder);
    return result(rows, plan);
  }

  /** A pass over all weights, where they have scales that weights in other files share. */
  private SortedMap<String, Float> largest(
      Shards all, CheckpointPlan plan, CheckpointRecipeText text) {
    SortedMap<String, Float> largest = new TreeMap<>();
    if (plan.schemes().values().stream().noneMatch(WeightScheme::hasTensorScale)) {
      return largest;
    }
    CheckpointRecipe recipe = text.parse();
    SparkJobs.describe(spark, "quantize: extremes of %d files".formatted(all.texts().size()));
    rows(all, shards -> new LargestTask(shards, HadoopSettings.of(hadoop)), LargestTask.SCHEMA)
        .forEach(row -> largest.put(row.getString(0), row.getFloat(1)));
    return recipe.shared(largest);
  }

  private List<Row> rows(
      Shards all,
      Function<Broadcast<Shared<Shards>>, MapPartitionsFunction<Long, Row>> task,
      StructType schema) {
    int tasks = all.texts().size();
    return SparkJobs.sharing(
        spark,
        all,
        shards ->
            spark
                .range(0, tasks, 1, tasks)
                .mapPartitions(task.apply(shards), Encoders.row(schema))
                .collectAsList());
  }

  private static void write(ModelSink files, String name, String text) throws IOException {
    try (OutputStream out = files.create(name)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private void carry(InputRef file, ModelSink files) throws IOException {
    Path path = new Path(file.uri());
    try (InputStream in = path.getFileSystem(hadoop).open(path);
        OutputStream out = files.create(path.getName())) {
      in.transferTo(out);
    }
  }

  private static Result result(List<Row> rows, CheckpointPlan plan) {
    List<Weight> weights = new ArrayList<>();
    SortedMap<String, Digest> files = new TreeMap<>();
    int taken = 0;
    long weightBytes = 0;
    long bytes = 0;
    for (Row row : rows) {
      if (row.isNullAt(1)) {
        files.put(row.getString(0), new Digest(row.getString(3), row.getLong(2)));
        bytes += row.getLong(2);
        taken += row.getBoolean(5) ? 1 : 0;
      } else {
        weights.add(new Weight(row.getString(1), row.getLong(2), row.getDouble(4)));
        weightBytes += row.getLong(2);
      }
    }
    if (files.size() != plan.shards().size() || weights.size() != plan.modules().size()) {
      throw new IllegalStateException(
          "%d files of %d were written".formatted(files.size(), plan.shards().size()));
    }
    weights.sort(Comparator.comparingDouble(Weight::sqnrDb).thenComparing(Weight::tensor));
    return new Result(weights, weightBytes, bytes, files, taken);
  }
}
