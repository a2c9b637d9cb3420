package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.table.GramTable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
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

  private final Map<String, GptqWeights.Size> sizes;
  private final GptqRule rule;
  private final Gram gram;

  /** Reads the sizes of matrices. */
  SelectGptq(SparkSession spark, GptqRule rule, Gram gram) {
    SparkJobs.describe(spark, "select: find the Gram matrices");
    this.sizes = GramTable.sizes(spark, gram.folder());
    this.rule = rule;
    this.gram = gram;
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
