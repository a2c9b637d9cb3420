package dev.tare.jobs.quantize;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.WeightTables;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.Locale;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Quantizes slices of constants, one at a time, each row joined with the plan of its constant. */
final class QuantizeTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  /** A constant's decision, as {@link PlanCodec} writes it. */
  static final StructType PLAN_SCHEMA =
      new StructType()
          .add("constant", DataTypes.IntegerType, false)
          .add("plan", DataTypes.BinaryType, false);

  /** Which piece of which constant; {@code number} counts the pieces of all. */
  static final StructType SLICE_SCHEMA =
      new StructType()
          .add("constant", DataTypes.IntegerType, false)
          .add("slice", DataTypes.IntegerType, false)
          .add("offset", DataTypes.LongType, false)
          .add("length", DataTypes.IntegerType, false)
          .add("number", DataTypes.IntegerType, false);

  private final SmoothedHandle model;
  private final String runId;

  QuantizeTask(SmoothedHandle model, String runId) {
    this.model = model;
    this.runId = runId;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> slices) {
    ModelGraph source = model.prepared().graph();
    return new Iterator<>() {
      private int constant = -1;
      private TensorPlan plan;

      @Override
      public boolean hasNext() {
        return slices.hasNext();
      }

      @Override
      public Row next() {
        Row slice = slices.next();
        if (constant != slice.<Integer>getAs("constant")) {
          constant = slice.<Integer>getAs("constant");
          plan = PlanCodec.decode(slice.getAs("plan"));
        }
        return refusing(source, slice, plan);
      }
    };
  }

  private Row refusing(ModelGraph source, Row slice, TensorPlan plan) {
    try {
      return quantize(source, slice, plan);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot quantize tensor '%s' by its plan: %s".formatted(plan.tensor(), e.getMessage()),
          e);
    }
  }

  private Row quantize(ModelGraph source, Row slice, TensorPlan plan) {
    int index = slice.getAs("slice");
    long offset = slice.getAs("offset");
    int length = slice.getAs("length");
    Tensor constant = source.constant(plan.tensor());
    if (plan.role() == Role.WEIGHT && index == 0) {
      // Once for each weight: its slices are in several tasks.
      WeightCheck.require(constant, plan);
    }
    return row(constant, plan, index, offset, length, runId);
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
