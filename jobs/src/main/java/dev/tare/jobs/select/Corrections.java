package dev.tare.jobs.select;

import dev.tare.engine.pass.BiasCorrection;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Finds the biases to correct, and has executors do it, one observed tensor at a time. */
final class Corrections {

  private final SparkSession spark;
  private final SmoothedHandle model;
  private final Path statistics;
  private final long samples;

  Corrections(SparkSession spark, SmoothedHandle model, Path statistics, long samples) {
    this.spark = spark;
    this.model = model;
    this.statistics = statistics;
    this.samples = samples;
  }

  /**
   * Returns the corrections, sorted by node.
   *
   * @param plans with the scales that the weights will have
   * @param rounded the weights that are rounded by GPTQ
   */
  List<CorrectedBias> of(
      Candidates candidates,
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      Optional<GptqPlan> rounded) {
    TreeSet<String> byGptq = new TreeSet<>();
    rounded.ifPresent(own -> own.weights().forEach(weight -> byGptq.add(weight.weight())));
    Map<String, String> observed = new HashMap<>();
    smoothed.forEach(input -> observed.put(input.result(), input.tensor()));
    Map<String, List<BiasCorrection.Task>> tasks = new HashMap<>();
    Map<String, byte[]> shipped = new HashMap<>();
    for (BiasCorrection.Task task : BiasCorrection.tasks(candidates, model.prepared().graph())) {
      Optional<TensorPlan> input = plan(plans, task, Role.ACTIVATION, task.input());
      Optional<TensorPlan> weight = plan(plans, task, Role.WEIGHT, task.weight());
      boolean known = task.floatInput() || input.filter(own -> own.axis().isEmpty()).isPresent();
      if (known && weight.isPresent()) {
        input.ifPresent(own -> shipped.put(task.input(), PlanCodec.encode(own)));
        shipped.put(task.weight(), PlanCodec.encode(weight.get()));
        tasks
            .computeIfAbsent(
                observed.getOrDefault(task.input(), task.input()), k -> new ArrayList<>())
            .add(task);
      }
    }
    if (tasks.isEmpty()) {
      return List.of();
    }
    Dataset<Row> rows =
        StatisticsStore.readChecked(spark, statistics)
            .filter(functions.col("tensor").isin(tasks.keySet().toArray()));
    return StatisticsStore.groupedBy(functions.col("tensor"), rows)
        .flatMapGroups(new CorrectBiases(model, tasks, shipped, byGptq, samples), Encoders.STRING())
        .collectAsList()
        .stream()
        .flatMap(text -> QuantPlanJson.parseCorrected(text).stream())
        .sorted(Comparator.comparing(CorrectedBias::node))
        .toList();
  }

  /** The decision by which a product reads a tensor in integers. */
  private static Optional<TensorPlan> plan(
      List<TensorPlan> plans, BiasCorrection.Task task, Role role, String tensor) {
    return plans.stream()
        .filter(plan -> plan.role() == role && plan.tensor().equals(tensor) && plan.quantized())
        .filter(plan -> plan.consumers().contains(task.node()))
        .findFirst();
  }
}
