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
 * The quantized operators of a plan, from the one whose leaving in float gains most to the least.
 *
 * <p>Measured if {@code quality.json} has sensitivities, otherwise estimated: the relative noise of
 * an operator's inputs and weight add up to that of its product, and the noise of all products is
 * assumed to reach the output equally. Leaving out a share s of all noise then gains {@code -10
 * log10(1 - s)} dB.
 *
 * @param measured what the measurement was, if there is one
 * @param inGraphOrder whether positions are those of the model's graph; otherwise names are in
 *     their natural order
 * @param atRunTime whether an input's scale is found at run time, so that its noise is not known
 * @param ranked all operators, that with the largest gain first
 */
record Layers(
    Optional<Sensitivity> measured, boolean inGraphOrder, boolean atRunTime, List<Layer> ranked) {

  Layers {
    ranked = List.copyOf(ranked);
  }

  /**
   * The operators of a plan.
   *
   * @param order names of the model's operators in graph order; empty if it is not known
   */
  static Layers of(QuantPlan plan, Optional<Sensitivity> sensitivity, List<String> order) {
    Map<String, double[]> noise = new TreeMap<>();
    Map<String, Long> bytes = new HashMap<>();
    boolean atRunTime = false;
    for (TensorPlan tensor : plan.tensors()) {
      if (!tensor.quantized()) {
        continue;
      }
      double ratio = TensorView.noiseRatio(tensor);
      atRunTime |= tensor.channels().isEmpty();
      for (String node : tensor.consumers()) {
        if (node.equals(TensorPlan.GRAPH_OUTPUT)) {
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
    Map<String, Sensitivity.Score> scores =
        sensitivity.<Map<String, Sensitivity.Score>>map(Sensitivity::operators).orElse(Map.of());
    Depth depth = Depth.of(noise.keySet(), order);
    List<Layer> layers = new ArrayList<>();
    for (String node : depth.nodes()) {
      double own = noise.get(node)[0];
      layers.add(
          new Layer(
              node,
              layers.size(),
              own,
              total == 0 ? 0 : own / total,
              Optional.ofNullable(scores.get(node)),
              bytes.getOrDefault(node, 0L)));
    }
    layers.sort(Comparator.comparingDouble(Layers::rank).reversed().thenComparing(Layer::node));
    return new Layers(sensitivity, depth.ofGraph(), atRunTime, layers);
  }

  /** Sorts measured operators first: the constant is far above any estimated gain. */
  private static double rank(Layer layer) {
    return layer
        .measured()
        .map(m -> Double.isNaN(m.sqnrDb()) ? 1e6 : 1e7 + Math.min(1e6, m.sqnrDb()))
        .orElse(layer.share());
  }

  private static long addedBytes(TensorPlan weight) {
    return 4 * weight.shape().orElseThrow().size() - WeightTables.bytes(weight);
  }

  int operators() {
    return ranked.size();
  }

  /** The operators from the first of the graph to the last. */
  List<Layer> byDepth() {
    return ranked.stream().sorted(Comparator.comparingInt(Layer::position)).toList();
  }

  /** Gain in dB of leaving only this operator in float: measured or, without, estimated. */
  double gainDb(Layer layer) {
    if (measured.isEmpty()) {
      return layer.gainDb();
    }
    return layer
        .measured()
        .map(m -> m.sqnrDb() - measured.get().quantized().sqnrDb())
        .orElse(Double.NaN);
  }

  /** The key that sorts the table; an empty key sorts last. */
  String gainKey(Layer layer) {
    return Layer.key(gainDb(layer));
  }

  String gainText(Layer layer) {
    return measured.isPresent() && layer.measured().isEmpty()
        ? "not measured"
        : Figures.signed(gainDb(layer), 2);
  }

  String cosine(Layer layer) {
    return layer.measured().map(m -> Figures.cosine(m.cosineMean())).orElse("–");
  }
}
