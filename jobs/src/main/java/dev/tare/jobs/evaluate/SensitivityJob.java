package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Measures what each quantized operator costs: for every one, a model with only this operator in
 * float runs on held-out samples.
 *
 * <p>The operators are distributed over executors. Each task has the float model, the integers of
 * all weights and one variant in memory; a variant costs one rewrite, one load and one run per
 * sample.
 */
public final class SensitivityJob {

  private final SparkSession spark;

  public SensitivityJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Runs the quantized model with one operator at a time left in float, and measures what each
   * gains.
   *
   * @param plan what the model was quantized by
   * @param evaluated the vector to compare: that by which evaluation judged the model
   * @param samples rows of hash and encoded sample, of which those with the lowest hashes are taken
   * @param most how many samples to take
   * @throws TareException (bad input) if the plan is for another model
   */
  public Sensitivity run(
      ModelHandle model,
      QuantPlan plan,
      Quality.OutputQuality evaluated,
      Dataset<Row> samples,
      int most) {
    if (!plan.modelSha256().equals(model.sha256())) {
      throw TareException.badInput(
          "The plan was made for another model: sha256 %s, but %s has %s"
              .formatted(plan.modelSha256(), model.ref().uri(), model.sha256()));
    }
    List<byte[]> chosen = VariantJob.lowest(samples, most);
    List<String> variants = new ArrayList<>(plan.operators());
    variants.add(SensitivityTask.ALL_QUANTIZED);
    SparkJobs.describe(
        spark, "evaluate: %d operators in float, one at a time".formatted(variants.size() - 1));
    SortedMap<String, Sensitivity.Score> scores =
        VariantJob.scores(
            spark,
            variants,
            new SensitivityTask.Sent(new ShippedPlan(model, plan), new ArrayList<>(chosen)),
            sent ->
                new SensitivityTask(
                    model, sent, evaluated.name(), evaluated.pooled(), SparkJobs.taskCpus(spark)));
    SparkJobs.describe(spark, null);
    Sensitivity.Score quantized = scores.remove(SensitivityTask.ALL_QUANTIZED);
    return new Sensitivity(chosen.size(), quantized, scores);
  }
}
