package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.NodeNames;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Rewrites a float model so that it quantizes better or runs faster quantized, and computes the
 * same up to float rounding:
 *
 * <ul>
 *   <li>a constant weight read through Transpose, Reshape, Squeeze, Unsqueeze, Flatten, Identity or
 *       Cast becomes an initializer
 *   <li>BatchNormalization with fixed statistics is folded into the Conv, ConvTranspose, Gemm or
 *       MatMul before it
 *   <li>so is a constant factor or summand, scalar or per channel, after Conv, ConvTranspose and
 *       Gemm
 *   <li>{@code min(max(x + 3, 0), 6) / 6} becomes HardSigmoid, and a hard swish becomes HardSigmoid
 *       and Mul
 *   <li>a chain of Relu and Clip becomes one operator with the bounds of all
 *   <li>a bias shared by several products is copied for each, {@code b_1} for {@code b}
 *   <li>a node name that occurs twice in a graph or body is made unique
 * </ul>
 *
 * <p>Folds are computed in double and rounded once. The product gets the output name of the last
 * node folded into it, so the remaining tensors keep their names; nodes keep the names of {@link
 * OnnxModel#nodeNames}, written into the model. A folded weight {@code w} becomes the initializer
 * {@code w_folded} with {@code w_bias}, separate for each node; a taken name gets {@code _1},
 * {@code _2}. Constants that nothing reads any more are removed. Subgraphs do not change, nor does
 * any tensor that they read or that is a graph output.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/conv_bn_fusion.cc">conv_bn_fusion.cc,
 *     which the runtime would apply too late to be calibrated</a>
 */
public final class GraphPreparation {

  private GraphPreparation() {}

  /**
   * Prepares a model; returns the model itself if there is nothing to do, so preparing again
   * changes nothing. Equal models give equal bytes. Costs a copy of the weights that change.
   */
  public static OnnxModel prepare(OnnxModel model) {
    return rewrite(ConstantFold.folded(model));
  }

  private static OnnxModel rewrite(OnnxModel model) {
    GraphProto graph = NodeNames.distinct(Nodes.named(model.graph(), model.nodeNames()));
    NodeIndex nodes = new NodeIndex(graph);
    FreshNames names = new FreshNames(graph);
    Constants constants = model.constants();
    ConstantOperands operands = new ConstantOperands(constants, nodes, Ranks.of(graph, constants));
    new HardSigmoidFusion(nodes, operands, names).fuse();
    List<TensorProto> added = new ArrayList<>(new AffineFold(nodes, operands, names).fold());
    added.addAll(new ClampChain(nodes, operands, names, model.opset()).merge());
    added.addAll(new SharedBiases(nodes, constants, names).split());
    if (!nodes.changed()) {
      return NodeNames.repeated(model.graph())
          ? model.with(model.proto().toBuilder().setGraph(graph).build())
          : model;
    }
    GraphProto.Builder rewritten =
        new DeadConstants(graph, nodes.nodes()).removed().toBuilder().addAllInitializer(added);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      added.forEach(tensor -> rewritten.addInput(TensorCodec.declaration(tensor)));
    }
    dropStaleDeclarations(rewritten);
    ModelProto.Builder proto = model.proto().toBuilder().setGraph(rewritten);
    return model.with(proto.build());
  }

  /** Removes the declarations of tensors that a graph no longer has. */
  public static void dropStaleDeclarations(GraphProto.Builder graph) {
    Set<String> present = new HashSet<>();
    graph.getNodeList().forEach(node -> present.addAll(node.getOutputList()));
    graph.getInitializerList().forEach(tensor -> present.add(tensor.getName()));
    graph.getInputList().forEach(input -> present.add(input.getName()));
    List<ValueInfoProto> kept =
        graph.getValueInfoList().stream().filter(v -> present.contains(v.getName())).toList();
    graph.clearValueInfo().addAllValueInfo(kept);
  }
}
