package dev.tare.engine.target;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Lists which operators of a QDQ model read quantized tensors, in the form of the files in
 * /tensorrt: operator, its inputs, the operators that read its outputs. {@code A} is an activation
 * through Q and DQ, {@code W} a quantized weight, {@code f} a float tensor.
 */
final class Placements {

  private final OnnxModel model;
  private final Map<String, NodeProto> makers = new HashMap<>();
  private final Set<String> constants = new HashSet<>();

  private Placements(OnnxModel model) {
    this.model = model;
    for (NodeProto node : model.graph().getNodeList()) {
      node.getOutputList().forEach(output -> makers.put(output, node));
      if (node.getOpType().equals("Constant")) {
        constants.add(node.getOutput(0));
      }
    }
    model.graph().getInitializerList().forEach(c -> constants.add(c.getName()));
  }

  /** How many operators of each kind read and are read so. */
  static SortedMap<String, Integer> of(OnnxModel model) {
    return new Placements(model).lines();
  }

  private SortedMap<String, Integer> lines() {
    SortedMap<String, Integer> lines = new TreeMap<>();
    for (NodeProto node : model.graph().getNodeList()) {
      if (!Set.of("QuantizeLinear", "DequantizeLinear", "Constant").contains(node.getOpType())) {
        String inputs =
            node.getInputList().stream().map(this::kind).collect(Collectors.joining(" "));
        lines.merge(node.getOpType() + " <- " + inputs + " -> " + readers(node), 1, Integer::sum);
      }
    }
    return lines;
  }

  private String kind(String input) {
    NodeProto maker = makers.get(input);
    if (maker != null && maker.getOpType().equals("DequantizeLinear")) {
      return constants.contains(maker.getInput(0)) ? "W" : "A";
    }
    return constants.contains(input) ? "const" : "f";
  }

  private String readers(NodeProto node) {
    Set<String> readers = new TreeSet<>();
    for (NodeProto other : model.graph().getNodeList()) {
      if (other.getInputList().stream().anyMatch(node.getOutputList()::contains)) {
        readers.add(other.getOpType());
      }
    }
    return String.join(",", readers);
  }

  /** Reads a file of Model Optimizer's placement, by network; a file of one has the name "". */
  static Map<String, SortedMap<String, Integer>> parse(List<String> lines) {
    Map<String, SortedMap<String, Integer>> networks = new HashMap<>();
    String network = "";
    for (String line : lines) {
      if (line.startsWith("== ")) {
        network = line.substring(3);
      } else if (!line.startsWith("opset") && !line.contains(" Constant ")) {
        String[] parts = line.split("\\s+(<-|->)\\s?", -1);
        String[] head = parts[0].split(" ", -1);
        List<String> inputs = new ArrayList<>();
        for (String input : parts[1].split(" \\| ", -1)) {
          inputs.add(input.strip().replaceAll(":QDQ.*", "").replaceAll("const .*", "const"));
        }
        networks
            .computeIfAbsent(network, n -> new TreeMap<>())
            .merge(
                head[1] + " <- " + String.join(" ", inputs) + " -> " + parts[2].strip(),
                Integer.parseInt(head[0]),
                Integer::sum);
      }
    }
    return networks;
  }

  /** What breaks TensorRT's rules in a model, in words; nothing if it follows them. */
  static List<String> violations(OnnxModel model) {
    List<String> problems = new ArrayList<>();
    Map<String, TensorProto> constants = new HashMap<>();
    model.graph().getInitializerList().forEach(c -> constants.put(c.getName(), c));
    if (model.opset() < 19) {
      problems.add("opset " + model.opset());
    }
    for (NodeProto node : model.graph().getNodeList()) {
      if (!node.getOpType().endsWith("quantizeLinear")
          && !node.getOpType().equals("QuantizeLinear")) {
        continue;
      }
      for (float scale : TensorCodec.decode(constants.get(node.getInput(1))).toFloatArray()) {
        if (!(scale > 0)) {
          problems.add("scale " + scale + " of " + node.getInput(0));
        }
      }
      if (node.getInputCount() > 2) {
        for (byte zero : bytes(constants.get(node.getInput(2)))) {
          if (zero != 0) {
            problems.add("zero point of " + node.getInput(0));
          }
        }
      }
      TensorProto stored = constants.get(node.getInput(0));
      if (stored != null && stored.getDataType() == TensorProto.DataType.INT32.getNumber()) {
        problems.add("int32 bias " + node.getInput(0));
      }
    }
    return problems;
  }

  private static byte[] bytes(TensorProto zeroPoint) {
    return zeroPoint.getRawData().toByteArray();
  }
}
