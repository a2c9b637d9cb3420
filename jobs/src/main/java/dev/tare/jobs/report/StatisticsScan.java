package dev.tare.jobs.report;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.TensorReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Reads the statistics for the drawings of a page, in the job that checks them. Executors turn
 * histograms into columns; the driver gets a few hundred numbers for each tensor.
 *
 * <p>A smoothed input has the statistics of the tensor that it is made from, with every channel
 * multiplied by its factor: as it was when its range was selected.
 */
final class StatisticsScan implements TensorReader {

  private static final long serialVersionUID = 1L;

  private final HashMap<String, byte[]> plans = new HashMap<>();
  private final String smoothed;
  private final int columns;

  private transient Map<String, List<SmoothedInput>> byTensor;

  private StatisticsScan(QuantPlan plan, int columns) {
    for (TensorPlan tensor : plan.tensors()) {
      if (tensor.role() == Role.ACTIVATION) {
        plans.put(tensor.tensor(), PlanCodec.encode(tensor));
      }
    }
    this.smoothed = QuantPlanJson.formatSmoothed(plan.smoothed());
    this.columns = columns;
  }

  /**
   * The values and channels of every activation of a plan.
   *
   * @param statistics a run with statistics
   * @param plan with whose ranges values are compared; without tensors, statistics are only checked
   * @throws TareException (bad input) as {@link StatisticsCheck#verified} does
   */
  static List<DrawnTensor> of(
      SparkSession spark, FinishedRun statistics, QuantPlan plan, int columns) throws IOException {
    return StatisticsCheck.read(
            spark, statistics, DrawnTensor.SCHEMA, new StatisticsScan(plan, columns))
        .stream()
        .map(DrawnTensor::of)
        .toList();
  }

  @Override
  public List<Row> read(TensorStatistics statistics) {
    if (byTensor == null) {
      byTensor = new HashMap<>();
      QuantPlanJson.parseSmoothed(smoothed)
          .forEach(s -> byTensor.computeIfAbsent(s.tensor(), t -> new ArrayList<>()).add(s));
    }
    List<Row> drawn = new ArrayList<>();
    if (plans.containsKey(statistics.tensor())) {
      drawn.add(draw(statistics, statistics.channels().stream().map(s -> 1f).toList(), List.of()));
    }
    for (SmoothedInput input : byTensor.getOrDefault(statistics.tensor(), List.of())) {
      TensorStatistics made =
          RescaledChannels.of(statistics, input.factors(), input.offsets(), input.result());
      drawn.add(
          draw(
              new TensorStatistics(
                  input.result(), made.whole(), statistics.axis(), statistics.channels()),
              input.factors(),
              input.offsets()));
    }
    return drawn;
  }

  /**
   * Draws one tensor.
   *
   * @param factors by which the rows of channels are multiplied
   * @param offsets that are added to them then; none for no offsets
   */
  private Row draw(TensorStatistics statistics, List<Float> factors, List<Float> offsets) {
    Optional<Spread> spread = statistics.whole().map(s -> spread(statistics.tensor(), s));
    Optional<ChannelSpread> channels = Optional.empty();
    if (!statistics.channels().isEmpty()) {
      List<Double> lows = new ArrayList<>();
      List<Double> highs = new ArrayList<>();
      for (int c = 0; c < statistics.channels().size(); c++) {
        float offset = offsets.isEmpty() ? 0 : offsets.get(c);
        lows.add((double) (statistics.channels().get(c).min() * factors.get(c) + offset));
        highs.add((double) (statistics.channels().get(c).max() * factors.get(c) + offset));
      }
      channels = Optional.of(ChannelSpread.of(lows, highs, columns));
    }
    return new DrawnTensor(statistics.tensor(), spread, channels).toRow();
  }

  private Spread spread(String tensor, Statistics statistics) {
    Distribution values = statistics.distribution();
    Optional<TensorPlan> plan = Optional.ofNullable(plans.get(tensor)).map(PlanCodec::decode);
    double left = values.min();
    double right = values.max();
    Optional<Spread.Noise> noise = Optional.empty();
    List<WhatIf> whatIf = List.of();
    if (plan.isPresent() && plan.get().channels().size() == 1) {
      ScaleColumns only = plan.get().channels();
      left = Math.min(left, only.low(0));
      right = Math.max(right, only.high(0));
      if (!values.isEmpty()) {
        ExpectedError error = ExpectedError.of(values, only.params(0));
        noise =
            Optional.of(
                new Spread.Noise(
                    error.signal(),
                    error.clippedNoise(),
                    Math.max(0, error.noise() - error.clippedNoise()),
                    error.clippedShare()));
        whatIf = WhatIf.of(values, plan.get());
      }
    }
    return new Spread(
        statistics.count(),
        statistics.zeros(),
        statistics.nans() + statistics.posInfs() + statistics.negInfs(),
        values.min(),
        values.max(),
        left,
        right,
        values.isEmpty() ? List.of() : Spread.columns(values, left, right, columns),
        noise,
        whatIf,
        statistics.minSample().map(StatisticsScan::origin),
        statistics.maxSample().map(StatisticsScan::origin));
  }

  private static Spread.Origin origin(SampleOrigin origin) {
    return new Spread.Origin(origin.sha256(), origin.file(), origin.row().orElse(-1));
  }
}
