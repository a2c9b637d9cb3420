package dev.tare.engine.onnx;

import com.google.protobuf.ByteString;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Checks what every later step relies on: unique names, tensors of the declared size, no cycle, no
 * data in files that were not opened.
 *
 * <p>Nodes need not be sorted, as ONNX Runtime sorts them itself. Linear in nodes and edges.
 */
final class StructureCheck {

  static final int MAX_DEPTH = 16;
  private static final int MAX_NAME = 16_384;
  private static final char REPLACEMENT = '\uFFFD';
  private static final int MAX_SHOWN = 64;

  private final String model;
  private final TensorCheck tensors;
  private final NodeCheck nodes;

  private StructureCheck(String model, TensorCheck tensors) {
    this.model = model;
    this.tensors = tensors;
    this.nodes = new NodeCheck(model);
  }

  /**
   * @param attached whether the data of external tensors was loaded
   * @throws InvalidModelException with the first fault found
   */
  static void check(String model, ModelProto proto, boolean attached) {
    new StructureCheck(model, new TensorCheck(model, attached)).check(proto);
  }

  private void check(ModelProto proto) {
    if (!proto.hasGraph() || proto.getGraph().getNodeCount() == 0) {
      throw refuse("it has no graph: not an ONNX model, or an empty one");
    }
    if (proto.getOpsetImportList().stream().noneMatch(o -> Nodes.domain(o.getDomain()).isEmpty())) {
      throw refuse("it does not state which version of the standard operators it uses");
    }
    if (proto.getFunctionsCount() > 0) {
      throw refuse(
          "it defines functions ('%s'); inline them first"
              .formatted(proto.getFunctions(0).getName()));
    }
    if (proto.getTrainingInfoCount() > 0) {
      throw refuse("it carries training graphs; export it for inference");
    }
    if (proto.getGraph().getOutputCount() == 0) {
      throw refuse("its graph has no outputs");
    }
    check(proto.getGraph(), name -> false, 0);
  }

  /**
   * Scopes are chained, not copied: with many subgraphs in a large graph the cost would be the
   * product of both.
   */
  private void check(GraphProto graph, Predicate<String> outer, int depth) {
    if (depth > MAX_DEPTH) {
      throw refuse("subgraphs are nested deeper than " + MAX_DEPTH);
    }
    tensors.check(graph);
    Set<String> roots = roots(graph);
    Map<String, Integer> producers = producers(graph, roots);
    Predicate<String> visible =
        name -> roots.contains(name) || producers.containsKey(name) || outer.test(name);

    int index = 0;
    for (NodeProto node : graph.getNodeList()) {
      tensors.check(node);
      nodes.check(node, index);
      for (String input : node.getInputList()) {
        if (!input.isEmpty() && !visible.test(input)) {
          throw refuse(
              "node %d (%s '%s') reads '%s', which nothing defines"
                  .formatted(index, node.getOpType(), node.getName(), input));
        }
      }
      for (GraphProto subgraph : Nodes.subgraphs(node)) {
        check(subgraph, visible, depth + 1);
      }
      index++;
    }
    for (ValueInfoProto output : graph.getOutputList()) {
      if (!visible.test(output.getName())) {
        throw refuse("output '" + output.getName() + "' is not computed by any node");
      }
    }
    checkAcyclic(graph, producers);
  }

  private Set<String> roots(GraphProto graph) {
    Set<String> inputs = new HashSet<>();
    for (ValueInfoProto input : graph.getInputList()) {
      if (!inputs.add(named(input.getName(), input.getNameBytes(), "an input"))) {
        throw refuse("input '" + input.getName() + "' occurs twice");
      }
    }
    Set<String> initializers = new HashSet<>();
    for (TensorProto tensor : graph.getInitializerList()) {
      // The last one would win in ONNX Runtime, and the first one elsewhere.
      if (!initializers.add(named(tensor.getName(), tensor.getNameBytes(), "an initializer"))) {
        throw refuse("initializer '" + tensor.getName() + "' occurs twice");
      }
    }
    inputs.addAll(initializers);
    return inputs;
  }

  private Map<String, Integer> producers(GraphProto graph, Set<String> roots) {
    Map<String, Integer> producers = new HashMap<>();
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      for (int k = 0; k < node.getOutputCount(); k++) {
        String output = node.getOutput(k);
        if (output.isEmpty()) {
          continue;
        }
        named(output, node.getOutputBytes(k), "a tensor");
        if (roots.contains(output) || producers.putIfAbsent(output, i) != null) {
          throw refuse("tensor '" + output + "' is defined twice");
        }
      }
    }
    return producers;
  }

  /** Kahn's algorithm: a node that never becomes ready is on a cycle or after one. */
  private void checkAcyclic(GraphProto graph, Map<String, Integer> producers) {
    int count = graph.getNodeCount();
    int[] waiting = new int[count];
    List<List<Integer>> readers = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      readers.add(new ArrayList<>(1));
    }
    Deque<Integer> ready = new ArrayDeque<>();
    for (int i = 0; i < count; i++) {
      for (String name : Nodes.reads(graph.getNode(i))) {
        Integer producer = producers.get(name);
        if (producer != null) {
          readers.get(producer).add(i);
          waiting[i]++;
        }
      }
      if (waiting[i] == 0) {
        ready.add(i);
      }
    }
    int done = 0;
    while (!ready.isEmpty()) {
      done++;
      for (int reader : readers.get(ready.remove())) {
        if (--waiting[reader] == 0) {
          ready.add(reader);
        }
      }
    }
    if (done < count) {
      int stuck = 0;
      while (waiting[stuck] == 0) {
        stuck++;
      }
      throw refuse(
          "its graph has a cycle, at or before node %d (%s '%s')"
              .formatted(stuck, graph.getNode(stuck).getOpType(), graph.getNode(stuck).getName()));
    }
  }

  private String named(String name, ByteString bytes, String what) {
    if (name.isEmpty()) {
      throw refuse(what + " has no name");
    }
    if (name.length() > MAX_NAME) {
      throw refuse(what + " has a name of " + name.length() + " characters");
    }
    // Undecodable bytes become a replacement character, so two names could become equal.
    if (name.indexOf(REPLACEMENT) >= 0 && !bytes.isValidUtf8()) {
      throw refuse(
          "%s has a name that is not UTF-8: '%s', in bytes %s"
              .formatted(what, name, HexFormat.of().formatHex(shown(bytes).toByteArray())));
    }
    return name;
  }

  private static ByteString shown(ByteString bytes) {
    return bytes.substring(0, Math.min(bytes.size(), MAX_SHOWN));
  }

  private InvalidModelException refuse(String reason) {
    return new InvalidModelException(model, reason);
  }
}
