package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.graph.ConstantScope;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Checks, before a runtime opens a model, that Tare supports it: a float32 model of known
 * operators.
 *
 * <p>{@link OnnxModel#parse} has already checked the structure. Whether there is anything to
 * quantize is decided by planning.
 */
public final class Preflight {

  /** Oldest supported version of the standard operators. */
  public static final int MIN_OPSET = 7;

  /** Newest version of the standard operators that a target loads. */
  public static final int MAX_OPSET = Targets.maxOpset();

  private static final Set<String> DOMAINS = Set.of("", "ai.onnx.ml", "com.microsoft");
  private static final Pattern QUANTIZED =
      Pattern.compile(
          "Q[A-Z].*|.*[Qq]uantize.*|MatMulInteger.*|ConvInteger|MatMulNBits|MatMulBnb4|MatMulFpQ4");

  private final OnnxModel model;
  private final List<String> warnings = new ArrayList<>();
  private final FillCheck.Total fills = new FillCheck.Total();

  private Preflight(OnnxModel model) {
    this.model = model;
  }

  /**
   * Checks a model; returns warnings on what cannot be judged without running it.
   *
   * @throws InvalidModelException if the model is still in half precision, already quantized, a
   *     decoder with a cache, of an opset outside [{@link #MIN_OPSET}, {@link #MAX_OPSET}], has
   *     operators of unknown domains, inputs that are not dense tensors, or an operator that makes
   *     more than 2^28 values from constants, or all such operators more than 2^30
   */
  public static List<String> check(OnnxModel model) {
    Preflight preflight = new Preflight(model);
    preflight.checkOpsets();
    preflight.checkInterface();
    preflight.check(model.graph(), ConstantScope.ofMain(model.graph(), model.constants()));
    return List.copyOf(preflight.warnings);
  }

  private void checkOpsets() {
    int opset = model.opset();
    if (opset < MIN_OPSET || opset > MAX_OPSET) {
      throw refuse(
          "it uses opset %d of the standard operators; supported are %d to %d"
              .formatted(opset, MIN_OPSET, MAX_OPSET));
    }
  }

  private void checkInterface() {
    List<TensorInfo> inputs = model.inputs();
    for (TensorInfo input : inputs) {
      Optional<DType> type = input.dtype();
      if (type.isEmpty()) {
        throw refuse("input '" + input.name() + "' is not a dense tensor of numbers");
      }
      if (isHalf(type.get().onnxCode())) {
        throw refuse(
            "input '%s' is %s: the model is in half precision; export it in float32"
                .formatted(input.name(), type.get()));
      }
    }
    boolean past = inputs.stream().anyMatch(i -> i.name().matches("past([_.].*)?"));
    boolean present = model.outputs().stream().anyMatch(o -> o.name().startsWith("present"));
    if (past && present) {
      throw refuse(
          "it is a decoder with a key-value cache (past and present tensors), which calibration on"
              + " single samples cannot run; export it without the cache");
    }
  }

  private void check(GraphProto graph, ConstantScope scope) {
    FillCheck operators = new FillCheck(model.name(), scope, fills);
    graph.getInitializerList().forEach(this::check);
    for (NodeProto node : graph.getNodeList()) {
      String domain = Nodes.domain(node.getDomain());
      String op = node.getOpType();
      if (!DOMAINS.contains(domain)) {
        throw refuse(
            "operator %s of domain '%s' (node '%s') is not one of ONNX or ONNX Runtime"
                .formatted(op, domain, node.getName()));
      }
      if (QUANTIZED.matcher(op).matches()) {
        throw refuse(
            "it is already quantized: it has %s (node '%s'); start from the float model"
                .formatted(op, node.getName()));
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasT()) {
          check(attribute.getT());
        }
      }
      operators.check(node);
      if (op.equals("Loop") && scope.find(Nodes.input(node, 0)).isEmpty()) {
        warnings.add("Loop '" + node.getName() + "' may run without end");
      }
      Nodes.subgraphs(node).forEach(body -> check(body, scope.inner(body, "")));
    }
  }

  private void check(TensorProto tensor) {
    if (isHalf(tensor.getDataType())) {
      throw refuse(
          "constant '%s' is %s: the model is in half precision; export it in float32"
              .formatted(tensor.getName(), DType.ofOnnxCode(tensor.getDataType())));
    }
  }

  private static boolean isHalf(int code) {
    return code == DType.FLOAT16.onnxCode() || code == DType.BFLOAT16.onnxCode();
  }

  private InvalidModelException refuse(String reason) {
    return new InvalidModelException(model.name(), reason);
  }
}
