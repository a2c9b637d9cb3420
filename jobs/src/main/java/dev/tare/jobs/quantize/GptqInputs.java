package dev.tare.jobs.quantize;

import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.StatisticsStore;
import dev.tare.jobs.table.WeightTables;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * The weights of a plan that are rounded by GPTQ, one task for each Gram matrix.
 *
 * <p>Law: the integers are a function of matrices, plan and weights, however Spark splits the work.
 */
final class GptqInputs {

  private final Path gram;
  private final double damping;
  private final Set<String> names = new HashSet<>();
  private final Set<String> biases = new HashSet<>();
  private final SortedMap<String, List<Weight>> weights = new TreeMap<>();

  /** A weight and what its products read. */
  private record Weight(GptqPlan.Weight weight, TensorPlan plan, Optional<TensorPlan> bias) {}

  private GptqInputs(Path gram, double damping) {
    this.gram = gram;
    this.damping = damping;
  }

  /**
   * The weights of a plan, if it has any.
   *
   * @param gram folder of the table of Gram matrices
   * @throws TareException (bad input) if the plan does not quantize one of them
   */
  static Optional<GptqInputs> of(QuantPlan plan, Path gram) {
    return plan.gptq().map(rounded -> of(plan, rounded, gram));
  }

  private static GptqInputs of(QuantPlan plan, GptqPlan rounded, Path gram) {
    GptqInputs inputs = new GptqInputs(gram, rounded.damping());
    for (GptqPlan.Weight weight : rounded.weights()) {
      TensorPlan own = quantized(plan, weight.weight(), Role.WEIGHT, weight);
      Optional<TensorPlan> bias =
          Optional.of(weight.bias())
              .filter(name -> !name.isEmpty())
              .map(name -> quantized(plan, name, Role.BIAS, weight));
      bias.ifPresent(each -> inputs.biases.add(each.tensor()));
      inputs.names.add(weight.weight());
      inputs
          .weights
          .computeIfAbsent(matrix(plan, weight), t -> new ArrayList<>())
          .add(new Weight(weight, own, bias));
    }
    return inputs;
  }

  private static TensorPlan quantized(
      QuantPlan plan, String constant, Role role, GptqPlan.Weight weight) {
    return plan.find(constant, role)
        .filter(TensorPlan::quantized)
        .orElseThrow(
            () ->
                TareException.badInput(
                    "The plan rounds weight '%s' by GPTQ, but does not quantize %s"
                        .formatted(
                            weight.weight(),
                            role == Role.BIAS ? "its bias '" + constant + "'" : "it")));
  }

  private static String matrix(QuantPlan plan, GptqPlan.Weight weight) {
    return weight.matrix().isEmpty()
        ? GptqWeights.observed(plan.smoothed(), weight.input())
        : weight.matrix();
  }

  /** Whether a constant is among them, or a bias that takes up what their rounding does. */
  boolean has(TensorPlan constant) {
    return (constant.role() == Role.WEIGHT ? names : biases).contains(constant.tensor());
  }

  /** Their rows in the table of weights. */
  Dataset<Row> rounded(SparkSession spark, SmoothedHandle model, String runId) {
    // Plans have thousands of scales: they travel as rows, since a task is sent to every core.
    Dataset<Row> plans = spark.createDataset(rows(), Encoders.row(GptqTask.WEIGHTS_SCHEMA));
    Dataset<Row> matrices =
        GramTable.read(spark, gram, weights.keySet())
            .join(functions.broadcast(plans), new String[] {"tensor", "channel"}, "left")
            // As many partitions as matrices: a stated number is not merged into fewer, longer
            // tasks.
            .repartition(weights.size(), functions.col("tensor"));
    return StatisticsStore.groupedBy(functions.col("tensor"), matrices)
        .flatMapGroups(
            new GptqTask(model, damping, runId), Encoders.row(WeightTables.WEIGHTS_SCHEMA))
        // Few files; the integers are small beside the work that made them.
        .repartition(1, functions.col("tensor"));
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    weights.forEach(
        (tensor, own) ->
            rows.add(
                RowFactory.create(
                    tensor,
                    0,
                    own.stream().map(w -> w.weight().input()).toArray(String[]::new),
                    own.stream().map(w -> w.weight().inputAxis()).toArray(Integer[]::new),
                    own.stream().map(w -> PlanCodec.encode(w.plan())).toArray(byte[][]::new),
                    own.stream()
                        .map(w -> w.bias().map(PlanCodec::encode).orElse(new byte[0]))
                        .toArray(byte[][]::new))));
    return rows;
  }
}
