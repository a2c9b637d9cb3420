package dev.tare.jobs.evaluate;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Where two runtimes part that run one quantized model: the quantized tensor at which the signal to
 * noise between them falls most below that of every one before it, in the order of the graph.
 *
 * <p>Quantized tensors are read behind their DequantizeLinear, where reading stops no fusion;
 * still, a runtime may compute otherwise what it must show.
 *
 * @param operator what computes that tensor; empty if they agree in every one of them
 * @param tensor its name
 * @param beforeDb signal to noise between both in dB, the lowest of those before it, at most 60
 * @param afterDb that of the tensor
 */
record Parting(Optional<String> operator, String tensor, double beforeDb, double afterDb) {

  /** Rounding alone gives less noise than this, in dB. */
  private static final double AGREEMENT_DB = 60;

  /** A smaller fall is none, in dB. */
  private static final double LEAST_FALL_DB = 6;

  private static final Parting NONE = new Parting(Optional.empty(), "", 0, 0);

  /** Finds it on one sample. Costs a run by each with all quantized tensors as outputs. */
  static Parting of(ModelHandle quantized, Sample sample, TargetRuntime one, TargetRuntime other)
      throws IOException {
    Map<String, String> points = points(quantized.parse().graph().topology());
    if (points.isEmpty()) {
      return NONE;
    }
    List<String> tensors = new ArrayList<>(points.keySet());
    List<Map<String, float[]>> first = one.run(quantized, List.of(sample), tensors).values();
    List<Map<String, float[]>> second = other.run(quantized, List.of(sample), tensors).values();
    double lowest = AGREEMENT_DB;
    Parting most = NONE;
    for (String tensor : tensors) {
      double now = TargetJob.sqnrDb(tensor, first, second);
      if (lowest - now > Math.max(LEAST_FALL_DB, most.beforeDb() - most.afterDb())) {
        most = new Parting(Optional.of(points.get(tensor)), tensor, lowest, now);
      }
      lowest = Double.isNaN(now) ? lowest : Math.min(lowest, now);
    }
    return most;
  }

  /** Quantized activations as they are read again in float, each with what computes it. */
  private static Map<String, String> points(Topology graph) {
    Map<String, GraphNode> makers = new HashMap<>();
    graph.nodes().forEach(node -> node.outputs().forEach(output -> makers.put(output, node)));
    Map<String, String> points = new LinkedHashMap<>();
    for (GraphNode node : graph.nodes()) {
      GraphNode quantizer = makers.get(node.input(0));
      if (node.opType().equals("DequantizeLinear")
          && quantizer != null
          && quantizer.opType().equals("QuantizeLinear")) {
        String tensor = quantizer.input(0);
        GraphNode maker = makers.get(tensor);
        points.put(
            node.outputs().get(0),
            maker == null
                ? "input '" + tensor + "'"
                : "%s '%s'".formatted(maker.opType(), maker.node()));
      }
    }
    return points;
  }

  String words() {
    return operator
        .map(
            known ->
                String.format(
                    Locale.ROOT,
                    "they part at %s: between both the quantized tensors before it agree to %.1f dB or more, its own to %.1f dB",
                    known,
                    beforeDb,
                    afterDb))
        .orElse(
            "no quantized tensor shows where they part: with these as outputs both agree, so it is"
                + " behind the last, or in what the target fuses");
  }
}
