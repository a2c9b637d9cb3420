package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Runs both models over samples; returns one row per sample and output, and one per axis of
 * channels.
 */
final class EvaluateTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("hash", DataTypes.BinaryType, false)
          .add("output", DataTypes.StringType, false)
          .add("values", DataTypes.LongType, false)
          .add("count", DataTypes.LongType, false)
          .add("signal", DataTypes.DoubleType, false)
          .add("other", DataTypes.DoubleType, false)
          .add("product", DataTypes.DoubleType, false)
          .add("noise", DataTypes.DoubleType, false)
          .add("largest_error", DataTypes.DoubleType, false)
          .add("same_shape", DataTypes.BooleanType, false)
          .add("equal_non_finite", DataTypes.LongType, false)
          .add("different_non_finite", DataTypes.LongType, false)
          .add("positions", DataTypes.LongType, false)
          .add("same", DataTypes.LongType, false)
          .add("embedding", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("embedding_quantized", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("floats", DataTypes.createArrayType(DataTypes.FloatType, false), false)
          .add("quantized_values", DataTypes.createArrayType(DataTypes.FloatType, false), false)
          .add("float_nanos", DataTypes.LongType, false)
          .add("quantized_nanos", DataTypes.LongType, false)
          .add("cpu", DataTypes.StringType, false)
          .add("channels", DataTypes.BinaryType, true);

  private final ModelHandle model;
  private final ModelHandle quantized;
  private final ArrayList<String> outputs;
  private final ArrayList<String> embeddings;
  private final int batchSize;
  private final int threads;
  private String cpu;

  EvaluateTask(
      ModelHandle model,
      ModelHandle quantized,
      List<String> outputs,
      List<String> embeddings,
      int batchSize,
      int threads) {
    this.model = model;
    this.quantized = quantized;
    this.outputs = new ArrayList<>(outputs);
    this.embeddings = new ArrayList<>(embeddings);
    this.batchSize = batchSize;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    if (!samples.hasNext()) {
      return List.<Row>of().iterator();
    }
    InferenceOptions options = InferenceOptions.of(threads);
    try (SharedInference.Lease reference = Side.FLOAT.lease(model, options);
        SharedInference.Lease other = Side.QUANTIZED.lease(quantized, options)) {
      return rows(
              samples, reference.session().comparing(outputs), other.session().comparing(outputs))
          .iterator();
    }
  }

  /**
   * Runs both models over samples.
   *
   * @param samples rows of a hash and an encoded sample
   */
  List<Row> rows(Iterator<Row> samples, Runner reference, Runner other) {
    List<Row> rows = new ArrayList<>();
    CpuFeatures processor = CpuFeatures.current();
    cpu = "%s (%s)".formatted(processor.model(), processor.fingerprint());
    Map<String, List<ChannelSums>> channels = new HashMap<>();
    outputs.forEach(
        output -> channels.put(output, List.of(new ChannelSums(true), new ChannelSums(false))));
    Batcher<Sample> batcher =
        new Batcher<>(
            batchSize, sample -> sample, batch -> compare(batch, reference, other, rows, channels));
    while (samples.hasNext()) {
      batcher.add(Sample.decode(samples.next().getAs(1)));
    }
    batcher.flush();
    channels.forEach((output, axes) -> axes.forEach(axis -> rows.add(row(output, axis))));
    return rows;
  }

  private void compare(
      List<Sample> batch,
      Runner reference,
      Runner other,
      List<Row> rows,
      Map<String, List<ChannelSums>> channels) {
    long start = System.nanoTime();
    BatchOutputs expected = Side.FLOAT.run(reference, batch);
    long middle = System.nanoTime();
    BatchOutputs actual = Side.QUANTIZED.run(other, batch);
    long end = System.nanoTime();
    for (int i = 0; i < batch.size(); i++) {
      byte[] hash = Sample.hash(batch.get(i).encode());
      for (String output : outputs) {
        SampleOutput a = expected.sample(output, i);
        SampleOutput b = actual.sample(output, i);
        SampleComparison comparison = SampleComparison.of(a, b);
        if (comparison.sameShape() && !a.labelled()) {
          channels.get(output).get(0).add(a.numbers(), b.numbers(), a.shape());
          if (a.shape().rank() == IMAGE_RANK) {
            channels.get(output).get(1).add(a.numbers(), b.numbers(), a.shape());
          }
        }
        rows.add(
            row(
                hash,
                output,
                comparison,
                a,
                b,
                (middle - start) / batch.size() / outputs.size(),
                (end - middle) / batch.size() / outputs.size()));
      }
    }
  }

  /** Channels of an image come before its height and width. */
  private static final int IMAGE_RANK = 3;

  private Row row(
      byte[] hash,
      String output,
      SampleComparison comparison,
      SampleOutput expected,
      SampleOutput actual,
      long floatNanos,
      long quantizedNanos) {
    boolean embedding = embeddings.contains(output) && comparison.sameShape();
    int values = expected.labelled() || !comparison.sameShape() ? 0 : expected.numbers().length;
    int[] places = OneSample.places(hash, values);
    return RowFactory.create(
        hash,
        output,
        expected.shape().size(),
        comparison.error().count(),
        comparison.error().signal(),
        comparison.error().other(),
        comparison.error().product(),
        comparison.error().noise(),
        comparison.largestError(),
        comparison.sameShape(),
        comparison.equalNonFinite(),
        comparison.differentNonFinite(),
        comparison.argmaxPositions(),
        comparison.argmaxSame(),
        embedding ? Embedding.pool(expected.numbers(), expected.shape()) : null,
        embedding ? Embedding.pool(actual.numbers(), actual.shape()) : null,
        at(expected.numbers(), places),
        at(actual.numbers(), places),
        floatNanos,
        quantizedNanos,
        cpu,
        null);
  }

  private Row row(String output, ChannelSums axis) {
    float[] none = new float[0];
    return RowFactory.create(
        new byte[0],
        output,
        0L,
        0L,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        true,
        0L,
        0L,
        0L,
        0L,
        null,
        null,
        none,
        none,
        0L,
        0L,
        cpu,
        axis.encode());
  }

  private static float[] at(float[] values, int[] places) {
    float[] some = new float[places.length];
    for (int i = 0; i < some.length; i++) {
      some[i] = values[places[i]];
    }
    return some;
  }
}
