package dev.tare.jobs.evaluate;

import dev.tare.engine.observe.PairedObserver;
import dev.tare.engine.pass.CompensatedProducts.Product;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.PairedBlock;
import dev.tare.engine.statistics.PairedChannel;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.table.StateRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Runs the float model and the quantized one on the same samples, and sums over pairs of what their
 * products compute.
 *
 * <p>Law: sums are a function of plan, scales and samples, to the bit on one kind of processor,
 * whatever the tasks are. Every task writes and loads both models once for each {@link #sums}.
 */
public final class PairedJob {

  /** Samples of the lowest hashes from which scales are found. */
  private static final int LOOKED_AT = 16;

  private final SparkSession spark;
  private final ModelHandle model;
  private final StoredWeights weights;
  private final Dataset<Row> samples;
  private final int tasks;

  /**
   * @param weights the integers of the quantized model
   * @param samples rows of hash and encoded sample
   * @param tasks among which they are divided
   */
  public PairedJob(
      SparkSession spark,
      ModelHandle model,
      StoredWeights weights,
      Dataset<Row> samples,
      int tasks) {
    this.spark = spark;
    this.model = model;
    this.weights = weights;
    this.samples = samples.select("hash", "sample");
    this.tasks = tasks;
  }

  /**
   * What was summed.
   *
   * @param planSha256 hash of the plan of the quantized model
   * @param contentSha256 hash of all sums
   * @param channels by the tensor that was compared
   */
  public record Measured(
      String planSha256, String contentSha256, SortedMap<String, List<PairedChannel>> channels) {}

  /**
   * Finds the scales for the results of products, with room for eight times what a few samples
   * have.
   *
   * @return exponents of channels, by the tensor
   */
  public SortedMap<String, List<Integer>> scales(QuantPlan plan, List<Product> products) {
    SparkJobs.describe(spark, "compensate: scales of %d products".formatted(products.size()));
    Dataset<Row> some = samples.orderBy("hash").limit(LOOKED_AT);
    List<Row> rows =
        SparkJobs.sharing(
            spark,
            sent(plan, products, products, new TreeMap<>()),
            own ->
                some.coalesce(1)
                    .mapPartitions(
                        new ReachTask(own, SparkJobs.taskCpus(spark)), StateRow.encoder())
                    .collectAsList());
    SparkJobs.describe(spark, null);
    List<StatisticsBlock> blocks =
        rows.stream()
            .map(row -> (StatisticsBlock) StateRow.state(row))
            .filter(block -> !block.key().isWhole())
            .sorted(Comparator.comparing(StatisticsBlock::key))
            .toList();
    TreeMap<String, List<Float>> reaches = new TreeMap<>();
    for (StatisticsBlock block : blocks) {
      List<Float> own = reaches.computeIfAbsent(block.key().tensor(), key -> new ArrayList<>());
      block.rows().forEach(row -> own.add(reach(row)));
    }
    TreeMap<String, List<Integer>> exponents = new TreeMap<>();
    reaches.forEach((tensor, own) -> exponents.put(tensor, PairedObserver.exponents(own)));
    return exponents;
  }

  private static float reach(Statistics row) {
    return row.finite() == 0 ? 0 : Math.max(Math.abs(row.min()), Math.abs(row.max()));
  }

  /**
   * Sums over all samples.
   *
   * @param plan of the quantized model
   * @param all products whose results both models give out, also where they are not compared: other
   *     outputs can make other models
   * @param products whose results are compared
   * @param exponents of the scales, as {@link #scales} gives them
   */
  public Measured sums(
      QuantPlan plan,
      List<Product> all,
      List<Product> products,
      SortedMap<String, List<Integer>> exponents) {
    SparkJobs.describe(
        spark,
        "compensate: float and quantized model, %d products compared".formatted(products.size()));
    PairedTask.Sent sent = sent(plan, all, products, exponents);
    List<Row> rows =
        SparkJobs.sharing(
            spark,
            sent,
            own ->
                StateRow.merged(
                        samples
                            .repartition(tasks, functions.col("hash"))
                            .mapPartitions(
                                new PairedTask(model, own, SparkJobs.taskCpus(spark)),
                                StateRow.encoder()))
                    .collectAsList());
    SparkJobs.describe(spark, null);
    ContentHash hash = new ContentHash();
    TreeMap<String, List<PairedChannel>> channels = new TreeMap<>();
    rows.stream()
        .map(row -> (PairedBlock) StateRow.state(row))
        .sorted(Comparator.comparing(PairedBlock::key))
        .forEach(
            block -> {
              hash.add(block);
              channels
                  .computeIfAbsent(block.key().tensor(), key -> new ArrayList<>())
                  .addAll(block.rows());
            });
    return new Measured(sent.planSha256(), hash.sha256Hex(), channels);
  }

  private PairedTask.Sent sent(
      QuantPlan plan,
      List<Product> all,
      List<Product> products,
      SortedMap<String, List<Integer>> exponents) {
    TreeSet<String> outputs = new TreeSet<>();
    all.forEach(product -> outputs.add(product.output()));
    return new PairedTask.Sent(
        new ShippedPlan(model, plan, weights),
        sha256(plan),
        outputs,
        new ArrayList<>(products),
        new TreeMap<>(exponents));
  }

  /** The identity of a plan with all of its scales, also those that its text does not list. */
  static String sha256(QuantPlan plan) {
    StringBuilder text = new StringBuilder(QuantPlanJson.format(plan));
    for (TensorPlan tensor : plan.tensors()) {
      text.append(Digest.of(PlanCodec.encode(tensor)).sha256()).append('\n');
    }
    return Digest.of(text.toString()).sha256();
  }
}
