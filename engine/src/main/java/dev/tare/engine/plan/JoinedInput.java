package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Products that stay in float since some of their results are made of small channels of an input
 * that joins others of a larger scale, as coordinates stand beside features.
 *
 * <p>Of result o, with weights {@code w_oj} of input channel j, the signal is taken to be {@code
 * sum_j w_oj^2 E[x_j^2]} and the noise {@code sum_j w_oj^2 E[e_j^2]}, both as if channels were
 * independent. A result is lost when that leaves less than {@value SharedScale#LEAST_DB} dB by the
 * scale of all, and not by a scale for each channel. Small channels that small weights multiply do
 * no harm. That is of parts side by side along the channels: along another axis each result is made
 * of one part, and what is asked of the part is what {@link SharedScale} asks.
 *
 * <p>That is asked only where {@link PartScales} finds parts of unlike scale, or cannot tell: an
 * input whose parts are alike is judged like any other, whatever its channels are. Nor is it asked
 * of products whose input a recipe smooths, which brings its channels to one scale: a MatMul or
 * Gemm with a matrix on the right.
 */
public final class JoinedInput {

  private static final MinMax ALL = new MinMax();

  private JoinedInput() {}

  /**
   * The static products whose input joins others, by that input. Costs a walk through the graph.
   *
   * @param unguarded what the recipe would quantize if nothing were spoiled
   */
  public static Map<String, List<QuantizableNode>> products(
      ModelGraph graph, Candidates unguarded) {
    JoinedParts joined = new JoinedParts(graph.topology());
    Map<String, List<QuantizableNode>> products = new TreeMap<>();
    for (Candidates.Candidate candidate : unguarded.chosen()) {
      QuantizableNode node = candidate.node();
      if (candidate.mode() == Mode.STATIC
          && node.blockAxis() >= 0
          && !joined.of(node.input()).isEmpty()) {
        products.computeIfAbsent(node.input(), k -> new ArrayList<>()).add(node);
      }
    }
    return products;
  }

  /**
   * Returns those of the inputs whose parts are joined along another axis than the channels, as
   * rows or places are: of whose channels each is made of all parts, so that they tell nothing of
   * these. Where the axis is not known, as behind a Transpose, it is taken to be that of the
   * channels, likewise where operators of several kinds read the input, or one as its second.
   *
   * @param products as {@link #products} finds them
   */
  public static Set<String> across(ModelGraph graph, Map<String, List<QuantizableNode>> products) {
    JoinedParts joined = new JoinedParts(graph.topology());
    Map<String, Integer> axes = graph.activations().channelAxes();
    Set<String> across = new TreeSet<>();
    products.forEach(
        (input, readers) -> {
          Integer axis = axes.get(input);
          if (axis != null && alike(readers) && acrossChannels(joined, readers.get(0), axis)) {
            across.add(input);
          }
        });
    return across;
  }

  /** Whether the channels of all readers are along one axis, as of one operator's input. */
  private static boolean alike(List<QuantizableNode> readers) {
    QuantizableNode first = readers.get(0);
    return readers.stream()
        .allMatch(
            other ->
                other.opType().equals(first.opType()) && other.inputIndex() == first.inputIndex());
  }

  private static boolean acrossChannels(JoinedParts joined, QuantizableNode reader, int axis) {
    OptionalInt rank =
        switch (reader.opType()) {
          case "Conv" -> OptionalInt.of(reader.weightShape().rank());
          case "Gemm" -> OptionalInt.of(2);
          default -> OptionalInt.empty();
        };
    OptionalInt front =
        axis < 0 && rank.isPresent()
            ? OptionalInt.of(axis + rank.getAsInt())
            : only(axis >= 0, axis);
    OptionalInt back =
        axis >= 0 && rank.isPresent()
            ? OptionalInt.of(axis - rank.getAsInt())
            : only(axis < 0, axis);
    return joined.across(reader.input(), front, back);
  }

  private static OptionalInt only(boolean known, int axis) {
    return known ? OptionalInt.of(axis) : OptionalInt.empty();
  }

  /**
   * Returns why products stay float whose input is joined along another axis than its channels, by
   * name: each of their results is made of one part, so that a part which {@link SharedScale} would
   * find lost is lost in it. Nothing is known of parts without statistics.
   *
   * @param across those products, by input
   * @param values what was observed of a tensor, of all its values together
   * @param channels the values of each channel of a tensor, none if they are not known; asked for
   *     only where they may decide about its range
   * @throws IllegalArgumentException if the statistics lack what the recipe's method needs; the
   *     message names the tensor
   */
  public static Map<String, String> found(
      ModelGraph graph,
      Recipe recipe,
      Map<String, List<QuantizableNode>> across,
      Function<String, Optional<Statistics>> values,
      Function<String, List<Distribution>> channels) {
    JoinedParts joined = new JoinedParts(graph.topology());
    Map<String, String> reasons = new TreeMap<>();
    across.forEach(
        (input, products) -> {
          List<String> parts = joined.of(input);
          for (QuantizableNode product : products) {
            if (!smoothed(product, recipe)) {
              SharedScale.against(query(product), parts, recipe, values, channels)
                  .ifPresent(
                      reason ->
                          reasons.put(
                              product.node(), "its input '%s' %s".formatted(input, reason)));
            }
          }
        });
    return reasons;
  }

  private static TensorQuery query(QuantizableNode product) {
    return TensorQuery.ofActivation(product.input(), List.of(product.node()), product.kinds());
  }

  /**
   * Returns why a product stays float; empty if it does not. Costs the plan of its input, a walk
   * through its weights, and two through the bins of its input's channels.
   *
   * @param statistics of its input; without histograms of channels nothing is known
   * @param graph holds the weights
   * @throws IllegalArgumentException if the statistics lack what the recipe's method needs; the
   *     message names the tensor
   */
  public static Optional<String> against(
      QuantizableNode product, Recipe recipe, TensorStatistics statistics, ModelGraph graph) {
    TensorQuery query = query(product);
    TensorRule rule = recipe.decide(query).rule();
    Shape shape = product.weightShape();
    long inputs = shape.dim(product.blockAxis());
    boolean grouped = product.groups() > 1 && product.blockAxis() < product.weightAxis();
    if (rule.perChannel()
        || grouped
        || smoothed(product, recipe)
        || statistics.channels().size() != inputs * product.groups()
        || statistics.whole().isEmpty()
        || statistics.channels().stream().anyMatch(c -> c.histogram().isEmpty())) {
      return Optional.empty();
    }
    TensorPlan plan = new ActivationPlanner(recipe).plan(statistics, query);
    if (!plan.quantized()) {
      return Optional.empty();
    }
    Powers powers = new Powers(statistics, plan.params().get(0), rule.target());
    return powers.of(product, graph.constant(product.weight()).floats()).reason(product.input());
  }

  private static boolean smoothed(QuantizableNode product, Recipe recipe) {
    return recipe.smoothing().isPresent()
        && Set.of("MatMul", "Gemm").contains(product.opType())
        && product.inputIndex() == 0
        && product.weightShape().rank() == 2;
  }

  /** Mean squares of each channel: its values, and its errors with the scale of all and its own. */
  private static final class Powers {

    private final double[] signal;
    private final double[] shared;
    private final double[] own;

    Powers(TensorStatistics statistics, QuantParams params, Target target) {
      int channels = statistics.channels().size();
      this.signal = new double[channels];
      this.shared = new double[channels];
      this.own = new double[channels];
      for (int j = 0; j < channels; j++) {
        Distribution values = statistics.channels().get(j).distribution();
        if (values.isEmpty() || !(Math.max(-values.min(), values.max()) > 0)) {
          continue;
        }
        ExpectedError error = ExpectedError.of(values, params);
        signal[j] = error.signal() / error.count();
        shared[j] = error.mse();
        own[j] =
            target.rule().underflows(values.min(), values.max())
                ? signal[j]
                : ExpectedError.of(values, target.params(ALL.select(values, target))).mse();
      }
    }

    Results of(QuantizableNode product, FloatBuffer weights) {
      Shape shape = product.weightShape();
      int outputs = Math.toIntExact(shape.dim(product.weightAxis()));
      int inputs = Math.toIntExact(shape.dim(product.blockAxis()));
      long outputStride = stride(shape, product.weightAxis());
      long inputStride = stride(shape, product.blockAxis());
      long perGroup = Math.max(1, outputs / product.groups());
      double[][] sums = new double[3][outputs];
      for (long i = 0; weights.hasRemaining(); i++) {
        double square = weights.get();
        square *= square;
        int output = (int) (i / outputStride % outputs);
        int input = (int) (i / inputStride % inputs + output / perGroup * inputs);
        sums[0][output] += square * signal[input];
        sums[1][output] += square * shared[input];
        sums[2][output] += square * own[input];
      }
      return new Results(sums[0], sums[1], sums[2]);
    }

    private static long stride(Shape shape, int axis) {
      long stride = 1;
      for (int i = axis + 1; i < shape.rank(); i++) {
        stride *= shape.dim(i);
      }
      return stride;
    }
  }

  /** The same of results. */
  private static final class Results {

    private final double[] signal;
    private final double[] shared;
    private final double[] own;

    Results(double[] signal, double[] shared, double[] own) {
      this.signal = signal;
      this.shared = shared;
      this.own = own;
    }

    Optional<String> reason(String input) {
      int worst = -1;
      int lost = 0;
      for (int o = 0; o < signal.length; o++) {
        if (db(o, shared) < SharedScale.LEAST_DB && db(o, own) >= SharedScale.LEAST_DB) {
          lost++;
          worst = worst < 0 || db(o, shared) < db(worst, shared) ? o : worst;
        }
      }
      return worst < 0
          ? Optional.empty()
          : Optional.of(
              String.format(
                  Locale.ROOT,
                  "its input '%s' joins parts of unlike scale: one scale leaves %.1f dB of channel"
                      + " %d of its results, less than %.0f, and one for each channel %.1f (%d of"
                      + " %d channels)",
                  input,
                  db(worst, shared),
                  worst,
                  SharedScale.LEAST_DB,
                  db(worst, own),
                  lost,
                  signal.length));
    }

    /** NaN of a result that is always 0, infinite where nothing is lost. */
    private double db(int output, double[] noise) {
      return 10 * StrictMath.log10(signal[output] / noise[output]);
    }
  }
}
