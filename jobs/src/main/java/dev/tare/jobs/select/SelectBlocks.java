package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.quant.QuantParams;
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
 * Where there is only the diagonal of the input's Gram matrix, all scales of the weights are found
 * by it.
 */
final class SelectBlocks implements FlatMapGroupsFunction<String, Row, byte[]> {

  private static final long serialVersionUID = 1L;

  /** Where a plan names the method of the scales. */
  private static final String METHOD = "gptq";

  /** The same of scales that the diagonal chose. */
  private static final String WEIGHTED = "mse-weighted";

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
      GramSolver solver = GramSolver.read(tensor, rows);
      List<SmoothedInput> smoothed = QuantPlanJson.parseSmoothed(model.changes());
      if (solver.diagonal()) {
        solver.scale(
            smoothed,
            (weight, scales) -> {
              TensorPlan plan = weight.plan();
              Tensor values = source.constant(plan.tensor());
              List<QuantParams> found =
                  scales.find(values, weight.inputAxis(), plan.target(), plan.granularity());
              plans.add(PlanCodec.encode(WeightPlanner.withScales(values, plan, found, WEIGHTED)));
            });
      } else {
        solver.each(
            smoothed,
            damping,
            (weight, gptq) -> {
              TensorPlan plan = weight.plan();
              Tensor values = source.constant(plan.tensor());
              List<QuantParams> found = gptq.blockScales(values, weight.inputAxis(), plan.target());
              plans.add(
                  PlanCodec.encode(WeightPlanner.withBlockScales(values, plan, found, METHOD)));
            });
      }
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot find scales for the weights of '%s': %s".formatted(tensor, e.getMessage()), e);
    }
    return plans.iterator();
  }
}
