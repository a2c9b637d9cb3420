package dev.tare.engine.pass;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.Patches;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A tensor of which calibration may collect a Gram matrix, for the weights that multiply it.
 *
 * @param matrix name of the matrix
 * @param tensor name of the tensor
 * @param axis channel axis; negative from the end
 * @param patches what a convolution multiplies of it; empty for MatMul and Gemm
 */
public record GramInput(String matrix, String tensor, int axis, Optional<Patches> patches) {

  /**
   * Values of a patch with several taps at most: matrices grow with the square, and beyond it those
   * of one network would not fit into the heap of a task.
   */
  public static final int MOST_PATCH = 2304;

  private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm");

  /** Values of one channel in each vector. */
  public int taps() {
    return patches.map(Patches::taps).orElse(1);
  }

  /** Finds those of one model. */
  public static final class Finder {

    private final Map<String, Integer> axes;
    private final Map<String, Patches> patches;

    /** Costs a walk through the model. */
    public Finder(ModelGraph graph) {
      this.axes = graph.activations().channelAxes();
      this.patches = graph.patches();
    }

    /**
     * Returns what a node multiplies.
     *
     * @param tensor name for the tensor that it reads
     * @return empty if there is a {@link #reason} against it
     */
    public Optional<GramInput> of(QuantizableNode node, String tensor) {
      if (reason(node).isPresent()) {
        return Optional.empty();
      }
      Patches own = patches.get(node.node());
      return Optional.of(
          own == null
              ? new GramInput(tensor, tensor, -1, Optional.empty())
              : new GramInput(own.matrix(tensor), tensor, 1, Optional.of(own)));
    }

    /** Why there is no matrix for a node's weight. */
    public Optional<String> reason(QuantizableNode node) {
      if (node.inputIndex() != 0) {
        return Optional.of(node.opType() + " multiplies from the left");
      }
      if (PRODUCTS.contains(node.opType())) {
        return node.weightShape().rank() == 2 && axis(node) == -1
            ? Optional.empty()
            : Optional.of(node.opType() + " does not sum over the last axis of a matrix");
      }
      if (!node.opType().equals("Conv")) {
        return Optional.of("there is no Gram matrix for " + node.opType());
      }
      if (node.groups() > 1) {
        return Optional.of(
            node.depthwise()
                ? "depthwise convolutions read one channel each, which have no products"
                : "there is no Gram matrix for convolutions with groups");
      }
      Patches own = patches.get(node.node());
      long values = node.weightShape().size() / Math.max(1, node.weightShape().dim(0));
      if (own == null || axis(node) != 1) {
        return Optional.of("its patches are not known");
      }
      return own.taps() > 1 && values > MOST_PATCH
          ? Optional.of("its patches have %d values, more than %d".formatted(values, MOST_PATCH))
          : Optional.empty();
    }

    private int axis(QuantizableNode node) {
      return axes.getOrDefault(node.input(), 0);
    }
  }
}
