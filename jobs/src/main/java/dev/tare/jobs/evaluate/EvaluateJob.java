package dev.tare.jobs.evaluate;

import dev.tare.engine.model.TensorInfo;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.model.ModelHandle;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Compares the float and the quantized model on rows that calibration did not use.
 *
 * <p>Sums run over samples in the order of their hashes, so the figures do not depend on the
 * cluster.
 */
public final class EvaluateJob {

  private final SparkSession spark;

  public EvaluateJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Checks, before the first job, that there are outputs to compare.
   *
   * @param classes which outputs contain classes, as in {@code --classes}
   * @param labels by which outputs are to be measured
   * @throws TareException (bad input) if no output can be compared; (usage) if an output named in
   *     {@code classes} has none, or none is known to be what labels are for
   */
  public static void require(ModelHandle model, String classes, LabelOptions labels) {
    ComparedOutputs.require(model);
    List<String> outputs = model.parse().outputs().stream().map(TensorInfo::name).toList();
    ClassOutputs.of(model.parse(), outputs, classes);
    if (labels.asked()) {
      LabelledOutput.of(model, outputs, classes, labels);
    }
  }

  /**
   * Runs the float and the quantized model on the same samples and compares their outputs.
   *
   * @param samples rows of hash and encoded sample
   * @param classes which outputs contain classes: {@code auto}, {@code none}, {@code all} or names
   * @param heldOut how the samples were separated from calibration
   * @throws TareException (bad input) if the models have no output in common that can be compared,
   *     or there is no sample; (usage) if an output named in {@code classes} has no numbers
   */
  public Quality run(
      ModelHandle model,
      ModelHandle quantized,
      Dataset<Row> samples,
      int batchSize,
      Gate gate,
      String classes,
      String heldOut) {
    int threads = SparkJobs.taskCpus(spark);
    ComparedOutputs compared = ComparedOutputs.of(model, quantized);
    ClassOutputs classOutputs = ClassOutputs.of(model.parse(), compared.numbers(), classes);
    List<String> embeddings = embeddings(model, compared.numbers());
    SparkJobs.describe(spark, "evaluate: float and quantized model side by side");
    int batch = EvaluationBatch.size(model, compared, samples, batchSize);
    List<Row> collected =
        samples
            .select("hash", "sample")
            .repartition(SparkJobs.parallelism(spark), functions.col("hash"))
            .mapPartitions(
                new EvaluateTask(model, quantized, compared.names(), embeddings, batch, threads),
                Encoders.row(EvaluateTask.SCHEMA))
            .collectAsList();
    SparkJobs.describe(spark, null);
    if (collected.isEmpty()) {
      throw TareException.badInput("There is no sample to evaluate on");
    }
    return new Summary(compared, classOutputs, embeddings, collected).quality(gate, heldOut);
  }

  /** Token-level outputs: [batch, token, width] of a model that reads an attention mask. */
  static List<String> embeddings(ModelHandle model, List<String> outputs) {
    boolean masked =
        model.parse().inputs().stream().anyMatch(i -> i.name().equals("attention_mask"));
    return model.parse().outputs().stream()
        .filter(o -> masked && o.dims().isPresent() && o.dims().get().size() == 3)
        .map(TensorInfo::name)
        .filter(outputs::contains)
        .toList();
  }
}
