package dev.tare.engine.onnx.view;

import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Finds outputs of a model that are probabilities of classes along their last axis. */
public final class SoftmaxOutputs {

  /** Operators that return the values of their first operand unmoved. */
  private static final Set<String> SAME = Set.of("Identity", "Cast", "Clip", "Dropout");

  private SoftmaxOutputs() {}

  /**
   * Returns outputs of a Softmax or LogSoftmax over the last axis, followed at most by Identity,
   * Cast and similar operators.
   */
  public static Set<String> of(OnnxModel model) {
    Map<String, NodeProto> makers =
        model.graph().getNodeList().stream()
            .flatMap(node -> node.getOutputList().stream().map(out -> Map.entry(out, node)))
            .filter(made -> !made.getKey().isEmpty())
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a));
    Set<String> outputs = new TreeSet<>();
    for (TensorInfo output : model.outputs()) {
      NodeProto maker = makers.get(output.name());
      while (maker != null && SAME.contains(maker.getOpType()) && maker.getInputCount() > 0) {
        maker = makers.get(maker.getInput(0));
      }
      if (maker != null && overLastAxis(maker, model.opset(), output)) {
        outputs.add(output.name());
      }
    }
    return outputs;
  }

  /** Before opset 13 the default axis is 1, and all axes from there on are treated as one. */
  private static boolean overLastAxis(NodeProto node, int opset, TensorInfo output) {
    if (!Nodes.is(node, "Softmax") && !Nodes.is(node, "LogSoftmax")) {
      return false;
    }
    long axis = Nodes.intAttribute(node, "axis", opset < 13 ? 1 : -1);
    return axis == -1 || output.dims().map(dims -> axis == dims.size() - 1).orElse(opset < 13);
  }
}
