package dev.tare.jobs.drift;

import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.statistics.Drift;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.function.CoGroupFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Compares one tensor of both tables; the count is null for a side that lacks it. */
final class CompareTensor implements CoGroupFunction<String, Row, Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("baseline_count", DataTypes.LongType, true)
          .add("current_count", DataTypes.LongType, true)
          .add("psi", DataTypes.DoubleType, true)
          .add("jensen_shannon", DataTypes.DoubleType, true)
          .add("kolmogorov_smirnov", DataTypes.DoubleType, true)
          .add("non_finite_increase", DataTypes.DoubleType, true)
          .add("baseline_clipped", DataTypes.DoubleType, true)
          .add("current_clipped", DataTypes.DoubleType, true)
          .add("baseline_sqnr_db", DataTypes.DoubleType, true)
          .add("current_sqnr_db", DataTypes.DoubleType, true);

  private final TreeMap<String, PublishedScale> scales;
  private final String smoothed;

  private transient List<SmoothedInput> inputs;

  /**
   * @param scales by tensor
   * @param smoothed inputs that the plan smooths, as {@link QuantPlanJson#formatSmoothed} writes
   *     them
   */
  CompareTensor(Map<String, PublishedScale> scales, String smoothed) {
    this.scales = new TreeMap<>(scales);
    this.smoothed = smoothed;
  }

  @Override
  public Iterator<Row> call(String tensor, Iterator<Row> baseline, Iterator<Row> current) {
    if (inputs == null) {
      inputs = QuantPlanJson.parseSmoothed(smoothed);
    }
    TensorStatistics before = StatisticsTable.toTensor(tensor, baseline);
    TensorStatistics after = StatisticsTable.toTensor(tensor, current);
    List<Row> rows = new ArrayList<>();
    rows.add(compare(tensor, before.whole().orElse(null), after.whole().orElse(null)));
    for (SmoothedInput input : inputs) {
      if (input.tensor().equals(tensor)) {
        rows.add(compare(input.result(), smoothed(before, input), smoothed(after, input)));
      }
    }
    return rows.iterator();
  }

  /** The values that a smoothed input has; null where the channels of the tensor are not known. */
  private static Statistics smoothed(TensorStatistics statistics, SmoothedInput input) {
    boolean known =
        !statistics.channels().isEmpty()
            && statistics.channels().stream().allMatch(row -> row.histogram().isPresent());
    return known
        ? RescaledChannels.of(statistics, input.factors(), input.offsets(), input.result())
            .whole()
            .orElseThrow()
        : null;
  }

  private Row compare(String tensor, Statistics before, Statistics after) {
    Object[] cells = new Object[SCHEMA.length()];
    cells[0] = tensor;
    cells[1] = before == null ? null : before.count();
    cells[2] = after == null ? null : after.count();
    if (before != null && after != null) {
      Drift drift = Drift.between(before, after);
      cells[3] = drift.psi();
      cells[4] = drift.jensenShannon();
      cells[5] = drift.kolmogorovSmirnov();
      cells[6] = drift.nonFiniteIncrease();
      PublishedScale scale = scales.get(tensor);
      if (scale != null) {
        TensorDrift.Fit fit = TensorDrift.Fit.of(error(before, scale), error(after, scale));
        cells[7] = fit.baselineClipped();
        cells[8] = fit.currentClipped();
        cells[9] = fit.baselineSqnrDb();
        cells[10] = fit.currentSqnrDb();
      }
    }
    return RowFactory.create(cells);
  }

  private static ExpectedError error(Statistics statistics, PublishedScale scale) {
    return ExpectedError.of(statistics.distribution(), scale.params(), scale.limits());
  }
}
