package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.pass.BiasCorrection;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.StatisticsTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Row;

/** Corrects the biases of the products that read one observed tensor. */
final class CorrectBiases implements FlatMapGroupsFunction<String, Row, String> {

  private static final long serialVersionUID = 1L;

  private final SmoothedHandle model;
  private final HashMap<String, List<BiasCorrection.Task>> tasks;
  private final HashMap<String, byte[]> plans;
  private final TreeSet<String> rounded;
  private final long samples;

  /**
   * @param tasks by the tensor of which statistics are
   * @param plans by the tensor that is quantized
   * @param rounded the weights that are rounded by GPTQ
   */
  CorrectBiases(
      SmoothedHandle model,
      Map<String, List<BiasCorrection.Task>> tasks,
      Map<String, byte[]> plans,
      SortedSet<String> rounded,
      long samples) {
    this.model = model;
    this.tasks = new HashMap<>(tasks);
    this.plans = new HashMap<>(plans);
    this.rounded = new TreeSet<>(rounded);
    this.samples = samples;
  }

  @Override
  public Iterator<String> call(String tensor, Iterator<Row> rows) {
    ModelGraph graph = model.prepared().graph();
    TensorStatistics statistics = StatisticsTable.toTensor(tensor, rows);
    requireHistograms(statistics, graph);
    List<Distribution> plain =
        statistics.channels().stream().map(Statistics::distribution).toList();
    List<SmoothedInput> inputs = QuantPlanJson.parseSmoothed(model.changes());
    List<CorrectedBias> corrected = new ArrayList<>();
    for (BiasCorrection.Task task : tasks.get(tensor)) {
      List<Distribution> channels =
          inputs.stream()
              .filter(input -> input.result().equals(task.input()))
              .findFirst()
              .map(
                  input ->
                      RescaledChannels.distributions(statistics, input.factors(), input.offsets()))
              .orElse(plain);
      corrected.add(
          BiasCorrection.correct(
              task,
              graph,
              channels,
              task.floatInput()
                  ? Optional.empty()
                  : Optional.of(PlanCodec.decode(plans.get(task.input()))),
              PlanCodec.decode(plans.get(task.weight())),
              samples,
              rounded.contains(task.weight())));
    }
    return List.of(QuantPlanJson.formatCorrected(corrected)).iterator();
  }

  private static void requireHistograms(TensorStatistics statistics, ModelGraph graph) {
    // A tensor whose channels no operator tells has none in any statistics.
    boolean lacking =
        statistics.channels().isEmpty()
            && graph.activations().channelAxes().containsKey(statistics.tensor());
    if (lacking
        || statistics.channels().stream().anyMatch(channel -> channel.histogram().isEmpty())) {
      throw TareException.badInput(
          "Statistics of tensor '%s' have no histograms of its channels, which bias correction needs: calibrate with --channels histogram, or choose a recipe with bias-correction = off"
              .formatted(statistics.tensor()));
    }
  }
}
