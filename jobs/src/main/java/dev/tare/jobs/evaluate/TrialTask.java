package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.Shared;
import dev.tare.jobs.model.ModelHandle;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Runs the models of plans, by name; one row per plan and sample comes out. */
final class TrialTask implements MapPartitionsFunction<String, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("plan", DataTypes.StringType, false)
          .add("sample", DataTypes.IntegerType, false)
          .add("count", DataTypes.LongType, false)
          .add("signal", DataTypes.DoubleType, false)
          .add("other", DataTypes.DoubleType, false)
          .add("product", DataTypes.DoubleType, false)
          .add("noise", DataTypes.DoubleType, false);

  /** Plans by name, and encoded samples: too much for a task. */
  record Sent(TreeMap<String, ShippedPlan> plans, ArrayList<byte[]> samples)
      implements Serializable {}

  private final ModelHandle model;
  private final Broadcast<Shared<Sent>> sent;
  private final String tensor;
  private final int threads;

  /**
   * @param tensor the one that is compared
   */
  TrialTask(ModelHandle model, Broadcast<Shared<Sent>> sent, String tensor, int threads) {
    this.model = model;
    this.sent = sent;
    this.tensor = tensor;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<String> names) {
    List<Row> rows = new ArrayList<>();
    if (!names.hasNext()) {
      return rows.iterator();
    }
    Sent own = sent.value().get();
    VariantRuns runs = new VariantRuns(model, tensor, false, own.samples(), threads);
    List<SampleOutput> expected = runs.of(model.exposing(new TreeSet<>(Set.of(tensor))));
    while (names.hasNext()) {
      String name = names.next();
      List<QuantError> errors =
          VariantRuns.errors(expected, runs.of(own.plans().get(name).quantizedWith(tensor)));
      for (int i = 0; i < errors.size(); i++) {
        rows.add(row(name, i, errors.get(i)));
      }
    }
    return rows.iterator();
  }

  private static Row row(String plan, int sample, QuantError error) {
    return RowFactory.create(
        plan, sample, error.count(), error.signal(), error.other(), error.product(), error.noise());
  }
}
