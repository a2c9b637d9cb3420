package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The standard's rules for element types of an operator's inputs and outputs. */
final class TypeRules {

  private static final Set<String> TO_INT64 =
      Set.of("Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression", "SequenceLength");
  private static final Set<String> COMPARISONS =
      Set.of("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual");
  private static final Set<String> TO_BOOL =
      Set.of("Not", "And", "Or", "Xor", "IsNaN", "IsInf", "RegexFullMatch");

  /**
   * Operators whose first output has a type that does not follow from an input, or follows from
   * bodies.
   */
  private static final Set<String> OPAQUE =
      Set.of(
          "If",
          "Loop",
          "Scan",
          "Optional",
          "StringSplit",
          "EyeLike",
          "RandomNormalLike",
          "RandomUniformLike",
          "Bernoulli",
          "Multinomial",
          "TfIdfVectorizer",
          "QuantizeLinear",
          "DequantizeLinear",
          "DynamicQuantizeLinear",
          "QLinearConv",
          "QLinearMatMul",
          "ConvInteger",
          "MatMulInteger",
          "MelWeightMatrix",
          "HannWindow",
          "HammingWindow",
          "BlackmanWindow",
          "BitCast",
          "ImageDecoder");

  /** Operators whose inputs all have the type of the output. */
  private static final Set<String> UNIFORM =
      Set.of(
          "MatMul",
          "Gemm",
          "Conv",
          "ConvTranspose",
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Mod",
          "Max",
          "Min",
          "Sum",
          "Mean",
          "Concat",
          "Clip",
          "PRelu",
          "Range",
          "Einsum",
          "InstanceNormalization",
          "com.microsoft.FusedMatMul",
          "com.microsoft.FusedGemm",
          "com.microsoft.FusedConv",
          "com.microsoft.BiasGelu",
          "com.microsoft.FastGelu",
          "com.microsoft.Gelu",
          "com.microsoft.QuickGelu");

  /** Inputs with the output's type, for operators where others have a different one. */
  private static final Map<String, List<Integer>> INPUTS =
      Map.ofEntries(
          Map.entry("Where", List.of(1, 2)),
          Map.entry("CastLike", List.of(1)),
          Map.entry("OneHot", List.of(2)),
          Map.entry("LSTM", List.of(0, 1, 2, 3, 5, 6, 7)),
          Map.entry("GRU", List.of(0, 1, 2, 3, 5)),
          Map.entry("RNN", List.of(0, 1, 2, 3, 5)),
          Map.entry("LayerNormalization", List.of(0, 1, 2)),
          Map.entry("ScatterElements", List.of(0, 2)),
          Map.entry("ScatterND", List.of(0, 2)),
          Map.entry("com.microsoft.Attention", List.of(0, 1, 2)),
          Map.entry("com.microsoft.MultiHeadAttention", List.of(0, 1, 2, 3)),
          Map.entry("com.microsoft.EmbedLayerNormalization", List.of(2, 3, 4, 5, 6)),
          Map.entry("com.microsoft.SkipLayerNormalization", List.of(0, 1, 2, 3, 4)),
          Map.entry("com.microsoft.SkipSimplifiedLayerNormalization", List.of(0, 1, 2, 3)));

  private static final Set<String> ALL_OUTPUTS = Set.of("LSTM", "GRU", "RNN", "Split");

  /** Operators of ai.onnx.ml with the output that always has 32-bit floats. */
  private static final Map<String, Integer> FLOAT_OUTPUT =
      Map.of(
          "ai.onnx.ml.Normalizer", 0,
          "ai.onnx.ml.Scaler", 0,
          "ai.onnx.ml.FeatureVectorizer", 0,
          "ai.onnx.ml.LinearRegressor", 0,
          "ai.onnx.ml.SVMRegressor", 0,
          "ai.onnx.ml.TreeEnsembleRegressor", 0,
          "ai.onnx.ml.LinearClassifier", 1,
          "ai.onnx.ml.SVMClassifier", 1,
          "ai.onnx.ml.TreeEnsembleClassifier", 1);

  private TypeRules() {}

  private static String key(NodeProto node) {
    return Nodes.isStandard(node) ? node.getOpType() : node.getDomain() + "." + node.getOpType();
  }

  /** Returns the tensors of a node that all have the same type; bodies are handled elsewhere. */
  static List<String> alike(NodeProto node) {
    String op = key(node);
    List<String> alike = new ArrayList<>();
    if (COMPARISONS.contains(op)) {
      return node.getInputList();
    }
    if (UNIFORM.contains(op)) {
      alike.addAll(node.getInputList());
    } else if (INPUTS.containsKey(op)) {
      INPUTS.get(op).forEach(i -> alike.add(Nodes.input(node, i)));
    } else if (Nodes.isStandard(node) && !OPAQUE.contains(op) && fixed(node, 0).isEmpty()) {
      alike.add(Nodes.input(node, 0));
    } else {
      return List.of();
    }
    if (ALL_OUTPUTS.contains(op)) {
      alike.addAll(node.getOutputList());
    } else if (node.getOutputCount() > 0) {
      alike.add(node.getOutput(0));
    }
    alike.removeIf(String::isEmpty);
    return alike;
  }

  /** Returns the type that an operator's output always has; empty if it follows from the inputs. */
  static Optional<Integer> fixed(NodeProto node, int output) {
    String op = key(node);
    if (output > 0) {
      return switch (op) {
        case "TopK", "MaxPool", "Unique" -> Optional.of(DType.INT64.onnxCode());
        case "Dropout" -> Optional.of(DType.BOOL.onnxCode());
        default -> floatOutput(op, output);
      };
    }
    if (TO_INT64.contains(op)) {
      return Optional.of(DType.INT64.onnxCode());
    }
    if (TO_BOOL.contains(op) || COMPARISONS.contains(op)) {
      return Optional.of(DType.BOOL.onnxCode());
    }
    return switch (op) {
      case "Cast" -> Optional.of((int) Nodes.intAttribute(node, "to", 0)).filter(code -> code != 0);
      case "Constant" -> Optional.of(constant(node));
      case "ConstantOfShape" ->
          Optional.of(
              Nodes.attribute(node, "value")
                  .map(a -> a.getT().getDataType())
                  .orElse(DType.FLOAT32.onnxCode()));
      default -> floatOutput(op, output);
    };
  }

  private static Optional<Integer> floatOutput(String op, int output) {
    return FLOAT_OUTPUT.getOrDefault(op, -1) == output
        ? Optional.of(DType.FLOAT32.onnxCode())
        : Optional.empty();
  }

  private static int constant(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasT()) {
        return attribute.getT().getDataType();
      }
      if (attribute.getName().startsWith("value_int")) {
        return DType.INT64.onnxCode();
      }
      if (attribute.getName().startsWith("value_string")) {
        return TensorProto.DataType.STRING.getNumber();
      }
    }
    return DType.FLOAT32.onnxCode();
  }
}
