package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramSolver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/**
 * Finds the scales of blocks of the weights that multiply one input, by rounding them: when the
 * plan is applied, the same rounding with these scales gives the integers they were chosen for.
 */
final class SelectBlocks implements FlatMapGroupsFunction<String, Row, byte[]> {

  private static final long serialVersionUID = 1L;

  /** Where a plan names the method of the scales. */
  private static final String METHOD = "gptq";

  private final SmoothedHandle model;
  private final double damping;

  SelectBlocks(SmoothedHandle model, double damping) {
    this.model = model;
    this.damping = damping;
  }

  /** Returns decisions, as {@link PlanCodec} writes them. */
  @Override
  public Iterator<byte[]> call(String tensor, Iterator<Row> rows) {
    List<byte[]> plans = new ArrayList<>();
    ModelGraph source = model.prepared().graph();
    try {
      GramSolver.read(tensor, rows)
          .each(
              QuantPlanJson.parseSmoothed(model.changes()),
              damping,
              (weight, gptq) -> {
                TensorPlan plan = weight.plan();
                Tensor values = source.constant(plan.tensor());
                plans.add(
                    PlanCodec.encode(
                        WeightPlanner.withBlockScales(
                            values,
                            plan,
                            gptq.blockScales(values, weight.inputAxis(), plan.target()),
                            METHOD)));
              });
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot find scales of blocks for the weights of '%s': %s"
              .formatted(tensor, e.getMessage()),
          e);
    }
    return plans.iterator();
  }
}
