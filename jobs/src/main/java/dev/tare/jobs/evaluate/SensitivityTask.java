package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.Shared;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.model.ModelHandle;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/** Runs models with one operator in float; one row per operator comes out. */
final class SensitivityTask implements MapPartitionsFunction<String, Row> {

  private static final long serialVersionUID = 1L;

  /** Stands for the model in which no operator is left in float. */
  static final String ALL_QUANTIZED = "";

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
    VariantRuns runs =
        new VariantRuns(model, output, pooled, sent.value().get().samples(), threads);
    List<SampleOutput> expected = runs.of(model.file());
    while (operators.hasNext()) {
      String operator = operators.next();
      QuantPlan variant = operator.equals(ALL_QUANTIZED) ? whole : whole.without(operator);
      Sensitivity.Score score =
          VariantRuns.score(
              VariantRuns.errors(expected, runs.of(shipped.quantized(variant, codes))));
      rows.add(VariantJob.row(operator, score));
    }
    return rows.iterator();
  }
}
