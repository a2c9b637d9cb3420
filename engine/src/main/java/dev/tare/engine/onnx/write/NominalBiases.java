package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Gives integer products that have no bias, or one of zeros, the bias that their target needs, if
 * several operators read the result. The bias is too small to change a sum.
 *
 * <p>Products whose result becomes integers again stay as they are, so that runtimes still fuse
 * them. Bodies of If, Loop and Scan are left alone.
 */
final class NominalBiases {

  private final Map<String, NodeProto> makers = new HashMap<>();
  private final Map<String, List<NodeProto>> readers = new HashMap<>();
  private final Map<String, TensorProto> constants = new HashMap<>();
  private final Set<String> outputs = new HashSet<>();

  private NominalBiases(GraphProto graph) {
    for (NodeProto node : graph.getNodeList()) {
      node.getOutputList().forEach(output -> makers.put(output, node));
      node.getInputList().forEach(input -> readers(input).add(node));
      Nodes.subgraphs(node).stream()
          .flatMap(body -> Nodes.captured(body).stream())
          .forEach(captured -> readers(captured).add(node));
    }
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    graph.getOutputList().forEach(output -> outputs.add(output.getName()));
  }

  private List<NodeProto> readers(String tensor) {
    return readers.computeIfAbsent(tensor, name -> new ArrayList<>(1));
  }

  /** Returns the graph with these biases; the same instance if no product needs one. */
  static GraphProto added(GraphProto graph, TargetProfile target) {
    NominalBiases pass = new NominalBiases(graph);
    FreshNames names = new FreshNames(graph);
    List<NodeProto> nodes = new ArrayList<>(graph.getNodeList());
    List<TensorProto> biases = new ArrayList<>();
    Set<NodeProto> unread = new HashSet<>();
    for (int i = 0; i < nodes.size(); i++) {
      NodeProto node = nodes.get(i);
      Optional<Float> value = target.nominalBias(node.getOpType());
      if (value.isPresent() && pass.needsBias(node)) {
        float[] values = new float[pass.channels(node)];
        Arrays.fill(values, value.get());
        String name = names.fresh(node.getOutput(0) + "_nominal_bias");
        biases.add(TensorCodec.floats(name, List.of((long) values.length), values));
        String zeros = Nodes.input(node, 2);
        NodeProto dequantize = pass.makers.get(zeros);
        if (dequantize != null && pass.readers(zeros).size() == 1) {
          unread.add(dequantize);
        }
        NodeProto.Builder biased = node.toBuilder();
        nodes.set(
            i,
            node.getInputCount() > 2
                ? biased.setInput(2, name).build()
                : biased.addInput(name).build());
      }
    }
    if (biases.isEmpty()) {
      return graph;
    }
    nodes.removeIf(unread::contains);
    return new DeadConstants(graph, nodes).removed().toBuilder().addAllInitializer(biases).build();
  }

  /** A weight of a Conv has its output channels first. */
  private int channels(NodeProto node) {
    String codes = makers.get(node.getInput(1)).getInput(0);
    return Math.toIntExact(constants.get(codes).getDims(0));
  }

  private boolean needsBias(NodeProto node) {
    return Nodes.isStandard(node)
        && isDequantized(node.getInput(0))
        && isDequantized(node.getInput(1))
        && constants.containsKey(makers.get(node.getInput(1)).getInput(0))
        && isZero(Nodes.input(node, 2))
        && severalRead(node);
  }

  private boolean isDequantized(String tensor) {
    NodeProto maker = makers.get(tensor);
    return maker != null && Nodes.is(maker, "DequantizeLinear");
  }

  private boolean isZero(String bias) {
    if (bias.isEmpty()) {
      return true;
    }
    TensorProto values = constants.get(isDequantized(bias) ? makers.get(bias).getInput(0) : bias);
    if (values == null) {
      return false;
    }
    Tensor tensor = TensorCodec.decode(values);
    if (tensor.dtype() != DType.FLOAT32) {
      ByteBuffer codes = tensor.bytes();
      return IntStream.range(0, codes.limit()).allMatch(i -> codes.get(i) == 0);
    }
    FloatBuffer floats = tensor.floats();
    return IntStream.range(0, floats.limit()).allMatch(i -> floats.get(i) == 0);
  }

  /**
   * Whether several operators read the result of a product, or that of an operator behind it,
   * before it becomes integers again.
   */
  private boolean severalRead(NodeProto product) {
    NodeProto node = product;
    while (node.getOutputCount() == 1 && !Nodes.is(node, "QuantizeLinear")) {
      String result = node.getOutput(0);
      List<NodeProto> all = readers.getOrDefault(result, List.of());
      int reads = all.size() + (outputs.contains(result) ? 1 : 0);
      if (reads > 1) {
        return true;
      }
      if (all.isEmpty()) {
        return false;
      }
      node = all.get(0);
    }
    return false;
  }
}
