package dev.tare.engine.onnx.prepare;

import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.NodeIndex;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.Ranks;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Removes every Clip before a QuantizeLinear whose integers saturate at the same bounds: they are
 * the same without it.
 *
 * <p>ONNX Runtime 1.29 does that too, but cannot load a model where a bound is between the
 * outermost integer and half a step inside: it drops the Clip when it fuses product and
 * QuantizeLinear, and ends with two nodes of one name.
 */
public final class RedundantClips {

  /** Operators that only move values, before which the runtime moves the QuantizeLinear. */
  private static final Set<String> MOVES =
      Set.of(
          "MaxPool",
          "Reshape",
          "Transpose",
          "Squeeze",
          "Unsqueeze",
          "Slice",
          "Flatten",
          "Identity");

  private final NodeIndex nodes;
  private final ConstantOperands operands;
  private final Clamps clamps;
  private final Constants constants;

  private RedundantClips(GraphProto graph) {
    this.nodes = new NodeIndex(graph);
    this.constants = Constants.of(graph);
    this.operands = new ConstantOperands(constants, nodes, Ranks.of(graph, constants));
    this.clamps = new Clamps(operands);
  }

  /** Returns the graph without them; the same instance if there are none. */
  public static GraphProto dropped(GraphProto graph) {
    boolean clips = graph.getNodeList().stream().anyMatch(node -> Nodes.is(node, "Clip"));
    if (!clips) {
      return graph;
    }
    RedundantClips pass = new RedundantClips(graph);
    for (int slot : pass.nodes.slots()) {
      pass.nodes
          .at(slot)
          .filter(node -> Nodes.is(node, "QuantizeLinear"))
          .ifPresent(node -> pass.drop(slot, node));
    }
    if (!pass.nodes.changed()) {
      return graph;
    }
    GraphProto.Builder rest = new DeadConstants(graph, pass.nodes.nodes()).removed().toBuilder();
    GraphPreparation.dropStaleDeclarations(rest);
    return rest.build();
  }

  private void drop(int quantize, NodeProto node) {
    String tensor = node.getInput(0);
    int reader = quantize;
    OptionalInt maker = nodes.maker(tensor);
    while (maker.isPresent() && nodes.soleReader(tensor).isPresent()) {
      NodeProto made = nodes.at(maker.getAsInt()).orElseThrow();
      Optional<Clamps.Clamp> clamp =
          Optional.of(made).filter(n -> Nodes.is(n, "Clip")).flatMap(clamps::of);
      if (clamp.isPresent()) {
        if (redundant(node, clamp.get())) {
          NodeProto.Builder rewired = nodes.at(reader).orElseThrow().toBuilder();
          nodes.remove(maker.getAsInt());
          nodes.replace(reader, rewired.setInput(0, clamp.get().x()).build());
        }
        return;
      }
      if (!Nodes.isStandard(made) || !MOVES.contains(made.getOpType())) {
        return;
      }
      reader = maker.getAsInt();
      tensor = made.getInput(0);
      maker = nodes.maker(tensor);
    }
  }

  /** Whether both bounds quantize to the outermost integers. */
  private boolean redundant(NodeProto quantize, Clamps.Clamp clamp) {
    Optional<Tensor> scale = operands.floats(quantize.getInput(1));
    Optional<TensorProto> zeroPoint =
        constants.resolve(Nodes.input(quantize, 2)).flatMap(constants::find);
    Optional<QuantType> type = zeroPoint.flatMap(RedundantClips::type);
    if (type.isEmpty() || scale.filter(s -> s.shape().size() == 1).isEmpty()) {
      return false;
    }
    float step = scale.get().toFloatArray()[0];
    double middle = integer(TensorCodec.decode(zeroPoint.orElseThrow()));
    return middle + Math.rint((float) clamp.low() / step) <= type.get().qmin()
        && middle + Math.rint((float) clamp.high() / step) >= type.get().qmax();
  }

  private static Optional<QuantType> type(TensorProto zeroPoint) {
    Optional<DType> dtype = TensorCodec.dtype(zeroPoint.getDataType());
    return Arrays.stream(QuantType.values())
        .filter(type -> dtype.isPresent() && type.dtype() == dtype.get() && type.isInteger())
        .filter(type -> type.dtype().bits() == 8 || type.dtype().bits() == 16)
        .findFirst();
  }

  private static int integer(Tensor single) {
    return switch (single.dtype()) {
      case INT8 -> single.bytes().get();
      case UINT8 -> single.bytes().get() & 0xff;
      case INT16 -> single.bytes().getShort();
      case UINT16 -> single.bytes().getShort() & 0xffff;
      default -> throw new IllegalArgumentException("No zero point of activations: " + single);
    };
  }
}
