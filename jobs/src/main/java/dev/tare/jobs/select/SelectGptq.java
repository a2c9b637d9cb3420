package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.GramWeights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;

/** Decides which weights of a plan are rounded by GPTQ. */
final class SelectGptq {

  /**
   * Where the Gram matrices are.
   *
   * @param folder of their table
   * @param sha256 their identity, which the plan records
   */
  record Gram(Path folder, String sha256) {}

  private final SparkSession spark;
  private final Map<String, GptqWeights.Size> sizes;
  private final GptqRule rule;
  private final Gram gram;

  /** Reads the sizes of matrices. */
  SelectGptq(SparkSession spark, GptqRule rule, Gram gram) {
    SparkJobs.describe(spark, "select: find the Gram matrices");
    this.spark = spark;
    this.sizes = GramTable.sizes(spark, gram.folder());
    this.rule = rule;
    this.gram = gram;
  }

  /**
   * Returns decisions about weights with scales of blocks that are found while weights are rounded,
   * or with all scales by the diagonal, where there is no more of the matrix of what they multiply.
   *
   * @param plans of the model's tensors
   * @param weights those of weights alone, as they were before they were made to agree
   * @param model as smoothed inputs change it
   */
  List<TensorPlan> withFoundScales(
      List<TensorPlan> plans,
      List<TensorPlan> weights,
      List<SmoothedInput> smoothed,
      SmoothedHandle model) {
    ModelGraph graph = model.prepared().graph();
    List<GptqPlan.Weight> products =
        new ArrayList<>(GptqWeights.ofDiagonals(plans, smoothed, graph, sizes));
    Set<String> scaled = new HashSet<>();
    products.forEach(weight -> scaled.add(weight.weight()));
    of(plans, smoothed, graph).ifPresent(rounded -> products.addAll(rounded.weights()));
    GramWeights blocks =
        GramWeights.of(
            weights,
            smoothed,
            products,
            weight ->
                scaled.contains(weight.tensor()) || weight.granularity().blockSize().isPresent());
    if (blocks.isEmpty()) {
      return weights;
    }
    SparkJobs.describe(spark, "select: scales by Gram matrices");
    Map<String, TensorPlan> found = new HashMap<>();
    blocks
        .matrices(spark, gram.folder())
        .flatMapGroups(new SelectBlocks(model, rule.damping()), Encoders.BINARY())
        .collectAsList()
        .forEach(
            bytes -> {
              TensorPlan plan = PlanCodec.decode(bytes);
              found.put(plan.tensor(), plan);
            });
    SparkJobs.describe(spark, null);
    return weights.stream()
        .map(plan -> blocks.has(plan) ? found.get(plan.tensor()) : plan)
        .toList();
  }

  /**
   * Returns these weights; empty if there are none.
   *
   * @param plans of the model's tensors
   * @param smoothed the inputs that are smoothed
   * @param graph the model as they change it
   */
  Optional<GptqPlan> of(List<TensorPlan> plans, List<SmoothedInput> smoothed, ModelGraph graph) {
    GptqPlan found = GptqWeights.of(plans, smoothed, graph, sizes, gram.sha256(), rule.damping());
    return Optional.of(found).filter(rounded -> !rounded.weights().isEmpty());
  }
}
