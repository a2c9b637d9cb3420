package dev.tare.jobs.quantize;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelSink;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.target.Targets;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.GramWeights;
import dev.tare.jobs.table.WeightStore;
import dev.tare.jobs.table.WeightTables;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Applies a plan: executors quantize slices of weights into a table; the model is then assembled
 * from that table, so the bytes in both are the same.
 */
public final class QuantizeJob {

  private static final long BYTES_PER_FILE = 64L << 20;
  private static final long ROW_GROUP_BYTES = 32L << 20;
  private static final int MIN_TASKS = 4;

  /** A constant of Parquet since 1.14; an older one writes them all the same. */
  private static final String STATISTICS = "parquet.column.statistics.enabled";

  private final SparkSession spark;

  public QuantizeJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * The result of quantization.
   *
   * @param constants quantized weights and biases
   * @param weightBytes their bytes
   * @param modelBytes size of the float model
   */
  public record Result(int constants, long weightBytes, long modelBytes) {}

  /**
   * Turns the constants of a plan into integers on the executors, and writes them as tables and as
   * a model.
   *
   * @param gram folder of the table of Gram matrices; read only where the plan has weights by GPTQ
   * @param tensors folder for the table of constants
   * @param weights folder for the table of slices
   * @param files receives those of the model
   * @throws TareException (bad input) if the plan was made for another model, or the model's
   *     weights have changed
   */
  public Result run(
      ModelHandle model,
      QuantPlan plan,
      Optional<Path> gram,
      Path tensors,
      Path weights,
      String runId,
      ModelSink files)
      throws IOException {
    requireMadeFor(model, plan);
    SmoothedHandle changed = SmoothedHandle.of(model, plan);
    for (TensorPlan activation : plan.quantized(Role.ACTIVATION)) {
      if (activation.axis().isPresent()) {
        requireChannelsOfActivations(
            Targets.of(plan.target()), "The plan gives tensor '" + activation.tensor() + "'");
      }
    }
    List<TensorPlan> constants = new ArrayList<>(plan.quantized(Role.WEIGHT));
    requireWidthsExplained(changed, plan, constants);
    constants.addAll(plan.quantized(Role.BIAS));
    SparkJobs.describe(spark, "quantize: %d weights".formatted(constants.size()));
    Optional<Rounded> rounded =
        plan.gptq().flatMap(own -> gram.map(folder -> rounded(changed, plan, own, folder, runId)));
    writeWeights(changed, constants, rounded, weights, runId);
    writeTensors(model, constants, tensors, runId);
    SparkJobs.describe(spark, "quantize: assemble the model");
    try (ScratchFile scratch = new ScratchFile()) {
      Map<ConstantKey, ByteBuffer> codes =
          WeightStore.read(SparkJobs.hadoop(spark), weights, constants, scratch::allocate);
      changed
          .prepared()
          .quantized(plan, constant -> codes.get(ConstantKey.of(constant)))
          .write(Part.MODEL_STEM, files);
    } catch (InvalidModelException | IllegalArgumentException e) {
      // A plan that the model contradicts: its constants, nodes or shapes are others.
      throw TareException.badInput(e.getMessage(), e);
    }
    SparkJobs.describe(spark, null);
    return new Result(
        constants.size(),
        constants.stream().mapToLong(WeightTables::bytes).sum(),
        model.files().bytes());
  }

  /** Weights by GPTQ, and their rows in the table of weights. */
  private record Rounded(GramWeights weights, Dataset<Row> rows) {}

  private Rounded rounded(
      SmoothedHandle model, QuantPlan plan, GptqPlan gptq, Path gram, String runId) {
    GramWeights own =
        GramWeights.of(plan.tensors(), plan.smoothed(), gptq.weights(), weight -> true);
    return new Rounded(
        own,
        own.matrices(spark, gram)
            .flatMapGroups(
                new GptqTask(model, gptq.damping(), runId),
                Encoders.row(WeightTables.WEIGHTS_SCHEMA))
            // Few files; the integers are small beside the work that made them.
            .repartition(1, functions.col("tensor")));
  }

  /** Refuses a plan for another model. */
  static void requireMadeFor(ModelHandle model, QuantPlan plan) {
    if (!plan.modelSha256().equals(model.sha256())) {
      throw TareException.badInput(
          "The plan was made for another model: sha256 %s, but %s has %s"
              .formatted(plan.modelSha256(), model.ref().uri(), model.sha256()));
    }
  }

  private static void requireWidthsExplained(
      SmoothedHandle model, QuantPlan plan, List<TensorPlan> weights) {
    try {
      ModelGraph source = model.prepared().graph();
      weights.forEach(
          weight ->
              WeightCheck.requireWidthExplained(Targets.of(plan.target()), source, plan, weight));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /**
   * Refuses scales per channel of activations, which the model's format allows, if the target
   * cannot run them.
   *
   * @param who what requests them, as the subject of a sentence
   */
  public static void requireChannelsOfActivations(TargetProfile target, String who) {
    target
        .againstChannelsOfActivations()
        .ifPresent(
            reason -> {
              throw TareException.badInput(
                  who
                      + " a scale per channel, but it is an activation, "
                      + reason
                      + ": select with granularity = per-tensor for activations");
            });
  }

  private void writeWeights(
      SmoothedHandle model,
      List<TensorPlan> constants,
      Optional<Rounded> rounded,
      Path folder,
      String runId) {
    List<byte[]> plans = new ArrayList<>();
    List<QuantizeTask.Slice> slices = new ArrayList<>();
    long bytes = 0;
    for (TensorPlan plan : constants) {
      if (rounded.isPresent() && rounded.get().weights().has(plan)) {
        continue;
      }
      for (WeightTables.Slice slice : WeightTables.slices(plan)) {
        slices.add(
            new QuantizeTask.Slice(plans.size(), slice.index(), slice.offset(), slice.length()));
        bytes += slice.length();
      }
      plans.add(PlanCodec.encode(plan));
    }
    long wanted = Math.max(MIN_TASKS, (bytes + BYTES_PER_FILE - 1) / BYTES_PER_FILE);
    // A plan that leaves everything in float yields one empty file.
    int tasks = (int) Math.max(1, Math.min(wanted, slices.size()));
    // Every JVM gets plans and slices once; a task gets its number.
    SparkJobs.sharing(
        spark,
        new QuantizeTask.Slices(plans, slices, tasks),
        all -> {
          Dataset<Row> nearest =
              spark
                  .range(0, tasks, 1, tasks)
                  .mapPartitions(
                      new QuantizeTask(model, all, runId),
                      Encoders.row(WeightTables.WEIGHTS_SCHEMA));
          write(rounded.map(own -> nearest.union(own.rows())).orElse(nearest), folder);
          return null;
        });
  }

  private static void write(Dataset<Row> slices, Path folder) {
    slices
        .sortWithinPartitions("tensor", "role", "slice")
        .write()
        // Parquet checks the size of its buffer after 100 rows by default: 800 MB of these.
        .option(ParquetOutputFormat.MIN_ROW_COUNT_FOR_PAGE_SIZE_CHECK, 1)
        .option(ParquetOutputFormat.BLOCK_SIZE, ROW_GROUP_BYTES)
        // Of bytes that nobody searches for, the extremes and a dictionary only cost time.
        .option(STATISTICS + "#data", false)
        .option(ParquetOutputFormat.ENABLE_DICTIONARY + "#data", false)
        .mode(SaveMode.ErrorIfExists)
        .parquet(folder.toString());
  }

  private void writeTensors(
      ModelHandle model, List<TensorPlan> constants, Path folder, String runId) {
    List<Row> rows = new ArrayList<>();
    constants.forEach(p -> rows.add(WeightTables.tensorRow(p, runId, model.sha256())));
    spark
        .createDataset(rows, Encoders.row(WeightTables.TENSORS_SCHEMA))
        .coalesce(1)
        .write()
        .mode(SaveMode.ErrorIfExists)
        .parquet(folder.toString());
  }
}
