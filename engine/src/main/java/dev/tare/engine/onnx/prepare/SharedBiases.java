package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Gives each product its own bias: an int32 bias has the scale of its product's sums, so two
 * products cannot share one.
 */
final class SharedBiases {

  private static final Set<String> OPERATORS = Set.of("Conv", "ConvTranspose", "Gemm");

  private final NodeIndex nodes;
  private final Constants constants;
  private final FreshNames names;

  SharedBiases(NodeIndex nodes, Constants constants, FreshNames names) {
    this.nodes = nodes;
    this.constants = constants;
    this.names = names;
  }

  /** Returns the copies; the first product keeps the model's bias. */
  List<TensorProto> split() {
    Set<String> used = new HashSet<>();
    List<TensorProto> copies = new ArrayList<>();
    for (int slot : nodes.slots()) {
      NodeProto node = nodes.at(slot).orElseThrow();
      boolean product = Nodes.isStandard(node) && OPERATORS.contains(node.getOpType());
      Optional<String> bias =
          Optional.of(Nodes.input(node, 2)).filter(b -> product).flatMap(constants::resolve);
      if (bias.isPresent()
          && constants.resolve(Nodes.input(node, 1)).isPresent()
          && !used.add(bias.get())) {
        String copy = names.fresh(bias.get());
        copies.add(constants.find(bias.get()).orElseThrow().toBuilder().setName(copy).build());
        nodes.replace(slot, node.toBuilder().setInput(2, copy).build());
      }
    }
    return copies;
  }
}
