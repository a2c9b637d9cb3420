package dev.tare.jobs.table;

import dev.tare.engine.pass.GptqWeights;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The weights of a plan that are rounded by GPTQ, by the Gram matrix of what they multiply.
 *
 * <p>Law: each matrix meets its weights in one group, however Spark splits the work.
 */
public final class GramWeights {

  /**
   * What the row of a matrix's first channel carries besides: of each weight what its products
   * read, the axis over which they sum, its decision, as {@link PlanCodec} writes it, and that of
   * the bias which takes up what its rounding does to the mean of results, no bytes for none.
   */
  private static final StructType SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("channel", DataTypes.IntegerType, false)
          .add("inputs", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("input_axes", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
          .add("plans", DataTypes.createArrayType(DataTypes.BinaryType, false), false)
          .add("biases", DataTypes.createArrayType(DataTypes.BinaryType, false), false);

  private final Set<String> names = new HashSet<>();
  private final Set<String> biases = new HashSet<>();
  private final SortedMap<String, List<GramSolver.Weight>> weights = new TreeMap<>();

  private GramWeights() {}

  /**
   * Finds the decisions about them.
   *
   * @param plans of the model's tensors
   * @param smoothed the inputs that are smoothed
   * @param wanted which of the weights
   * @throws TareException (bad input) if one of them is not quantized
   */
  public static GramWeights of(
      List<TensorPlan> plans,
      List<SmoothedInput> smoothed,
      List<GptqPlan.Weight> rounded,
      Predicate<TensorPlan> wanted) {
    GramWeights all = new GramWeights();
    for (GptqPlan.Weight weight : rounded) {
      TensorPlan own = quantized(plans, weight.weight(), Role.WEIGHT, weight);
      if (!wanted.test(own)) {
        continue;
      }
      Optional<TensorPlan> bias =
          Optional.of(weight.bias())
              .filter(name -> !name.isEmpty())
              .map(name -> quantized(plans, name, Role.BIAS, weight));
      bias.ifPresent(each -> all.biases.add(each.tensor()));
      all.names.add(weight.weight());
      all.weights
          .computeIfAbsent(matrix(smoothed, weight), t -> new ArrayList<>())
          .add(new GramSolver.Weight(weight.input(), weight.inputAxis(), own, bias));
    }
    return all;
  }

  private static TensorPlan quantized(
      List<TensorPlan> plans, String constant, Role role, GptqPlan.Weight weight) {
    return plans.stream()
        .filter(plan -> plan.tensor().equals(constant) && plan.role() == role && plan.quantized())
        .findFirst()
        .orElseThrow(
            () ->
                TareException.badInput(
                    "The plan rounds weight '%s' by GPTQ, but does not quantize %s"
                        .formatted(
                            weight.weight(),
                            role == Role.BIAS ? "its bias '" + constant + "'" : "it")));
  }

  private static String matrix(List<SmoothedInput> smoothed, GptqPlan.Weight weight) {
    return weight.matrix().isEmpty()
        ? GptqWeights.observed(smoothed, weight.input())
        : weight.matrix();
  }

  /** Whether a constant is among them, or a bias that takes up what their rounding does. */
  public boolean has(TensorPlan constant) {
    return (constant.role() == Role.WEIGHT ? names : biases).contains(constant.tensor());
  }

  public boolean isEmpty() {
    return weights.isEmpty();
  }

  /**
   * The rows of each matrix with its weights, which {@link GramSolver#read} takes.
   *
   * @param gram folder of the table of Gram matrices
   */
  public KeyValueGroupedDataset<String, Row> matrices(SparkSession spark, Path gram) {
    // Plans have thousands of scales: they travel as rows, since a task is sent to every core.
    Dataset<Row> plans = spark.createDataset(rows(), Encoders.row(SCHEMA));
    Dataset<Row> matrices =
        GramTable.read(spark, gram, weights.keySet())
            .join(functions.broadcast(plans), new String[] {"tensor", "channel"}, "left")
            // As many partitions as matrices: a stated number is not merged into fewer, longer
            // tasks.
            .repartition(weights.size(), functions.col("tensor"));
    return StatisticsStore.groupedBy(functions.col("tensor"), matrices);
  }

  private List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    weights.forEach(
        (tensor, own) ->
            rows.add(
                RowFactory.create(
                    tensor,
                    0,
                    own.stream().map(GramSolver.Weight::input).toArray(String[]::new),
                    own.stream().map(GramSolver.Weight::inputAxis).toArray(Integer[]::new),
                    own.stream().map(w -> PlanCodec.encode(w.plan())).toArray(byte[][]::new),
                    own.stream()
                        .map(w -> w.bias().map(PlanCodec::encode).orElse(new byte[0]))
                        .toArray(byte[][]::new))));
    return rows;
  }
}
