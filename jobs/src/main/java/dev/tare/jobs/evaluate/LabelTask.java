package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Runs both models over labelled samples and returns their answers or embeddings, a row each.
 *
 * <p>Samples run one at a time, since kernels for several may round otherwise: so an answer depends
 * on nothing but its sample.
 */
final class LabelTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("hash", DataTypes.BinaryType, false)
          .add("label", DataTypes.StringType, true)
          .add("file", DataTypes.StringType, false)
          .add("row", DataTypes.LongType, true)
          .add("classes", DataTypes.LongType, false)
          .add("answers", DataTypes.LongType, false)
          .add("answer", DataTypes.IntegerType, false)
          .add("answer_quantized", DataTypes.IntegerType, false)
          .add("string", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("string_quantized", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false), false)
          .add("vector_quantized", DataTypes.createArrayType(DataTypes.FloatType, false), false);

  private final ModelHandle model;
  private final ModelHandle quantized;
  private final LabelledOutput output;
  private final int threads;

  LabelTask(ModelHandle model, ModelHandle quantized, LabelledOutput output, int threads) {
    this.model = model;
    this.quantized = quantized;
    this.output = output;
    this.threads = threads;
  }

  /**
   * @param samples rows of hash, label, file, row and encoded sample
   */
  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    List<Row> rows = new ArrayList<>();
    if (!samples.hasNext()) {
      return rows.iterator();
    }
    InferenceOptions options = InferenceOptions.of(threads);
    List<String> outputs = List.of(output.name());
    try (SharedInference.Lease reference = Side.FLOAT.lease(model, options);
        SharedInference.Lease other = Side.QUANTIZED.lease(quantized, options)) {
      Runner expected = reference.session().comparing(outputs);
      Runner actual = other.session().comparing(outputs);
      while (samples.hasNext()) {
        Row row = samples.next();
        List<Sample> one = List.of(Sample.decode((byte[]) row.get(4)));
        rows.add(
            row(
                row,
                Side.FLOAT.run(expected, one).sample(output.name(), 0),
                Side.QUANTIZED.run(actual, one).sample(output.name(), 0)));
      }
    }
    return rows.iterator();
  }

  private Row row(Row labelled, SampleOutput expected, SampleOutput actual) {
    boolean classes = output.kind() == LabelledOutput.Kind.CLASSES;
    boolean string = output.kind() == LabelledOutput.Kind.STRING;
    boolean vector = !classes && !string;
    Shape shape = expected.shape();
    long width = shape.rank() == 0 ? 1 : shape.dim(shape.rank() - 1);
    float[] none = new float[0];
    return RowFactory.create(
        labelled.get(0),
        labelled.get(1),
        labelled.get(2),
        labelled.get(3),
        width,
        width == 0 ? 0 : shape.size() / width,
        classes ? answer(expected.numbers()) : 0,
        classes ? answer(actual.numbers()) : 0,
        string ? ints(expected, width) : new int[0],
        string ? ints(actual, width) : new int[0],
        vector ? output.vector(expected) : none,
        vector ? output.vector(actual) : none);
  }

  private int[] ints(SampleOutput sample, long width) {
    return output.string(sample, Math.toIntExact(width)).stream().mapToInt(c -> c).toArray();
  }

  /** The first of the largest values; where one is not a number there is no answer, -1. */
  static int answer(float[] values) {
    int best = -1;
    for (int i = 0; i < values.length; i++) {
      if (Float.isNaN(values[i])) {
        return -1;
      }
      if (best < 0 || values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
