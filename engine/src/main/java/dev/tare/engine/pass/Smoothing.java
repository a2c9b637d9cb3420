package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.SmoothingRule;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.PlacedTensors;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Shares the spread of an input's channels with the weights that multiply it, so that one scale
 * fits all channels: channel j of the input is divided by {@code s_j = max|x_j|^alpha /
 * max_n|W_jn|^(1-alpha)}, over all products that read it, and row j of their weights is multiplied
 * by it. The s_j are divided by their geometric mean. Where the recipe states no alpha, each input
 * gets the one from 0 to 1 by 0.05 with the least {@link SmoothingError}; no model runs.
 *
 * <p>With a shift, the middle of each channel's range is subtracted first, and {@code |x_j|} is
 * half of its width: a channel whose values are far from 0 on one side needs no range for the
 * other. What is subtracted goes through the weights into the bias behind them. An input is shifted
 * only if that lessens the {@link SmoothingError}: behind a GELU the middle of a range is far from
 * nearly all values, and errors of weights would be multiplied by that distance.
 *
 * <p>Factors and offsets go into constants of what computes the input where {@link FoldedRoute}
 * finds a way there, as the weights of a LayerNormalization or the value projection of attention;
 * else a Mul, and an Add, make the input times the factors. Either way the factors are those of the
 * unchanged weights: scales of columns make up for what these columns are multiplied by.
 *
 * <p>Magnitudes below 2^-14 of the largest count as that, so that channels without values get no
 * extreme factor. Sums are float64 in channel order and powers are of {@link StrictMath}, so equal
 * arguments give equal bits on any machine.
 *
 * @see <a href="https://arxiv.org/abs/2211.10438">Xiao et al., SmoothQuant, equation 4</a>
 * @see <a href="https://arxiv.org/abs/2304.09145">Wei et al., Outlier Suppression+, equations 2 and
 *     4, for the shift</a>
 */
public final class Smoothing {

  private static final double LEAST = 0x1p-14;
  private static final int STEPS = 20;

  private Smoothing() {}

  /**
   * An input that several products share.
   *
   * @param tensor the input
   * @param result an unused name, for the input times the factors
   * @param products those that read it, in graph order; the weight of each is a matrix
   * @param through as in {@link SmoothedInput}
   * @param shifts whether offsets can go that way too
   */
  public record Group(
      String tensor,
      String result,
      List<QuantizableNode> products,
      List<String> through,
      boolean shifts) {

    public Group {
      products = List.copyOf(products);
      through = List.copyOf(through);
    }

    /** Number of channels that the weights multiply. */
    public long channels() {
      return Smoothing.channels(products.get(0));
    }

    /** The input with factors that were chosen for its channels. */
    public SmoothedInput scaled(double alpha, List<Float> factors) {
      return changed(through, alpha, factors);
    }

    /** The same with offsets. */
    SmoothedInput shifted(double alpha, List<Float> factors, List<Float> offsets) {
      return changed(shifts ? through : List.of(), alpha, factors).shifted(offsets);
    }

    private SmoothedInput changed(List<String> way, double alpha, List<Float> factors) {
      List<String> readers = products.stream().map(QuantizableNode::node).toList();
      return new SmoothedInput(tensor, SmoothedInput.LAST, result, readers, way, alpha, factors);
    }
  }

  /**
   * Returns the inputs that can be smoothed, by name: those of static MatMul and Gemm whose weight
   * is a matrix on the right, with the channels of the input along its last axis.
   */
  public static Map<String, Group> groups(Candidates candidates, ModelGraph graph, Recipe recipe) {
    return groups(candidates, graph, recipe, Mode.STATIC);
  }

  /** Returns those whose products are quantized in another mode. */
  public static Map<String, Group> groups(
      Candidates candidates, ModelGraph graph, Recipe recipe, Mode mode) {
    Set<String> outside =
        graph.nodes().stream().map(QuantizableNode::node).collect(Collectors.toSet());
    Map<String, Integer> axes = graph.activations().channelAxes();
    Map<String, List<QuantizableNode>> products = new TreeMap<>();
    for (Candidates.Candidate candidate : candidates.chosen()) {
      QuantizableNode node = candidate.node();
      if (candidate.mode() == mode
          && outside.contains(node.node())
          && Set.of("MatMul", "Gemm").contains(node.opType())
          && node.inputIndex() == 0
          && node.weightShape().rank() == 2
          && Integer.valueOf(-1).equals(axes.get(node.input()))) {
        products.computeIfAbsent(node.input(), input -> new ArrayList<>()).add(node);
      }
    }
    FreeNames names = FreeNames.of(graph.topology());
    Optional<FoldedRoute> routes = routes(candidates, graph, recipe);
    Map<String, Group> groups = new TreeMap<>();
    products.forEach(
        (tensor, readers) -> {
          long channels = channels(readers.get(0));
          if (readers.stream().allMatch(node -> channels(node) == channels)) {
            List<String> nodes = readers.stream().map(QuantizableNode::node).toList();
            Optional<FoldedRoute.Found> way =
                routes.flatMap(route -> route.find(tensor, nodes, channels));
            groups.put(
                tensor,
                new Group(
                    tensor,
                    names.unused(tensor + SmoothedInput.SMOOTHED),
                    readers,
                    way.map(FoldedRoute.Found::nodes).orElse(List.of()),
                    way.map(FoldedRoute.Found::shifts).orElse(false)));
          }
        });
    return groups;
  }

  /** None where outputs are quantized too, since those on the way would change. */
  private static Optional<FoldedRoute> routes(
      Candidates candidates, ModelGraph graph, Recipe recipe) {
    Optional<SmoothingRule> rule = recipe.smoothing();
    if (!rule.map(SmoothingRule::fold).orElse(true)
        || !candidates.placed().equals(PlacedTensors.NONE)) {
      return Optional.empty();
    }
    Map<String, TensorQuery> weights = candidates.weights();
    // A scale for each column takes up what its column is multiplied by.
    Predicate<QuantizableNode> columns =
        node ->
            Optional.ofNullable(weights.get(node.weight()))
                .map(query -> recipe.decide(query).rule().granularity(query))
                .map(granularity -> granularity.axis().isPresent())
                .orElse(true);
    boolean shifted = rule.map(SmoothingRule::shift).orElse(false);
    return Optional.of(new FoldedRoute(graph, columns, shifted));
  }

  private static long channels(QuantizableNode node) {
    return node.weightShape().dim(node.blockAxis());
  }

  /**
   * Chooses the factors of an input. Costs a walk through its weights, for each alpha that is
   * tried.
   *
   * @param graph holds the weights
   * @param statistics of the input, with its channels
   * @return empty if the input must stay as it is: no value was observed, or one that is not finite
   *     or beyond {@code floatAbove}; or its channels are not those of the weights
   * @throws IllegalArgumentException if the statistics have no channels, or none with histograms
   *     where alpha follows from them; the message names the tensor
   */
  public static Optional<SmoothedInput> smooth(
      Group group,
      TensorStatistics statistics,
      ModelGraph graph,
      SmoothingRule rule,
      double floatAbove) {
    Statistics whole = statistics.whole().orElseThrow();
    double reach = Math.max(Math.abs(whole.min()), Math.abs(whole.max()));
    if (whole.finite() < whole.count() || !(reach > 0) || reach > floatAbove) {
      return Optional.empty();
    }
    if (statistics.channels().isEmpty()) {
      throw new IllegalArgumentException(
          "Statistics of tensor '%s' have no channels, which smoothing needs: calibrate with --channels histogram or extremes"
              .formatted(group.tensor()));
    }
    List<Statistics> channels = statistics.channels();
    if (channels(group.products().get(0)) != channels.size()) {
      return Optional.empty();
    }
    double[] rows = new double[channels.size()];
    group.products().forEach(node -> rows(node, graph, rows));
    double[] none = new double[rows.length];
    double[] magnitudes = magnitudes(channels, none);
    if (!raise(rows) || !raise(magnitudes)) {
      return Optional.empty();
    }
    if (!rule.usesHistograms()) {
      double alpha = rule.alpha().getAsDouble();
      return Optional.of(scaled(group, alpha, none, factors(alpha, magnitudes, rows)));
    }
    requireHistograms(group, channels);
    List<Choice> choices = new ArrayList<>();
    choices.add(best(group, channels, graph, rule, none, rows));
    if (rule.shift()) {
      choices.add(best(group, channels, graph, rule, middles(channels), rows));
    }
    return choices.stream()
        .min(Comparator.comparingDouble(choice -> choice.error))
        .map(choice -> scaled(group, choice.alpha, choice.shifts, choice.factors));
  }

  /** An alpha with shifts, and what follows. */
  private static final class Choice {
    private final double alpha;
    private final double[] shifts;
    private final double[] factors;
    private final double error;

    Choice(double alpha, double[] shifts, double[] factors, double error) {
      this.alpha = alpha;
      this.shifts = shifts;
      this.factors = factors;
      this.error = error;
    }
  }

  private static void requireHistograms(Group group, List<Statistics> channels) {
    if (channels.stream().anyMatch(channel -> channel.histogram().isEmpty())) {
      throw new IllegalArgumentException(
          "Statistics of tensor '%s' have no histograms of its channels, which smoothing with alpha = %s or shift = on needs: calibrate with --channels histogram"
              .formatted(group.tensor(), SmoothingRule.BY_STATISTICS));
    }
  }

  private static SmoothedInput scaled(Group group, double alpha, double[] shifts, double[] scales) {
    List<Float> factors = new ArrayList<>(scales.length);
    List<Float> offsets = new ArrayList<>(scales.length);
    for (int j = 0; j < scales.length; j++) {
      factors.add((float) scales[j]);
      offsets.add((float) (-shifts[j] * scales[j]));
    }
    return Arrays.stream(shifts).allMatch(shift -> shift == 0)
        ? group.scaled(alpha, factors)
        : group.shifted(alpha, factors, offsets);
  }

  /** The alpha of the least expected error with these shifts; the rule's, if it has one. */
  private static Choice best(
      Group group,
      List<Statistics> channels,
      ModelGraph graph,
      SmoothingRule rule,
      double[] shifts,
      double[] rows) {
    double[] magnitudes = magnitudes(channels, shifts);
    raise(magnitudes);
    SmoothingError error = new SmoothingError(channels, shifts, group.products(), graph);
    return alphas(rule)
        .mapToObj(
            alpha -> {
              double[] factors = factors(alpha, magnitudes, rows);
              return new Choice(alpha, shifts, factors, error.of(factors));
            })
        .min(Comparator.comparingDouble(choice -> choice.error))
        .orElseThrow();
  }

  private static DoubleStream alphas(SmoothingRule rule) {
    return rule.alpha().isPresent()
        ? DoubleStream.of(rule.alpha().getAsDouble())
        : IntStream.rangeClosed(0, STEPS).mapToDouble(step -> (double) step / STEPS);
  }

  private static double[] middles(List<Statistics> channels) {
    return channels.stream()
        .mapToDouble(c -> c.finite() == 0 ? 0 : ((double) c.min() + (double) c.max()) / 2)
        .toArray();
  }

  /** The 1 / s_j of an alpha, whose geometric mean is 1. */
  private static double[] factors(double alpha, double[] magnitudes, double[] rows) {
    double logs = 0;
    double[] scales = new double[rows.length];
    for (int j = 0; j < rows.length; j++) {
      scales[j] = StrictMath.pow(magnitudes[j], alpha) / StrictMath.pow(rows[j], 1 - alpha);
      logs += StrictMath.log(scales[j]);
    }
    double mean = StrictMath.exp(logs / rows.length);
    for (int j = 0; j < rows.length; j++) {
      scales[j] = mean / scales[j];
    }
    return scales;
  }

  private static double[] magnitudes(List<Statistics> channels, double[] shifts) {
    double[] magnitudes = new double[channels.size()];
    for (int j = 0; j < magnitudes.length; j++) {
      Statistics channel = channels.get(j);
      magnitudes[j] =
          channel.finite() == 0
              ? 0
              : Math.max(Math.abs(channel.min() - shifts[j]), Math.abs(channel.max() - shifts[j]));
    }
    return magnitudes;
  }

  /** Raises the magnitudes of rows to those of one weight. */
  private static void rows(QuantizableNode node, ModelGraph graph, double[] rows) {
    FloatBuffer values = graph.constant(node.weight()).floats();
    int columns = Math.toIntExact(node.weightShape().dim(1));
    boolean across = node.blockAxis() == 1;
    for (int i = 0; values.hasRemaining(); i++) {
      int j = across ? i % columns : i / columns;
      rows[j] = Math.max(rows[j], Math.abs(values.get()));
    }
  }

  /** Whether any is positive and all are finite; if so, small ones are raised. */
  private static boolean raise(double[] magnitudes) {
    double most = Arrays.stream(magnitudes).max().orElse(0);
    for (int j = 0; j < magnitudes.length; j++) {
      magnitudes[j] = Math.max(magnitudes[j], most * LEAST);
    }
    return most > 0 && Double.isFinite(most);
  }
}
