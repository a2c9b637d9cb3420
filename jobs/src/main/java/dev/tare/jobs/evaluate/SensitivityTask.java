package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.Shared;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Runs models with one operator in float; one row per operator comes out. */
final class SensitivityTask implements MapPartitionsFunction<String, Row> {

  private static final long serialVersionUID = 1L;

  /** Stands for the model in which no operator is left in float. */
  static final String ALL_QUANTIZED = "";

  static final StructType SCHEMA =
      new StructType()
          .add("operator", DataTypes.StringType, false)
          .add("sqnr_db", DataTypes.DoubleType, false)
          .add("cosine", DataTypes.DoubleType, false);

  /** The plan, and encoded samples: too much for a task. */
  record Sent(ShippedPlan plan, ArrayList<byte[]> samples) implements Serializable {}

  private final ModelHandle model;
  private final Broadcast<Shared<Sent>> sent;
  private final String output;
  private final boolean pooled;
  private final int threads;

  SensitivityTask(
      ModelHandle model, Broadcast<Shared<Sent>> sent, String output, boolean pooled, int threads) {
    this.model = model;
    this.sent = sent;
    this.output = output;
    this.pooled = pooled;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<String> operators) {
    try {
      return measure(operators);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot measure operators by the plan: %s".formatted(e.getMessage()), e);
    }
  }

  private Iterator<Row> measure(Iterator<String> operators) {
    List<Row> rows = new ArrayList<>();
    if (!operators.hasNext()) {
      return rows.iterator();
    }
    ShippedPlan shipped = sent.value().get().plan();
    QuantPlan whole = shipped.plan();
    Map<String, ByteBuffer> codes = shipped.codes(whole);
    List<SampleOutput> expected = run(model.file());
    while (operators.hasNext()) {
      String operator = operators.next();
      QuantPlan variant = operator.equals(ALL_QUANTIZED) ? whole : whole.without(operator);
      rows.add(score(operator, expected, run(shipped.quantized(variant, codes))));
    }
    return rows.iterator();
  }

  private List<SampleOutput> run(WritableModel variant) {
    try {
      Path folder = Files.createTempDirectory("tare-variant");
      try {
        return run(variant.writeLocal(folder, model.path().getParent()));
      } finally {
        FileUtils.deleteDirectory(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write a variant of " + model.ref().uri(), e);
    }
  }

  /** The judged vector of every sample, one at a time: other shapes would only hide noise. */
  private List<SampleOutput> run(ModelFile file) {
    List<SampleOutput> vectors = new ArrayList<>();
    try (Session inference = Sessions.open(file, InferenceOptions.of(threads))) {
      Runner runner = inference.comparing(List.of(output));
      for (byte[] sample : sent.value().get().samples()) {
        SampleOutput own =
            BatchOutputs.of(runner, List.of(Sample.decode(sample))).sample(output, 0);
        vectors.add(pooled ? pooled(own) : own);
      }
    }
    return vectors;
  }

  private static SampleOutput pooled(SampleOutput tokens) {
    float[] vector = Embedding.pool(tokens.numbers(), tokens.shape());
    return SampleOutput.ofNumbers(Shape.of(vector.length), vector);
  }

  /** Samples without a value to compare, or of another shape, are left out. */
  private static Row score(
      String operator, List<SampleOutput> expected, List<SampleOutput> actual) {
    QuantError total = QuantError.NONE;
    double cosines = 0;
    int compared = 0;
    for (int i = 0; i < expected.size(); i++) {
      QuantError error = SampleComparison.of(expected.get(i), actual.get(i)).error();
      if (error.count() > 0) {
        total = total.plus(error);
        cosines += error.cosine();
        compared++;
      }
    }
    return RowFactory.create(operator, total.sqnrDb(), cosines / compared);
  }
}
