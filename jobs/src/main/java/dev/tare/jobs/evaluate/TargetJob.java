package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Compares what is predicted of a quantized model with what its target computes, on the driver.
 *
 * <p>Law: with equal runtimes and processors, equal figures; the samples are those of the lowest
 * hashes. Costs three runs of each of at most {@value #SAMPLES} samples, and two of one sample more
 * where both differ.
 */
final class TargetJob {

  /** Most samples that are compared. */
  static final int SAMPLES = 128;

  private final SparkSession spark;
  private final String target;
  private final TargetRuntime runtime;

  TargetJob(SparkSession spark, String target, TargetRuntime runtime) {
    this.spark = spark;
    this.target = target;
    this.runtime = runtime;
  }

  /**
   * @param samples rows of hash and encoded sample
   * @param outputs outputs of numbers that both models have
   */
  TargetQuality run(
      ModelHandle model, ModelHandle quantized, Dataset<Row> samples, List<String> outputs)
      throws IOException {
    SparkJobs.describe(spark, "evaluate: samples for target " + target);
    List<Sample> chosen = new ArrayList<>();
    for (Row row :
        samples.select("hash", "sample").orderBy("hash").limit(SAMPLES).collectAsList()) {
      chosen.add(Sample.decode(row.getAs("sample")));
    }
    SparkJobs.describe(spark, null);
    int threads = SparkJobs.taskCpus(spark);
    TargetRuntime written = new OrtTarget(OptimizationLevel.NONE, threads);
    List<Map<String, float[]>> wanted =
        new OrtTarget(OptimizationLevel.ALL, threads).run(model, chosen, outputs).values();
    List<Map<String, float[]>> predicted = written.run(quantized, chosen, outputs).values();
    TargetRuntime.Outcome measured = runtime.run(quantized, chosen, outputs);
    List<TargetQuality.Output> compared = new ArrayList<>();
    for (String output : outputs) {
      compared.add(
          new TargetQuality.Output(
              output,
              sqnrDb(output, wanted, predicted),
              sqnrDb(output, wanted, measured.values())));
    }
    boolean differs = compared.stream().anyMatch(TargetQuality.Output::differs);
    return new TargetQuality(
        target,
        measured.runtime(),
        chosen.size(),
        compared,
        measured.kernels(),
        differs
            ? Optional.of(Parting.of(quantized, chosen.get(0), written, runtime).words())
            : Optional.empty());
  }

  /** Over all samples whose outputs have one shape in both; NaN without any. */
  static double sqnrDb(
      String tensor, List<Map<String, float[]>> reference, List<Map<String, float[]>> other) {
    QuantError error = QuantError.NONE;
    for (int n = 0; n < reference.size(); n++) {
      float[] a = reference.get(n).get(tensor);
      float[] b = other.get(n).get(tensor);
      if (a.length == b.length) {
        error = error.plus(QuantError.between(a, b));
      }
    }
    return error.sqnrDb();
  }
}
