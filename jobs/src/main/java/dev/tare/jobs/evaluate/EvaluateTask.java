package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.model.ModelHandle;
import java.nio.FloatBuffer;
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

/** Runs both models over samples; one row per sample and output comes out. */
final class EvaluateTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("hash", DataTypes.BinaryType, false)
          .add("output", DataTypes.StringType, false)
          .add("count", DataTypes.LongType, false)
          .add("signal", DataTypes.DoubleType, false)
          .add("other", DataTypes.DoubleType, false)
          .add("product", DataTypes.DoubleType, false)
          .add("noise", DataTypes.DoubleType, false)
          .add("positions", DataTypes.LongType, false)
          .add("same", DataTypes.LongType, false)
          .add("embedding", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("embedding_quantized", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("floats", DataTypes.createArrayType(DataTypes.FloatType, false), false)
          .add("quantized_values", DataTypes.createArrayType(DataTypes.FloatType, false), false)
          .add("float_nanos", DataTypes.LongType, false)
          .add("quantized_nanos", DataTypes.LongType, false)
          .add("cpu", DataTypes.StringType, false);

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
    List<Row> rows = new ArrayList<>();
    if (!samples.hasNext()) {
      return rows.iterator();
    }
    CpuFeatures processor = CpuFeatures.current();
    cpu = "%s (%s)".formatted(processor.model(), processor.fingerprint());
    InferenceOptions options = InferenceOptions.of(threads);
    try (SharedInference.Lease reference = SharedInference.lease(model.file(), options);
        SharedInference.Lease other = SharedInference.lease(quantized.file(), options)) {
      Runner referenceRunner = reference.inference().runner(outputs);
      Runner otherRunner = other.inference().runner(outputs);
      Batcher<Sample> batcher =
          new Batcher<>(
              batchSize,
              sample -> sample,
              batch -> compare(batch, referenceRunner, otherRunner, rows));
      while (samples.hasNext()) {
        batcher.add(Sample.decode(samples.next().getAs(1)));
      }
      batcher.flush();
    }
    return rows.iterator();
  }

  private void compare(List<Sample> batch, Runner reference, Runner other, List<Row> rows) {
    long start = System.nanoTime();
    Map<String, Output> expected = run(reference, batch);
    long middle = System.nanoTime();
    Map<String, Output> actual = run(other, batch);
    long end = System.nanoTime();
    for (int i = 0; i < batch.size(); i++) {
      byte[] hash = Sample.hash(batch.get(i).encode());
      for (String output : outputs) {
        rows.add(
            row(
                hash,
                output,
                expected.get(output).sample(i, batch.size()),
                actual.get(output).sample(i, batch.size()),
                expected.get(output).sampleShape(),
                (middle - start) / batch.size() / outputs.size(),
                (end - middle) / batch.size() / outputs.size()));
      }
    }
  }

  private Row row(
      byte[] hash,
      String output,
      float[] expected,
      float[] actual,
      Shape shape,
      long floatNanos,
      long quantizedNanos) {
    SampleComparison comparison = SampleComparison.of(expected, actual, shape);
    boolean embedding = embeddings.contains(output);
    return RowFactory.create(
        hash,
        output,
        comparison.error().count(),
        comparison.error().signal(),
        comparison.error().other(),
        comparison.error().product(),
        comparison.error().noise(),
        comparison.argmaxPositions(),
        comparison.argmaxSame(),
        embedding ? Embedding.pool(expected, shape) : null,
        embedding ? Embedding.pool(actual, shape) : null,
        at(expected, PerSample.places(hash, expected.length)),
        at(actual, PerSample.places(hash, actual.length)),
        floatNanos,
        quantizedNanos,
        cpu);
  }

  private static float[] at(float[] values, int[] places) {
    float[] some = new float[places.length];
    for (int i = 0; i < some.length; i++) {
      some[i] = values[places[i]];
    }
    return some;
  }

  /** Values of one output of a batch, outermost dimension the batch. */
  private record Output(Shape shape, FloatBuffer values) {

    float[] sample(int index, int batch) {
      int size = values.capacity() / batch;
      float[] copy = new float[size];
      values.get(index * size, copy);
      return copy;
    }

    Shape sampleShape() {
      return new Shape(shape.dims().subList(1, shape.rank()));
    }
  }

  private static Map<String, Output> run(Runner runner, List<Sample> batch) {
    Map<String, Output> outputs = new HashMap<>();
    runner.run(
        batch,
        (name, floats, shape) -> {
          FloatBuffer copy = FloatBuffer.allocate(floats.remaining() / Float.BYTES);
          copy.put(floats.asFloatBuffer()).flip();
          outputs.put(name, new Output(shape, copy));
        });
    return outputs;
  }
}
