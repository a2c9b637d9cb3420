package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Measures the error of plans, whole and with one group quantized alone: all of these models by
 * shards of the samples as one job.
 *
 * <p>Law: the scores are a function of plans and samples, to the bit on one kind of processor.
 * Every sample is run alone, what it gives is one row, and sums run over rows in the order of
 * samples' hashes, whatever the tasks are. A variant costs a task one rewrite, one load and one run
 * for each sample of the shard, so samples are only divided where there are fewer variants than
 * tasks.
 */
public final class GroupJob {

  private final SparkSession spark;
  private final int tasks;

  public GroupJob(SparkSession spark) {
    this(spark, SparkJobs.parallelism(spark));
  }

  GroupJob(SparkSession spark, int tasks) {
    this.spark = spark;
    this.tasks = tasks;
  }

  /**
   * One model that is measured.
   *
   * @param plan by which it is quantized, as the caller calls it
   * @param weight the only one that is quantized, with what its readers read; "" for the whole plan
   */
  public record Variant(String plan, String weight) implements Comparable<Variant> {

    private static final Comparator<Variant> ORDER =
        Comparator.comparing(Variant::plan).thenComparing(Variant::weight);

    @Override
    public int compareTo(Variant other) {
      return ORDER.compare(this, other);
    }
  }

  /**
   * What was measured.
   *
   * @param samples how many
   * @param output what is judged: the first that evaluation would pool over tokens, else the first
   *     of numbers
   * @param pooled whether its mean over tokens is
   */
  public record Measured(
      int samples, String output, boolean pooled, SortedMap<Variant, SureScore> scores) {}

  /**
   * Reads samples for any number of jobs.
   *
   * @param samples rows of hash and encoded sample
   * @return the encoded samples, in the order of their hashes
   * @throws TareException (bad input) if there are fewer than two
   */
  public static List<byte[]> samples(Dataset<Row> samples) {
    List<byte[]> chosen = VariantJob.inOrder(samples);
    if (chosen.size() < 2) {
      throw TareException.badInput(
          "Errors are measured on at least 2 samples, since one says nothing about others; there %s %d"
              .formatted(chosen.size() == 1 ? "is" : "are", chosen.size()));
    }
    return chosen;
  }

  /**
   * Runs the float model and every variant.
   *
   * @param plans of the whole model, by name
   * @param variants of these plans
   * @param samples of {@link #samples}, all of which are run
   * @throws TareException (bad input) if no output has numbers
   */
  public Measured run(
      ModelHandle model,
      SortedMap<String, QuantPlan> plans,
      List<Variant> variants,
      List<byte[]> samples) {
    List<String> outputs = ComparedOutputs.of(model, model).numbers();
    if (outputs.isEmpty()) {
      throw TareException.badInput(
          "Model %s has no output of numbers by which errors could be measured"
              .formatted(model.ref().uri()));
    }
    List<String> embeddings = EvaluateJob.embeddings(model, outputs);
    boolean pooled = !embeddings.isEmpty();
    String output = pooled ? embeddings.get(0) : outputs.get(0);
    SparkJobs.describe(
        spark, "sensitivity: %d models on %d samples".formatted(variants.size(), samples.size()));
    int shards = Math.min(samples.size(), (2 * tasks + variants.size() - 1) / variants.size());
    TreeMap<String, ShippedPlan> shipped = new TreeMap<>();
    plans.forEach((name, plan) -> shipped.put(name, new ShippedPlan(model, plan)));
    GroupTask.Sent work =
        new GroupTask.Sent(
            shipped, new ArrayList<>(texts(variants)), new ArrayList<>(samples), shards);
    long all = (long) shards * variants.size();
    List<Row> rows =
        SparkJobs.sharing(
            spark,
            work,
            sent ->
                spark
                    .range(0, all, 1, (int) Math.min(all, tasks))
                    .mapPartitions(
                        new GroupTask(model, sent, output, pooled, SparkJobs.taskCpus(spark)),
                        Encoders.row(GroupTask.SCHEMA))
                    .collectAsList());
    SparkJobs.describe(spark, null);
    return new Measured(samples.size(), output, pooled, scores(variants, rows, samples.size()));
  }

  private static List<String[]> texts(List<Variant> variants) {
    return variants.stream()
        .map(variant -> new String[] {variant.plan(), variant.weight()})
        .toList();
  }

  private static SortedMap<Variant, SureScore> scores(
      List<Variant> variants, List<Row> rows, int samples) {
    QuantError[][] errors = new QuantError[variants.size()][samples];
    for (QuantError[] of : errors) {
      Arrays.fill(of, QuantError.NONE);
    }
    for (Row row : rows) {
      errors[row.getInt(0)][row.getInt(1)] =
          new QuantError(
              row.getLong(2),
              row.getDouble(3),
              row.getDouble(4),
              row.getDouble(5),
              row.getDouble(6));
    }
    SortedMap<Variant, SureScore> scores = new TreeMap<>();
    for (int v = 0; v < errors.length; v++) {
      scores.put(variants.get(v), SureScore.of(List.of(errors[v])));
    }
    return scores;
  }
}
