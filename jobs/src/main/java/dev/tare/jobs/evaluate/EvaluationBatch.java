package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.ModelSignature;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Determines the batch size of both models: the requested one if every output has an equal part for
 * each sample, else 1.
 *
 * <p>That is so for an output whose first dimension has the name of the inputs' first one. For any
 * other, such as a loss, a state of shape [2, N, 128] or one without named dimensions, a trial run
 * decides.
 */
final class EvaluationBatch {

  /** Kernels for several rows may round otherwise than those for one: by this of the largest. */
  private static final double TOLERANCE = 1e-3;

  private static final int PROBED = 4;

  private EvaluationBatch() {}

  /**
   * @param samples rows of hash and encoded sample
   */
  static int size(ModelHandle model, ComparedOutputs outputs, Dataset<Row> samples, int wished) {
    FloatModel graph = model.parse();
    if (wished == 1 || !ModelSignature.batchable(graph)) {
      return 1;
    }
    List<String> unclear = unclear(graph, outputs);
    if (unclear.isEmpty()) {
      return wished;
    }
    List<Sample> probes = new ArrayList<>();
    for (Row row : samples.orderBy("hash").limit(PROBED).select("sample").collectAsList()) {
      probes.add(Sample.decode(row.getAs("sample")));
    }
    if (probes.isEmpty()) {
      return 1;
    }
    try (SharedInference.Lease lease = Side.FLOAT.lease(model, InferenceOptions.of(1))) {
      return splits(lease.session().comparing(unclear), unclear, probes, wished) ? wished : 1;
    }
  }

  private static List<String> unclear(FloatModel graph, ComparedOutputs outputs) {
    Set<Dim> batch = new HashSet<>();
    graph.inputs().forEach(input -> first(input).ifPresent(batch::add));
    List<String> unclear = new ArrayList<>();
    for (TensorInfo output : graph.outputs()) {
      if (outputs.names().contains(output.name())
          && (batch.size() != 1 || !first(output).map(batch::contains).orElse(false))) {
        unclear.add(output.name());
      }
    }
    return unclear;
  }

  private static Optional<Dim> first(TensorInfo tensor) {
    return tensor
        .dims()
        .filter(dims -> !dims.isEmpty())
        .map(dims -> dims.get(0))
        .filter(Dim.Symbol.class::isInstance);
  }

  /** Whether a batch of samples like the first gives the same results as single samples. */
  static boolean splits(Runner runner, List<String> outputs, List<Sample> probes, int size) {
    String key = probes.get(0).shapeKey();
    List<Sample> alike = probes.stream().filter(p -> p.shapeKey().equals(key)).toList();
    List<Sample> batch = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      batch.add(alike.get(i % alike.size()));
    }
    BatchOutputs together = BatchOutputs.of(runner, batch);
    for (int i = 0; i < Math.min(size, alike.size()); i++) {
      BatchOutputs alone = BatchOutputs.of(runner, List.of(batch.get(i)));
      for (String output : outputs) {
        if (together.shape(output).rank() == 0
            || alone.shape(output).rank() == 0
            || together.shape(output).size() != size * alone.shape(output).size()
            || together.shape(output).dim(0) != size * alone.shape(output).dim(0)
            || !alike(alone.sample(output, 0), together.sample(output, i))) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean alike(SampleOutput alone, SampleOutput part) {
    SampleComparison comparison = SampleComparison.of(alone, part);
    if (!comparison.sameShape() || comparison.differentNonFinite() > 0) {
      return false;
    }
    if (alone.labelled()) {
      // Two classes almost equally likely may change places by rounding.
      return comparison.error().product() >= .9 * comparison.error().count();
    }
    double peak = 0;
    for (float value : alone.numbers()) {
      peak = Float.isFinite(value) ? Math.max(peak, Math.abs(value)) : peak;
    }
    return comparison.largestError() <= TOLERANCE * peak;
  }
}
