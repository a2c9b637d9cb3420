package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.onnx.view.Product;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Folds operators that only rearrange a constant operand of a product into an initializer, so that
 * it counts as a weight. The initializer gets the name of the tensor, and the operator that
 * computed it is removed.
 *
 * <p>A model grows at most by the bytes of its constants.
 */
final class ConstantFold {

  private final GraphProto graph;
  private final Constants constants;
  private final NodeIndex nodes;
  private final ConstantViews views;
  private final Set<String> outputs = new HashSet<>();
  private final List<TensorProto> added = new ArrayList<>();
  private long room;

  private ConstantFold(OnnxModel model) {
    this.graph = Nodes.named(model.graph(), model.nodeNames());
    this.constants = model.constants();
    this.nodes = new NodeIndex(graph);
    this.views = new ConstantViews(constants, nodes, model.constantBytes());
    this.room = model.constantBytes();
    graph.getOutputList().stream().map(ValueInfoProto::getName).forEach(outputs::add);
  }

  /** Returns the model with such weights as initializers; the same instance if it has none. */
  static OnnxModel folded(OnnxModel model) {
    return new ConstantFold(model).fold(model);
  }

  private OnnxModel fold(OnnxModel model) {
    for (int slot : nodes.slots()) {
      Optional<NodeProto> node =
          nodes
              .at(slot)
              .filter(n -> Nodes.isStandard(n) && Product.OPERATORS.contains(n.getOpType()));
      if (node.isPresent()) {
        fold(Nodes.input(node.get(), 1));
        if (node.get().getOpType().equals("MatMul")) {
          fold(Nodes.input(node.get(), 0));
        }
      }
    }
    if (added.isEmpty()) {
      return model;
    }
    GraphProto.Builder rewritten =
        new DeadConstants(graph, nodes.nodes()).removed().toBuilder().addAllInitializer(added);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      added.forEach(tensor -> rewritten.addInput(TensorCodec.declaration(tensor)));
    }
    GraphPreparation.dropStaleDeclarations(rewritten);
    return model.with(model.proto().toBuilder().setGraph(rewritten).build());
  }

  private void fold(String operand) {
    OptionalInt maker = nodes.maker(operand);
    if (maker.isEmpty() || outputs.contains(operand) || constants.resolve(operand).isPresent()) {
      return;
    }
    Optional<Tensor> value =
        views
            .find(operand)
            .filter(t -> t.dtype() == DType.FLOAT32 && t.shape().rank() > 1)
            .filter(t -> t.bytes().remaining() <= room);
    if (value.isPresent()) {
      room -= value.get().bytes().remaining();
      added.add(
          TensorCodec.encode(
              operand, DType.FLOAT32, value.get().shape().dims(), value.get().bytes()));
      nodes.remove(maker.getAsInt());
    }
  }
}
