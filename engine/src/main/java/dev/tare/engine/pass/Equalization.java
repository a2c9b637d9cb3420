package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.RescaledChannels;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.PlacedTensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Shares the spread of the channels of a convolution's input with the weights that multiply it, as
 * far as that lessens the expected error of the results: channel j of the input is divided by
 * {@code t_j}, and the weights that multiply it are multiplied by it.
 *
 * <p>Candidates are {@code t_j = xr_j^a / wr_j^(1-a)}, a from 0 to 1 by 0.1, where {@code wr_j} is
 * the largest magnitude of a weight of the channel, and {@code xr_j = max(high_j, -low_j / r)} the
 * reach of its values, for r from 2^-7 to 2^7 by octaves: a range from {@code -r} to 1 times a
 * scale serves all channels. The candidate with the least {@link EqualizationError} is taken, if
 * that is less than without any change. No model runs.
 *
 * <p>These errors leave the rarest values out, so that no single value decides about factors: in a
 * channel whose values are rare that is all of them. Factors may enlarge these far beyond the
 * others; then the range of the plan clips them, or is theirs. So the candidate is judged once more
 * with the error of the input by the range that its plan will have, with and without the factors,
 * and refused unless it lessens that too, or if with the factors it would stay in float.
 *
 * <p>Magnitudes below 2^-14 of the largest count as that, so that channels without values get no
 * extreme factor. Sums are float64 in channel order and powers are of {@link StrictMath}, so equal
 * arguments give equal bits on any machine.
 *
 * @see <a href="https://arxiv.org/abs/1906.04721">Nagel et al., Data-Free Quantization Through
 *     Weight Equalization and Bias Correction, section 4.1, for equalized ranges</a>
 */
public final class Equalization {

  private static final double LEAST = 0x1p-14;
  private static final int STEPS = 10;
  private static final int OCTAVES = 7;

  private Equalization() {}

  /**
   * An input that convolutions share.
   *
   * @param tensor the input
   * @param result an unused name, for the input divided by t
   * @param products those that read it, in graph order
   * @param through as in {@link SmoothedInput}
   */
  public record Group(
      String tensor, String result, List<QuantizableNode> products, List<String> through) {

    public Group {
      products = List.copyOf(products);
      through = List.copyOf(through);
    }

    long channels() {
      return Equalization.channels(products.get(0));
    }

    /** What the recipe's rules match, under the name of the input or of the result. */
    TensorQuery query(String name) {
      TreeSet<String> kinds = new TreeSet<>();
      products.forEach(product -> kinds.addAll(product.kinds()));
      return TensorQuery.ofActivation(
          name, products.stream().map(QuantizableNode::node).toList(), List.copyOf(kinds));
    }
  }

  /**
   * Returns the inputs that can be equalized, by name: those of static Conv, of which the division
   * can be moved into what computes them. There is none where outputs are quantized too, since
   * those on the way would change.
   */
  public static Map<String, Group> groups(Candidates candidates, ModelGraph graph) {
    Map<String, Group> groups = new TreeMap<>();
    if (!candidates.placed().equals(PlacedTensors.NONE)) {
      return groups;
    }
    Map<String, List<QuantizableNode>> products = new TreeMap<>();
    for (Candidates.Candidate candidate : candidates.chosen()) {
      QuantizableNode node = candidate.node();
      if (candidate.mode() == Mode.STATIC && node.opType().equals("Conv")) {
        products.computeIfAbsent(node.input(), input -> new ArrayList<>()).add(node);
      }
    }
    FreeNames names = FreeNames.of(graph.topology());
    FactorRoute routes = new FactorRoute(graph);
    products.forEach(
        (tensor, readers) -> {
          long channels = channels(readers.get(0));
          if (readers.stream().allMatch(node -> channels(node) == channels)) {
            List<String> consumers = readers.stream().map(QuantizableNode::node).toList();
            Optional<List<String>> route =
                routes.find(tensor, consumers, readers.get(0).weightShape().rank(), channels);
            route.ifPresent(
                through ->
                    groups.put(
                        tensor,
                        new Group(
                            tensor,
                            names.unused(tensor + SmoothedInput.EQUALIZED),
                            readers,
                            through)));
          }
        });
    return groups;
  }

  private static long channels(QuantizableNode node) {
    return node.weightShape().dim(1) * node.groups();
  }

  /**
   * What was chosen for an input.
   *
   * @param factors empty if the input stays as it is: no candidate is better; or no value was
   *     observed, or one that is not finite or beyond the recipe's {@code float-above}; or its
   *     channels are not those of the weights
   * @param refused why factors that seemed better were not taken
   */
  public record Choice(Optional<SmoothedInput> factors, Optional<String> refused) {

    static final Choice NONE = new Choice(Optional.empty(), Optional.empty());
  }

  /**
   * Chooses the factors of an input. Costs a walk through its weights for each candidate.
   *
   * @param graph holds the weights
   * @param statistics of the input, with histograms of its channels
   * @param recipe decides the input's range; and whether biases take up what quantization adds to
   *     the mean of results
   * @throws IllegalArgumentException if the statistics have no histograms of channels, or lack what
   *     the recipe's method needs; the message names the tensor
   */
  public static Choice equalize(
      Group group, TensorStatistics statistics, ModelGraph graph, Recipe recipe) {
    Statistics whole = statistics.whole().orElseThrow();
    double reach = Math.max(Math.abs(whole.min()), Math.abs(whole.max()));
    if (whole.finite() < whole.count() || !(reach > 0) || reach > recipe.floatAbove()) {
      return Choice.NONE;
    }
    List<Distribution> channels =
        statistics.channels().stream().map(Statistics::distribution).toList();
    boolean lacking = statistics.channels().stream().anyMatch(c -> c.histogram().isEmpty());
    if (channels.isEmpty() || lacking) {
      throw new IllegalArgumentException(
          "Statistics of tensor '%s' have no histograms of its channels, which equalization needs: calibrate with --channels histogram, or choose a recipe with equalization = off"
              .formatted(group.tensor()));
    }
    if (channels.size() != group.channels()) {
      return Choice.NONE;
    }
    EqualizationError error =
        new EqualizationError(channels, recipe.biasCorrection(), group.products(), graph);
    double[] rows = error.rows();
    if (!raise(rows)) {
      return Choice.NONE;
    }
    double least = error.of(null);
    double alpha = 0;
    double[] best = null;
    for (int octave = -OCTAVES; octave <= OCTAVES; octave++) {
      double[] reaches = error.reaches(StrictMath.pow(2, octave));
      if (!raise(reaches)) {
        continue;
      }
      for (int step = 0; step <= STEPS; step++) {
        double[] divisors = divisors(reaches, rows, (double) step / STEPS);
        double expected = error.of(divisors);
        if (expected < least) {
          least = expected;
          alpha = (double) step / STEPS;
          best = divisors;
        }
      }
    }
    return best == null
        ? Choice.NONE
        : confirmed(group, statistics, recipe, error, best, input(group, alpha, best));
  }

  /** Takes factors that lessen the expected error also by the ranges that plans have. */
  private static Choice confirmed(
      Group group,
      TensorStatistics statistics,
      Recipe recipe,
      EqualizationError error,
      double[] divisors,
      SmoothedInput input) {
    ActivationPlanner planner = new ActivationPlanner(recipe);
    List<Distribution> before =
        statistics.channels().stream().map(Statistics::distribution).toList();
    List<Distribution> after =
        RescaledChannels.distributions(statistics, input.factors(), List.of());
    TensorPlan without = planner.plan(statistics, group.query(group.tensor()), () -> before);
    TensorPlan with =
        planner.plan(
            RescaledChannels.of(statistics, input.factors(), List.of(), group.result()),
            group.query(group.result()),
            () -> after);
    if (without.quantized() && !with.quantized()) {
      return refused(input, "leave it in float: " + with.floatReason().orElseThrow());
    }
    if (without.params().size() != 1 || with.params().size() != 1) {
      return new Choice(Optional.of(input), Optional.empty());
    }
    double[] ones = new double[divisors.length];
    Arrays.fill(ones, 1);
    double old = error.of(ones, added(before, without.params().get(0)));
    double changed = error.of(divisors, added(after, with.params().get(0)));
    if (changed < old) {
      return new Choice(Optional.of(input), Optional.empty());
    }
    return refused(
        input,
        String.format(
            Locale.ROOT,
            "give it the range [%s, %s] by %s in place of [%s, %s], and results an expected error"
                + " that is %.1f dB larger",
            with.channels().range(0).low(),
            with.channels().range(0).high(),
            with.method(),
            without.channels().range(0).low(),
            without.channels().range(0).high(),
            10 * StrictMath.log10(changed / old)));
  }

  private static Choice refused(SmoothedInput input, String consequence) {
    return new Choice(
        Optional.empty(),
        Optional.of(
            "factors of its channels from %s to %s would %s"
                .formatted(
                    Collections.min(input.factors()),
                    Collections.max(input.factors()),
                    consequence)));
  }

  private static double[] added(List<Distribution> channels, QuantParams params) {
    double[] added = new double[channels.size()];
    for (int j = 0; j < added.length; j++) {
      added[j] = channels.get(j).isEmpty() ? 0 : ExpectedError.of(channels.get(j), params).mse();
    }
    return added;
  }

  private static SmoothedInput input(Group group, double alpha, double[] divisors) {
    List<Float> factors = new ArrayList<>(divisors.length);
    for (double divisor : divisors) {
      factors.add((float) (1 / divisor));
    }
    return new SmoothedInput(
        group.tensor(),
        1,
        group.result(),
        group.products().stream().map(QuantizableNode::node).toList(),
        group.through(),
        alpha,
        factors);
  }

  /** The divisors of a candidate, whose geometric mean is 1. */
  private static double[] divisors(double[] reaches, double[] rows, double alpha) {
    double logs = 0;
    double[] divisors = new double[rows.length];
    for (int j = 0; j < rows.length; j++) {
      divisors[j] = StrictMath.pow(reaches[j], alpha) / StrictMath.pow(rows[j], 1 - alpha);
      logs += StrictMath.log(divisors[j]);
    }
    double mean = StrictMath.exp(logs / rows.length);
    for (int j = 0; j < rows.length; j++) {
      divisors[j] /= mean;
    }
    return divisors;
  }

  /** Whether any is positive and all are finite; if so, small ones are raised. */
  private static boolean raise(double[] magnitudes) {
    double most = 0;
    for (double each : magnitudes) {
      most = Math.max(most, each);
    }
    for (int j = 0; j < magnitudes.length; j++) {
      magnitudes[j] = Math.max(magnitudes[j], most * LEAST);
    }
    return most > 0 && Double.isFinite(most);
  }
}
