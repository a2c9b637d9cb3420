package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.SmoothingRule;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Shares the spread of an input's channels with the weights that multiply it, so that one scale
 * fits all channels: channel j of the input is divided by {@code s_j = max|x_j|^alpha /
 * max_n|W_jn|^(1-alpha)}, over all products that read it, and row j of their weights is multiplied
 * by it. The s_j are divided by their geometric mean.
 *
 * <p>Magnitudes below 2^-14 of the largest count as that, so that channels without values get no
 * extreme factor. Sums are float64 in channel order and powers are of {@link StrictMath}, so equal
 * arguments give equal bits on any machine.
 *
 * @see <a href="https://arxiv.org/abs/2211.10438">Xiao et al., SmoothQuant, equation 4</a>
 */
public final class Smoothing {

  private static final String SUFFIX = "_smoothed";
  private static final double LEAST = 0x1p-14;

  private Smoothing() {}

  /**
   * An input that several products share.
   *
   * @param tensor the input
   * @param result an unused name, for the input times the factors
   * @param products those that read it, in graph order; the weight of each is a matrix
   */
  public record Group(String tensor, String result, List<QuantizableNode> products) {

    public Group {
      products = List.copyOf(products);
    }

    /** Number of channels that the weights multiply. */
    public long channels() {
      return Smoothing.channels(products.get(0));
    }

    /** The input with factors that were chosen for its channels. */
    public SmoothedInput scaled(double alpha, List<Float> factors) {
      return new SmoothedInput(
          tensor, result, products.stream().map(QuantizableNode::node).toList(), alpha, factors);
    }
  }

  /**
   * Returns the inputs that can be smoothed, by name: those of static MatMul and Gemm whose weight
   * is a matrix on the right, with the channels of the input along its last axis.
   */
  public static Map<String, Group> groups(Candidates candidates, ModelGraph graph) {
    return groups(candidates, graph, Mode.STATIC);
  }

  /** Returns those whose products are quantized in another mode. */
  public static Map<String, Group> groups(Candidates candidates, ModelGraph graph, Mode mode) {
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
    Map<String, Group> groups = new TreeMap<>();
    products.forEach(
        (tensor, readers) -> {
          long channels = channels(readers.get(0));
          if (readers.stream().allMatch(node -> channels(node) == channels)) {
            groups.put(tensor, new Group(tensor, names.unused(tensor + SUFFIX), readers));
          }
        });
    return groups;
  }

  private static long channels(QuantizableNode node) {
    return node.weightShape().dim(node.blockAxis());
  }

  /**
   * Chooses the factors of an input. Costs a walk through its weights.
   *
   * @param graph holds the weights
   * @param statistics of the input, with its channels
   * @return empty if the input must stay as it is: no value was observed, or one that is not finite
   *     or beyond {@code floatAbove}; or its channels are not those of the weights
   * @throws IllegalArgumentException if the statistics have no channels; the message names the
   *     tensor
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
    double[] magnitudes = magnitudes(statistics.channels());
    if (channels(group.products().get(0)) != magnitudes.length) {
      return Optional.empty();
    }
    double[] rows = new double[magnitudes.length];
    group.products().forEach(node -> rows(node, graph, rows));
    raise(magnitudes);
    if (!raise(rows)) {
      return Optional.empty();
    }
    double logs = 0;
    double[] scales = new double[rows.length];
    for (int j = 0; j < rows.length; j++) {
      scales[j] =
          StrictMath.pow(magnitudes[j], rule.alpha()) / StrictMath.pow(rows[j], 1 - rule.alpha());
      logs += StrictMath.log(scales[j]);
    }
    double mean = StrictMath.exp(logs / rows.length);
    List<Float> factors = new ArrayList<>(rows.length);
    for (double scale : scales) {
      factors.add((float) (mean / scale));
    }
    return Optional.of(group.scaled(rule.alpha(), factors));
  }

  private static double[] magnitudes(List<Statistics> channels) {
    double[] magnitudes = new double[channels.size()];
    for (int j = 0; j < magnitudes.length; j++) {
      Statistics channel = channels.get(j);
      magnitudes[j] =
          channel.finite() == 0 ? 0 : Math.max(Math.abs(channel.min()), Math.abs(channel.max()));
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
