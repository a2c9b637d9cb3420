package dev.tare.jobs.quantize;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.Gptq;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.WeightTables;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rounds the weights of one input's products by the input's Gram matrix.
 *
 * <p>Memory: of a matrix with K rows 12 bytes for each element, and of one weight at a time 20 for
 * each element.
 */
final class GptqTask implements FlatMapGroupsFunction<String, Row, Row> {

  private static final long serialVersionUID = 1L;

  /**
   * What the row of a matrix's first channel carries besides: of each weight what its products
   * read, the axis over which they sum, its decision, as {@link PlanCodec} writes it, and that of
   * the bias which takes up what its rounding does to the mean of results, no bytes for none.
   */
  static final StructType WEIGHTS_SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("channel", DataTypes.IntegerType, false)
          .add("inputs", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("input_axes", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("plans", DataTypes.createArrayType(DataTypes.BinaryType, false), false)
          .add("biases", DataTypes.createArrayType(DataTypes.BinaryType, false), false);

  /** A weight that multiplies an input. */
  private record Weight(int inputAxis, TensorPlan plan, Optional<TensorPlan> bias) {}

  private final SmoothedHandle model;
  private final double damping;
  private final String runId;

  GptqTask(SmoothedHandle model, double damping, String runId) {
    this.model = model;
    this.damping = damping;
    this.runId = runId;
  }

  /**
   * Returns rows of {@link WeightTables#WEIGHTS_SCHEMA}.
   *
   * @param rows of the tensor's matrix, the first channel's with {@link #WEIGHTS_SCHEMA}
   */
  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> rows) {
    Map<String, List<Weight>> byInput = new TreeMap<>();
    GramMatrix gram = GramTable.matrix(tensor, noting(rows, byInput));
    List<Row> slices = new ArrayList<>();
    ModelGraph source = model.prepared().graph();
    try {
      byInput.forEach(
          (input, own) -> {
            List<Float> factors = factors(input, gram.channels());
            for (boolean centred : new boolean[] {false, true}) {
              List<Weight> some =
                  own.stream().filter(w -> w.bias().isPresent() == centred).toList();
              if (!some.isEmpty()) {
                Gptq gptq = Gptq.of(gram, factors, damping, centred);
                some.forEach(weight -> slices.addAll(rounded(source, weight, gptq)));
              }
            }
          });
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("Cannot round weights by GPTQ: " + e.getMessage(), e);
    }
    return slices.iterator();
  }

  private static Iterator<Row> noting(Iterator<Row> rows, Map<String, List<Weight>> byInput) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        if (!row.isNullAt(row.fieldIndex("plans"))) {
          List<String> inputs = row.getList(row.fieldIndex("inputs"));
          List<Integer> axes = row.getList(row.fieldIndex("input_axes"));
          List<byte[]> plans = row.getList(row.fieldIndex("plans"));
          List<byte[]> biases = row.getList(row.fieldIndex("biases"));
          for (int i = 0; i < plans.size(); i++) {
            byInput
                .computeIfAbsent(inputs.get(i), input -> new ArrayList<>())
                .add(
                    new Weight(
                        axes.get(i),
                        PlanCodec.decode(plans.get(i)),
                        Optional.of(biases.get(i))
                            .filter(bytes -> bytes.length > 0)
                            .map(PlanCodec::decode)));
          }
        }
        return row;
      }
    };
  }

  /**
   * The factors of a matrix's rows: those of an input's channels, in patches as often as they have
   * taps; empty for none.
   */
  private List<Float> factors(String input, int rows) {
    List<Float> all = new ArrayList<>();
    QuantPlanJson.parseSmoothed(model.changes()).stream()
        .filter(smoothed -> smoothed.result().equals(input))
        .map(SmoothedInput::factors)
        .forEach(own -> own.forEach(f -> all.addAll(Collections.nCopies(rows / own.size(), f))));
    return all;
  }

  private List<Row> rounded(ModelGraph source, Weight weight, Gptq gptq) {
    TensorPlan plan = weight.plan();
    Tensor values = source.constant(plan.tensor());
    WeightCheck.require(values, plan);
    Tensor rounded =
        gptq.solve(values, weight.inputAxis(), plan.params(), plan.granularity(), plan.limits());
    List<Row> slices = new ArrayList<>();
    slices(rounded, plan, slices);
    weight
        .bias()
        .ifPresent(
            bias ->
                slices(
                    shifted(source.constant(bias.tensor()), gptq.meanShift(values, rounded)),
                    bias,
                    slices));
    return slices;
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
