package dev.tare.jobs.select;

import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramTable;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Decides which weights of a plan are rounded by GPTQ. */
final class SelectGptq {

  private SelectGptq() {}

  /**
   * Where the Gram matrices are.
   *
   * @param folder of their table
   * @param sha256 their identity, which the plan records
   */
  record Gram(Path folder, String sha256) {}

  /** Returns the plan with these weights; without any, the plan itself. */
  static QuantPlan added(
      SparkSession spark, ModelHandle model, QuantPlan plan, GptqRule rule, Gram gram) {
    SparkJobs.describe(spark, "select: find the Gram matrices");
    Map<String, Integer> channels = GramTable.channels(spark, gram.folder());
    SparkJobs.describe(spark, null);
    List<GptqPlan.Weight> weights =
        GptqWeights.of(plan, SmoothedHandle.of(model, plan).prepared().graph(), channels);
    return weights.isEmpty()
        ? plan
        : plan.with(new GptqPlan(gram.sha256(), rule.damping(), weights));
  }
}
