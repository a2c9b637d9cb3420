package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Element types of a graph's tensors as far as they follow from declarations, constants and
 * operators: what a MatMul multiplies by a float32 weight is float32, and so is its output.
 *
 * <p>Tensors that an operator requires to be of one type form a set; one known type determines the
 * others, upstream, downstream and through bodies of If, Loop and Scan.
 */
public final class TensorTypes {

  private final Map<String, String> parents = new HashMap<>();
  private final Map<String, Integer> declared = new HashMap<>();
  private final Map<String, Integer> ofSets = new HashMap<>();
  private int bodies;

  private TensorTypes() {}

  public static TensorTypes of(GraphProto graph) {
    TensorTypes types = new TensorTypes();
    types.read(graph, new Scope("", Set.of(), null));
    types.declared.forEach((name, code) -> types.ofSets.putIfAbsent(types.root(name), code));
    return types;
  }

  /** True unless the tensor is known to have values other than real numbers. */
  public boolean mayBeFloat(String tensor) {
    int code = code(tensor);
    return code == 0 || TensorCodec.dtype(code).filter(DType::isFloat).isPresent();
  }

  /** True if the tensor is known to have 32-bit floats. */
  public boolean isFloat(String tensor) {
    return code(tensor) == DType.FLOAT32.onnxCode();
  }

  private int code(String tensor) {
    Integer own = declared.get(tensor);
    return own != null ? own : ofSets.getOrDefault(root(tensor), 0);
  }

  /** Names defined in a body are prefixed with the body's number. */
  private record Scope(String prefix, Set<String> defined, Scope outer) {
    String name(String tensor) {
      return outer == null || defined.contains(tensor) ? prefix + tensor : outer.name(tensor);
    }
  }

  private void read(GraphProto graph, Scope scope) {
    graph.getInitializerList().forEach(t -> declare(scope, t.getName(), t.getDataType()));
    for (List<ValueInfoProto> infos :
        List.of(graph.getInputList(), graph.getValueInfoList(), graph.getOutputList())) {
      for (ValueInfoProto info : infos) {
        declare(scope, info.getName(), info.getType().getTensorType().getElemType());
      }
    }
    for (NodeProto node : graph.getNodeList()) {
      for (int i = 0; i < node.getOutputCount(); i++) {
        int output = i;
        TypeRules.fixed(node, i).ifPresent(code -> declare(scope, node.getOutput(output), code));
      }
      List<String> alike = TypeRules.alike(node);
      alike.forEach(tensor -> join(scope.name(alike.get(0)), scope.name(tensor)));
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG() && Nodes.isStandard(node)) {
          body(node, attribute.getG(), scope);
        }
      }
    }
  }

  private void body(NodeProto node, GraphProto body, Scope outer) {
    // Nobody uses such a name; a model that did would only lose the type of a tensor.
    Scope inner = new Scope("\0" + bodies++ + "/", Nodes.defined(body), outer);
    read(body, inner);
    switch (node.getOpType()) {
      case "If" -> results(node, body, outer, inner, 0);
      case "Loop" -> {
        for (int i = 2; i < node.getInputCount() && i < body.getInputCount(); i++) {
          join(outer.name(node.getInput(i)), inner.name(body.getInput(i).getName()));
          if (i - 1 < body.getOutputCount()) {
            join(
                inner.name(body.getInput(i).getName()),
                inner.name(body.getOutput(i - 1).getName()));
          }
        }
        results(node, body, outer, inner, 1);
      }
      case "Scan" -> {
        for (int i = 0; i < node.getInputCount() && i < body.getInputCount(); i++) {
          join(outer.name(node.getInput(i)), inner.name(body.getInput(i).getName()));
        }
        results(node, body, outer, inner, 0);
      }
      default -> {}
    }
  }

  /** The outputs of a node have the types of its body's outputs, after skipping the first ones. */
  private void results(NodeProto node, GraphProto body, Scope outer, Scope inner, int first) {
    for (int i = 0; i < node.getOutputCount() && first + i < body.getOutputCount(); i++) {
      join(outer.name(node.getOutput(i)), inner.name(body.getOutput(first + i).getName()));
    }
  }

  private void declare(Scope scope, String tensor, int code) {
    if (code != 0) {
      declared.putIfAbsent(scope.name(tensor), code);
    }
  }

  private void join(String a, String b) {
    if (!a.isEmpty() && !b.isEmpty()) {
      String from = root(a);
      String to = root(b);
      if (!from.equals(to)) {
        parents.put(from, to);
      }
    }
  }

  private String root(String tensor) {
    String root = tensor;
    while (parents.containsKey(root)) {
      root = parents.get(root);
    }
    for (String at = tensor; !at.equals(root); ) {
      String next = parents.put(at, root);
      at = next;
    }
    return root;
  }
}
