package dev.tare.jobs.evaluate;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Measures what several plans make of a model, on the same samples.
 *
 * <p>The plans are distributed over executors; each costs one rewrite, one load and one run per
 * sample. Law: scores are a function of plans and samples, to the bit on one kind of processor:
 * samples run one at a time, in the order of their hashes, and the sums over one plan's are those
 * of one task.
 */
public final class TrialJob {

  private static final Set<String> SATURATING = Set.of("Softmax", "Sigmoid");

  private static final Set<String> SAME_VALUES =
      Set.of("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose");

  private final SparkSession spark;

  public TrialJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * What was measured.
   *
   * @param hashes of the samples in hexadecimal, in order
   * @param tensor name of what is compared
   * @param errors of the samples, in their order, by name of the plan
   */
  public record Measured(
      List<String> hashes, String tensor, SortedMap<String, List<QuantError>> errors) {

    /** How many samples there were. */
    public int samples() {
      return hashes.size();
    }

    /** The scores of all samples together, by name of the plan. */
    public SortedMap<String, Sensitivity.Score> scores() {
      SortedMap<String, Sensitivity.Score> scores = new TreeMap<>();
      errors.forEach((plan, own) -> scores.put(plan, VariantRuns.score(own)));
      return scores;
    }
  }

  /**
   * Runs the float model and that of each plan, and compares the first output of numbers; where a
   * Softmax or Sigmoid makes that, what it reads, since near 0 and 1 the error of most samples
   * would not be seen and that of a few would decide.
   *
   * @param plans by name, of this model
   * @param samples rows of hash and encoded sample, all of which are run
   * @throws TareException (bad input) if there is no sample, or no output has numbers
   */
  public Measured run(ModelHandle model, SortedMap<String, QuantPlan> plans, Dataset<Row> samples) {
    TreeMap<String, ShippedPlan> shipped = new TreeMap<>();
    plans.forEach((name, plan) -> shipped.put(name, new ShippedPlan(model, plan)));
    return measured(model, shipped, samples);
  }

  /** The same of plans whose weights have the integers of a table. */
  public Measured run(
      ModelHandle model,
      SortedMap<String, QuantPlan> plans,
      StoredWeights weights,
      Dataset<Row> samples) {
    TreeMap<String, ShippedPlan> shipped = new TreeMap<>();
    plans.forEach((name, plan) -> shipped.put(name, new ShippedPlan(model, plan, weights)));
    return measured(model, shipped, samples);
  }

  private Measured measured(
      ModelHandle model, Map<String, ShippedPlan> plans, Dataset<Row> samples) {
    List<String> outputs = ComparedOutputs.of(model, model).numbers();
    if (outputs.isEmpty()) {
      throw TareException.badInput(
          "Model %s has no output of numbers to measure passes by: write passes = stated into a recipe of yours"
              .formatted(model.ref().uri()));
    }
    String tensor = judged(model.prepared().graph().topology(), outputs.get(0));
    SparkJobs.describe(spark, "passes: %d plans".formatted(plans.size()));
    List<byte[]> chosen = VariantJob.inOrder(samples);
    if (chosen.isEmpty()) {
      throw TareException.badInput("There is no sample to measure passes with");
    }
    TrialTask.Sent work = new TrialTask.Sent(new TreeMap<>(plans), new ArrayList<>(chosen));
    List<Row> rows =
        SparkJobs.sharing(
            spark,
            work,
            sent ->
                spark
                    .createDataset(new ArrayList<>(plans.keySet()), Encoders.STRING())
                    .repartition(SparkJobs.parallelism(spark), functions.col("value"))
                    .mapPartitions(
                        new TrialTask(model, sent, tensor, SparkJobs.taskCpus(spark)),
                        Encoders.row(TrialTask.SCHEMA))
                    .collectAsList());
    SparkJobs.describe(spark, null);
    List<String> hashes =
        chosen.stream().map(one -> HexFormat.of().formatHex(Sample.hash(one))).toList();
    return new Measured(hashes, tensor, errors(rows, plans.keySet(), chosen.size()));
  }

  private static SortedMap<String, List<QuantError>> errors(
      List<Row> rows, Set<String> plans, int samples) {
    SortedMap<String, QuantError[]> errors = new TreeMap<>();
    plans.forEach(plan -> errors.put(plan, new QuantError[samples]));
    for (Row row : rows) {
      errors.get(row.getString(0))[row.getInt(1)] =
          new QuantError(
              row.getLong(2),
              row.getDouble(3),
              row.getDouble(4),
              row.getDouble(5),
              row.getDouble(6));
    }
    SortedMap<String, List<QuantError>> all = new TreeMap<>();
    errors.forEach((plan, own) -> all.put(plan, List.of(own)));
    return all;
  }

  /** What is compared for an output of a graph, whose names may be those of other tensors. */
  private static String judged(Topology topology, String output) {
    Map<String, GraphNode> makers = topology.makers();
    String tensor = output;
    while (makers.containsKey(tensor) && SAME_VALUES.contains(makers.get(tensor).opType())) {
      tensor = makers.get(tensor).input(0);
    }
    GraphNode maker = makers.get(tensor);
    boolean saturates =
        maker != null && SATURATING.contains(maker.opType()) && makers.containsKey(maker.input(0));
    return saturates ? maker.input(0) : output;
  }
}
