package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Merges a chain of Relu and Clip into one operator with the bounds of all.
 *
 * <p>ONNX Runtime 1.29 cannot load a quantized model with two of them after a Conv or a Gemm: it
 * replaces the last one by the QuantizeLinear, although it has fused the first one into the
 * product, and ends with two nodes of one name. Operators whose output is also read elsewhere are
 * kept.
 */
final class ClampChain {

  /** The first opset in which the bounds of Clip are inputs. */
  private static final int BOUNDS_AS_INPUTS = 11;

  private final NodeIndex nodes;
  private final Clamps clamps;
  private final FreshNames names;
  private final int opset;
  private final List<TensorProto> added = new ArrayList<>();

  /** An operator of a chain before the last: the slots removed with it, and what it computes. */
  private record Earlier(NodeProto node, Clamps.Clamp clamp, List<Integer> slots) {}

  ClampChain(NodeIndex nodes, ConstantOperands operands, FreshNames names, int opset) {
    this.nodes = nodes;
    this.clamps = new Clamps(operands);
    this.names = names;
    this.opset = opset;
  }

  /** Merges all chains; returns the constants that the merged operators need as bounds. */
  List<TensorProto> merge() {
    for (int slot : nodes.slots()) {
      Optional<NodeProto> last =
          nodes.at(slot).filter(n -> n.getOutputCount() == 1 && !goesOn(n.getOutput(0)));
      last.flatMap(clamps::of).ifPresent(clamp -> merge(slot, last.orElseThrow(), clamp));
    }
    return List.copyOf(added);
  }

  private void merge(int slot, NodeProto last, Clamps.Clamp clamp) {
    Clamps.Clamp all = clamp;
    List<Earlier> chain = new ArrayList<>();
    for (Optional<Earlier> e = earlier(all.x()); e.isPresent(); e = earlier(all.x())) {
      chain.add(e.get());
      all = e.get().clamp().then(all);
    }
    if (!chain.isEmpty()) {
      chain.forEach(earlier -> earlier.slots().forEach(nodes::remove));
      nodes.replace(slot, merged(last, clamp, chain, all));
    }
  }

  /** Whether the only reader of a tensor belongs to the same chain. */
  private boolean goesOn(String tensor) {
    OptionalInt reader = nodes.soleReader(tensor);
    if (reader.isEmpty()) {
      return false;
    }
    NodeProto node = nodes.at(reader.getAsInt()).orElseThrow();
    return doesNothing(node)
        ? goesOn(node.getOutput(0))
        : clamps.of(node).filter(clamp -> clamp.x().equals(tensor)).isPresent();
  }

  private static boolean doesNothing(NodeProto node) {
    return Nodes.is(node, "Identity")
        || (Nodes.is(node, "Dropout") && Nodes.input(node, 2).isEmpty());
  }

  /**
   * Returns the operator that computes a tensor without other readers, looking through operators
   * that do nothing.
   */
  private Optional<Earlier> earlier(String tensor) {
    List<Integer> slots = new ArrayList<>();
    String current = tensor;
    while (true) {
      OptionalInt maker = nodes.maker(current);
      if (maker.isEmpty() || nodes.soleReader(current).isEmpty()) {
        return Optional.empty();
      }
      NodeProto node = nodes.at(maker.getAsInt()).orElseThrow();
      slots.add(maker.getAsInt());
      Optional<Clamps.Clamp> clamp = clamps.of(node);
      if (clamp.isPresent()) {
        return Optional.of(new Earlier(node, clamp.get(), slots));
      }
      if (!doesNothing(node) || Nodes.input(node, 0).isEmpty()) {
        return Optional.empty();
      }
      current = node.getInput(0);
    }
  }

  /**
   * Returns an operator of the chain that already has the merged bounds, so that constants are
   * reused.
   */
  private NodeProto merged(
      NodeProto last, Clamps.Clamp own, List<Earlier> chain, Clamps.Clamp both) {
    if (both.sameBounds(own)) {
      return last.toBuilder().setInput(0, both.x()).build();
    }
    for (Earlier earlier : chain) {
      if (both.sameBounds(earlier.clamp())) {
        return earlier.node().toBuilder()
            .setName(last.getName())
            .setInput(0, both.x())
            .setOutput(0, last.getOutput(0))
            .build();
      }
    }
    NodeProto.Builder clip =
        NodeProto.newBuilder()
            .setOpType("Clip")
            .setName(last.getName())
            .addInput(both.x())
            .addOutput(last.getOutput(0));
    boolean low = Double.isFinite(both.low());
    boolean high = Double.isFinite(both.high());
    if (opset < BOUNDS_AS_INPUTS) {
      if (low) {
        clip.addAttribute(Nodes.floatAttribute("min", (float) both.low()));
      }
      if (high) {
        clip.addAttribute(Nodes.floatAttribute("max", (float) both.high()));
      }
      return clip.build();
    }
    if (low || high) {
      clip.addInput(low ? bound(last, "min", both.low()) : "");
    }
    if (high) {
      clip.addInput(bound(last, "max", both.high()));
    }
    return clip.build();
  }

  private String bound(NodeProto node, String which, double value) {
    String name = names.fresh(node.getOutput(0) + "_" + which);
    added.add(TensorCodec.floats(name, List.of(), (float) value));
    return name;
  }
}
