package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.table.WeightTables;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The operators to leave in float, and the gain of doing so.
 *
 * <p>Measured if {@code quality.json} has sensitivities, otherwise estimated: the relative noise of
 * an operator's inputs and weight add up to that of its product, and the noise of all products is
 * assumed to reach the output equally. Leaving out a share s of all noise then gains {@code -10
 * log10(1 - s)} dB.
 *
 * @param measured what the measurement was, if there is one
 * @param operators all operators with a quantized tensor
 * @param best those with the largest gains, the largest first
 */
record Layers(Optional<Sensitivity> measured, int operators, List<Layer> best) {

  private static final int MOST = 15;
  private static final int PROPOSED = 3;

  Layers {
    best = List.copyOf(best);
  }

  /**
   * Gain and cost of leaving one operator in float.
   *
   * @param share of the expected noise
   * @param gainDb gain in SQNR that the estimate gives
   * @param measured the model with this operator in float
   * @param addedBytes additional bytes of its weights in float
   */
  record Layer(
      String node,
      double share,
      double gainDb,
      Optional<Sensitivity.Score> measured,
      long addedBytes) {

    String shareText() {
      return Figures.percent(share, 2);
    }

    String gainText() {
      return Figures.signed(gainDb, 2);
    }

    String added() {
      return addedBytes == 0 ? "none" : "+" + Figures.bytes(addedBytes);
    }
  }

  static Layers of(QuantPlan plan, Optional<Sensitivity> sensitivity) {
    Map<String, double[]> noise = new TreeMap<>();
    Map<String, Long> bytes = new HashMap<>();
    for (TensorPlan tensor : plan.tensors()) {
      double ratio = tensor.quantized() ? TensorView.noiseRatio(tensor) : Double.NaN;
      for (String node : tensor.consumers()) {
        if (!tensor.quantized() || node.equals(TensorPlan.GRAPH_OUTPUT)) {
          continue;
        }
        double[] sum = noise.computeIfAbsent(node, n -> new double[1]);
        sum[0] += Double.isNaN(ratio) ? 0 : ratio;
        if (tensor.role() == Role.WEIGHT) {
          bytes.merge(node, addedBytes(tensor), Long::sum);
        }
      }
    }
    double total = noise.values().stream().mapToDouble(sum -> sum[0]).sum();
    Map<String, Sensitivity.Score> measured =
        sensitivity.<Map<String, Sensitivity.Score>>map(Sensitivity::operators).orElse(Map.of());
    List<Layer> layers = new ArrayList<>();
    noise.forEach(
        (node, sum) -> {
          double share = total == 0 ? 0 : sum[0] / total;
          layers.add(
              new Layer(
                  node,
                  share,
                  share >= 1 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(1 - share),
                  Optional.ofNullable(measured.get(node)),
                  bytes.getOrDefault(node, 0L)));
        });
    layers.sort(Comparator.comparingDouble(Layers::rank).reversed().thenComparing(Layer::node));
    return new Layers(sensitivity, layers.size(), layers.subList(0, Math.min(MOST, layers.size())));
  }

  /** Sorts measured operators first: the constant is far above any estimated gain. */
  private static double rank(Layer layer) {
    return layer
        .measured()
        .map(m -> Double.isNaN(m.sqnrDb()) ? 1e9 : 1e6 + m.sqnrDb())
        .orElse(layer.share());
  }

  private static long addedBytes(TensorPlan weight) {
    return 4 * weight.shape().orElseThrow().size() - WeightTables.bytes(weight);
  }

  /** The key that sorts the table; an empty key sorts last. */
  String gainKey(Layer layer) {
    return layer
        .measured()
        .map(m -> Double.isNaN(m.sqnrDb()) ? "1e9" : Double.toString(m.sqnrDb()))
        .orElse("");
  }

  String measuredGain(Layer layer) {
    return layer
        .measured()
        .map(m -> Figures.signed(m.sqnrDb() - measured.orElseThrow().quantized().sqnrDb(), 2))
        .orElse("not measured");
  }

  String measuredCosine(Layer layer) {
    return layer.measured().map(m -> Figures.cosine(m.cosineMean())).orElse("–");
  }

  /** Rules for a recipe that leave the first few in float. */
  List<String> rules() {
    return best.stream()
        .limit(PROPOSED)
        .map(layer -> "  { tensors = %s, quantize = false }".formatted(quoted(layer.node())))
        .toList();
  }

  /** A string of HOCON. */
  private static String quoted(String text) {
    return com.fasterxml.jackson.databind.node.TextNode.valueOf(text).toString();
  }
}
