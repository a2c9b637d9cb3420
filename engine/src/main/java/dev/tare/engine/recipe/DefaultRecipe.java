package dev.tare.engine.recipe;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The recipe for a model of which its owner says nothing, by what is in its graph.
 *
 * <ul>
 *   <li>Attention or layer normalization, and at most as many convolutions as products: {@code
 *       int8-transformer}.
 *   <li>Else any convolution: {@code int8-cnn}, or {@code int8-cnn-mse} if an output has scores and
 *       numbers of another scale side by side.
 *   <li>Else {@code int8}.
 * </ul>
 *
 * <p>Attention is a Softmax beside a product of two activations, or an operator of that name; a
 * normalization may be decomposed, into a mean, a root and a division.
 *
 * @param name of a shipped recipe
 * @param reason what was found, in words
 */
public record DefaultRecipe(String name, String reason) {

  private static final Set<String> CONVOLUTIONS = Set.of("Conv", "ConvTranspose");

  /** Finds the recipe for a model. Costs a walk through its graph. */
  public static DefaultRecipe of(ModelGraph graph) {
    List<QuantizableNode> nodes = graph.nodes();
    long convolutions = nodes.stream().filter(n -> CONVOLUTIONS.contains(n.opType())).count();
    long depthwise = nodes.stream().filter(QuantizableNode::depthwise).count();
    long products = nodes.size() - convolutions;
    List<String> found = new ArrayList<>();
    boolean transformer = transformer(graph, found) && products > 0;
    if (convolutions > 0) {
      found.add(
          counted(convolutions, "convolution")
              + (depthwise > 0 ? ", " + depthwise + " of them depthwise" : ""));
    }
    if (products > 0) {
      found.add(counted(products, "product"));
    }
    String name = "int8";
    if (transformer && products >= convolutions) {
      name = "int8-transformer";
    } else if (convolutions > 0 && MixedOutputs.in(graph.topology())) {
      name = "int8-cnn-mse";
      found.add("scores and numbers of another scale in one output");
    } else if (convolutions > 0) {
      name = "int8-cnn";
    }
    return new DefaultRecipe(name, found.isEmpty() ? "no products" : String.join("; ", found));
  }

  private static boolean transformer(ModelGraph graph, List<String> found) {
    Set<String> types = new TreeSet<>();
    graph.topology().nodes().stream().map(GraphNode::opType).forEach(types::add);
    boolean attention =
        types.stream().anyMatch(type -> type.contains("Attention"))
            || (types.contains("Softmax")
                && graph.skipped().stream()
                    .map(SkippedNode::opType)
                    .anyMatch(type -> type.equals("MatMul") || type.equals("Einsum")));
    boolean normalized =
        types.stream().anyMatch(type -> type.contains("LayerNormalization"))
            || types.stream().anyMatch(type -> type.contains("RMSNormalization"))
            || types.containsAll(Set.of("ReduceMean", "Sqrt", "Div"));
    if (attention) {
      found.add("attention");
    }
    if (normalized) {
      found.add("layer normalization");
    }
    return attention || normalized;
  }

  private static String counted(long number, String what) {
    return number + " " + what + (number == 1 ? "" : "s");
  }
}
