package dev.tare.jobs.quantize;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.Gptq;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramSolver;
import dev.tare.jobs.table.WeightTables;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Rounds the weights of one input's products by the input's Gram matrix.
 *
 * <p>Memory: that of {@link GramSolver}, and of one weight at a time 20 bytes for each element.
 */
final class GptqTask implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  private final SmoothedHandle model;
  private final double damping;
  private final String runId;

  GptqTask(SmoothedHandle model, double damping, String runId) {
    this.model = model;
    this.damping = damping;
    this.runId = runId;
  }

  /** Returns rows of {@link WeightTables#WEIGHTS_SCHEMA}. */
  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    List<Row> slices = new ArrayList<>();
    ModelGraph source = model.prepared().graph();
    try {
      GramSolver.read(tensor, rows)
          .each(
              QuantPlanJson.parseSmoothed(model.changes()),
              damping,
              (weight, gptq) -> round(source, weight, gptq, slices));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot round the weights of '%s' by GPTQ: %s".formatted(tensor, e.getMessage()), e);
    }
    return slices.iterator();
  }

  private void round(ModelGraph source, GramSolver.Weight weight, Gptq gptq, List<Row> into) {
    TensorPlan plan = weight.plan();
    Tensor values = source.constant(plan.tensor());
    WeightCheck.require(values, plan);
    Tensor rounded =
        gptq.solve(values, weight.inputAxis(), plan.params(), plan.granularity(), plan.limits());
    slices(rounded, plan, into);
    weight
        .bias()
        .ifPresent(
            bias ->
                slices(
                    shifted(source.constant(bias.tensor()), gptq.meanShift(values, rounded)),
                    bias,
                    into));
  }

  private static Tensor shifted(Tensor bias, double[] shift) {
    float[] values = bias.toFloatArray();
    for (int m = 0; m < values.length; m++) {
      values[m] = (float) (values[m] + shift[m]);
    }
    return Tensor.ofFloats(bias.shape(), values);
  }

  private void slices(Tensor values, TensorPlan plan, List<Row> into) {
    for (WeightTables.Slice slice : WeightTables.slices(plan)) {
      into.add(
          QuantizeTask.row(values, plan, slice.index(), slice.offset(), slice.length(), runId));
    }
  }
}
