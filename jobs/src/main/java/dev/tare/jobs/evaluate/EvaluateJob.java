package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.onnx.TensorInfo;
import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.ModelSignature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Float and quantized model side by side on rows that calibration did not see.
 *
 * <p>Sums run over samples in the order of their hashes, so the figures do not depend on the
 * cluster.
 */
public final class EvaluateJob {

  /** Neighbours cost the square of their number. */
  private static final int MAX_NEIGHBOUR_SAMPLES = 2048;

  private static final int[] PERCENTILES = {1, 5, 25, 50};

  private final SparkSession spark;

  public EvaluateJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Evaluates.
   *
   * @param samples rows of hash and encoded sample
   * @throws TareException (bad input) if the models have no float32 output in common, or there is
   *     no sample
   */
  public Quality run(
      ModelHandle model, ModelHandle quantized, Dataset<Row> samples, int batchSize, Gate gate) {
    int threads = SparkJobs.taskCpus(spark);
    List<String> outputs = outputs(model, quantized);
    List<String> embeddings = embeddings(model, outputs);
    int batch = ModelSignature.batchable(model.parse()) ? batchSize : 1;
    SparkJobs.describe(spark, "evaluate: float and quantized model side by side");
    List<Row> collected =
        samples
            .select("hash", "sample")
            .repartition(SparkJobs.parallelism(spark), functions.col("hash"))
            .mapPartitions(
                new EvaluateTask(model, quantized, outputs, embeddings, batch, threads),
                Encoders.row(EvaluateTask.SCHEMA))
            .collectAsList();
    SparkJobs.describe(spark, null);
    // Sorted here: a sort by Spark would run both models a second time to sample its bounds.
    List<Row> rows = new ArrayList<>(collected);
    rows.sort(
        Comparator.comparing((Row r) -> r.<byte[]>getAs("hash"), Arrays::compareUnsigned)
            .thenComparing((Row r) -> r.<String>getAs("output")));
    if (rows.isEmpty()) {
      throw TareException.badInput("There is no sample to evaluate on");
    }
    return summarize(rows, outputs, embeddings, gate);
  }

  private static List<String> outputs(ModelHandle model, ModelHandle quantized) {
    try (SharedInference.Lease a = lease("float", model);
        SharedInference.Lease b = lease("quantized", quantized)) {
      Set<String> common = new HashSet<>(a.inference().floatOutputs());
      common.retainAll(b.inference().floatOutputs());
      List<String> outputs =
          model.parse().outputs().stream().map(TensorInfo::name).filter(common::contains).toList();
      if (outputs.isEmpty()) {
        throw TareException.badInput(
            "Models %s and %s have no float32 output in common"
                .formatted(model.ref().uri(), quantized.ref().uri()));
      }
      return outputs;
    }
  }

  /** Both may have the same file name. */
  private static SharedInference.Lease lease(String which, ModelHandle model) {
    try {
      return SharedInference.lease(model.file(), InferenceOptions.of(1));
    } catch (InferenceException e) {
      throw TareException.badInput(
          "The %s model cannot be evaluated: %s".formatted(which, e.getMessage()), e);
    }
  }

  /** Token-level outputs: [batch, token, width] of a model that reads an attention mask. */
  private static List<String> embeddings(ModelHandle model, List<String> outputs) {
    boolean masked =
        model.parse().inputs().stream().anyMatch(i -> i.name().equals("attention_mask"));
    return model.parse().outputs().stream()
        .filter(o -> masked && o.dims().isPresent() && o.dims().get().size() == 3)
        .map(TensorInfo::name)
        .filter(outputs::contains)
        .toList();
  }

  private static Quality summarize(
      List<Row> rows, List<String> outputs, List<String> embeddings, Gate gate) {
    List<Quality.OutputQuality> qualities = new ArrayList<>();
    Optional<Double> nearest = Optional.empty();
    int neighbours = 0;
    for (String output : outputs) {
      List<Row> own = rows.stream().filter(r -> r.getAs("output").equals(output)).toList();
      qualities.add(ofOutput(output, own));
      if (embeddings.contains(output)) {
        float[][] reference = vectors(own, "embedding");
        float[][] other = vectors(own, "embedding_quantized");
        qualities.add(ofEmbedding(output, own, reference, other));
        neighbours = Math.min(reference.length, MAX_NEIGHBOUR_SAMPLES);
        nearest =
            Optional.of(
                Embedding.sameNearest(
                    Arrays.copyOf(reference, neighbours), Arrays.copyOf(other, neighbours)));
      }
    }
    SortedSet<String> cpus = new TreeSet<>();
    rows.forEach(row -> cpus.add(row.getAs("cpu")));
    long floatNanos = rows.stream().mapToLong(r -> r.<Long>getAs("float_nanos")).sum();
    long quantizedNanos = rows.stream().mapToLong(r -> r.<Long>getAs("quantized_nanos")).sum();
    return new Quality(
        rows.size() / outputs.size(),
        qualities,
        nearest,
        neighbours,
        (double) quantizedNanos / Math.max(1, floatNanos),
        cpus,
        gate.check(Quality.headline(qualities)),
        Optional.empty());
  }

  private static Quality.OutputQuality ofOutput(String output, List<Row> rows) {
    QuantError total = QuantError.NONE;
    List<PerSample.One> samples = new ArrayList<>();
    long positions = 0;
    long same = 0;
    for (Row row : rows) {
      QuantError error =
          new QuantError(
              row.<Long>getAs("count"),
              row.<Double>getAs("signal"),
              row.<Double>getAs("other"),
              row.<Double>getAs("product"),
              row.<Double>getAs("noise"));
      total = total.plus(error);
      samples.add(
          new PerSample.One(
              sample(row),
              error,
              row.getList(row.fieldIndex("floats")),
              row.getList(row.fieldIndex("quantized_values"))));
      positions += row.<Long>getAs("positions");
      same += row.<Long>getAs("same");
    }
    return quality(
        output,
        false,
        total.sqnrDb(),
        samples,
        positions == 0 ? Optional.empty() : Optional.of((double) same / positions));
  }

  private static Quality.OutputQuality ofEmbedding(
      String output, List<Row> rows, float[][] reference, float[][] other) {
    QuantError total = QuantError.NONE;
    List<PerSample.One> samples = new ArrayList<>();
    for (int i = 0; i < reference.length; i++) {
      QuantError error = QuantError.between(reference[i], other[i]);
      total = total.plus(error);
      int[] places = PerSample.places(rows.get(i).getAs("hash"), reference[i].length);
      samples.add(
          new PerSample.One(
              sample(rows.get(i)), error, at(reference[i], places), at(other[i], places)));
    }
    return quality(output, true, total.sqnrDb(), samples, Optional.empty());
  }

  private static String sample(Row row) {
    return HexFormat.of().formatHex(row.getAs("hash"));
  }

  private static List<Float> at(float[] values, int[] places) {
    return Arrays.stream(places).mapToObj(place -> values[place]).toList();
  }

  private static Quality.OutputQuality quality(
      String output,
      boolean pooled,
      double sqnrDb,
      List<PerSample.One> samples,
      Optional<Double> argmax) {
    double[] cosines = samples.stream().mapToDouble(one -> one.error().cosine()).toArray();
    double sum = 0;
    for (double cosine : cosines) {
      sum += cosine;
    }
    double[] sorted = cosines.clone();
    Arrays.sort(sorted);
    SortedMap<Integer, Double> percentiles = new TreeMap<>();
    for (int p : PERCENTILES) {
      int rank = (int) Math.ceil(p / 100.0 * sorted.length);
      percentiles.put(p, sorted[Math.max(0, rank - 1)]);
    }
    return new Quality.OutputQuality(
        output,
        pooled,
        sqnrDb,
        sum / cosines.length,
        sorted[0],
        percentiles,
        argmax,
        PerSample.of(samples));
  }

  private static float[][] vectors(List<Row> rows, String column) {
    float[][] vectors = new float[rows.size()][];
    for (int i = 0; i < vectors.length; i++) {
      List<Float> values = rows.get(i).getList(rows.get(i).fieldIndex(column));
      vectors[i] = new float[values.size()];
      for (int k = 0; k < vectors[i].length; k++) {
        vectors[i][k] = values.get(k);
      }
    }
    return vectors;
  }
}
