package dev.tare.jobs.quantize;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.Shared;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.WeightTables;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Quantizes slices of constants, one at a time, each row joined with the plan of its constant. */
final class QuantizeTask implements MapPartitionsFunction<Long, Row> {

  private static final long serialVersionUID = 1L;

  /**
   * A piece of a constant.
   *
   * @param constant number of the constant among the plans
   * @param index number of the piece in its constant
   * @param offset first byte
   * @param length bytes
   */
  record Slice(int constant, int index, long offset, int length) implements Serializable {}

  /** What all tasks together quantize, as it is broadcast. */
  static final class Slices implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ArrayList<byte[]> plans;
    private final ArrayList<Slice> slices;
    private final int tasks;

    /**
     * @param plans decisions of constants, as {@link PlanCodec} writes them
     * @param slices pieces of these constants, in order
     * @param tasks number of tasks, each with a run of slices
     */
    Slices(List<byte[]> plans, List<Slice> slices, int tasks) {
      this.plans = new ArrayList<>(plans);
      this.slices = new ArrayList<>(slices);
      this.tasks = tasks;
    }

    byte[] plan(int constant) {
      return plans.get(constant);
    }

    List<Slice> of(long task) {
      return slices.subList(first(task), first(task + 1));
    }

    private int first(long task) {
      return Math.toIntExact(slices.size() * task / tasks);
    }
  }

  private final SmoothedHandle model;
  private final Broadcast<Shared<Slices>> all;
  private final String runId;

  QuantizeTask(SmoothedHandle model, Broadcast<Shared<Slices>> all, String runId) {
    this.model = model;
    this.all = all;
    this.runId = runId;
  }

  /**
   * Quantizes the slices of tasks.
   *
   * @param tasks their numbers
   */
  @Override
  public Iterator<Row> call(Iterator<Long> tasks) {
    List<Slice> slices = new ArrayList<>();
    tasks.forEachRemaining(task -> slices.addAll(all.value().get().of(task)));
    ModelGraph source = model.prepared().graph();
    Iterator<Slice> each = slices.iterator();
    return new Iterator<>() {
      private int constant = -1;
      private TensorPlan plan;

      @Override
      public boolean hasNext() {
        return each.hasNext();
      }

      @Override
      public Row next() {
        Slice slice = each.next();
        if (constant != slice.constant()) {
          constant = slice.constant();
          plan = PlanCodec.decode(all.value().get().plan(constant));
        }
        return refusing(source, slice, plan);
      }
    };
  }

  private Row refusing(ModelGraph source, Slice slice, TensorPlan plan) {
    try {
      return quantize(source, slice, plan);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot quantize tensor '%s' by its plan: %s".formatted(plan.tensor(), e.getMessage()),
          e);
    }
  }

  private Row quantize(ModelGraph source, Slice slice, TensorPlan plan) {
    Tensor constant = source.constant(plan.tensor());
    if (plan.role() == Role.WEIGHT && slice.index() == 0) {
      // Once for each weight: its slices are in several tasks.
      WeightCheck.require(constant, plan);
    }
    return row(constant, plan, slice.index(), slice.offset(), slice.length(), runId);
  }

  /** Quantizes a slice of a constant. */
  static Row row(
      Tensor constant, TensorPlan plan, int index, long offset, int length, String runId) {
    int bits = plan.type().dtype().bits();
    FloatBuffer values = constant.floats();
    int first = Math.toIntExact(offset * 8 / bits);
    // The last byte of 4-bit integers may contain only one.
    values.position(first).limit((int) Math.min(first + length * 8L / bits, values.limit()));
    byte[] data = new byte[length];
    Quantizer.quantizeSlice(
        values,
        ByteBuffer.wrap(data),
        first,
        constant.shape(),
        plan.params(),
        plan.granularity(),
        plan.limits(),
        Rounding.DIVISION);
    return RowFactory.create(
        WeightTables.FORMAT_VERSION,
        runId,
        plan.tensor(),
        plan.role().name().toLowerCase(Locale.ROOT),
        index,
        offset,
        data);
  }
}
