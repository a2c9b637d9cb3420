package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import java.util.Arrays;
import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.SignatureDefT;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorMapT;
import org.tensorflow.lite.schema.TensorT;

/**
 * What the numbers in a file must fulfil so that its graph can be run in the order of its
 * operators: indices, shapes against data, each tensor computed once and before it is read.
 */
final class GraphCheck {

  /** No single tensor that Java and the runtime exchange may be larger. */
  private static final long MAX_TENSOR_BYTES = Integer.MAX_VALUE - 64L;

  private static final int MAX_RANK = 8;

  /** Biases are third, and what comes behind them may be left out too. */
  private static final int FIRST_OPTIONAL = 2;

  /** Operators without inputs. */
  private static final Set<String> SOURCES = Set.of("CUSTOM", "DELEGATE", "VAR_HANDLE");

  private final String model;
  private final LiteDraft draft;
  private final SubGraphT graph;
  private final int tensors;

  private GraphCheck(String model, LiteDraft draft) {
    this.model = model;
    this.draft = draft;
    this.graph = draft.graph();
    this.tensors = graph.getTensors().length;
  }

  /**
   * Checks a graph.
   *
   * @throws InvalidModelException naming the first tensor or operator that is wrong
   */
  static void check(String model, LiteDraft draft) {
    GraphCheck check = new GraphCheck(model, draft);
    require(
        model,
        draft.buffers().isEmpty() || draft.buffers().get(0).remaining() == 0,
        "its first buffer, which stands for no data, has some");
    for (int i = 0; i < check.tensors; i++) {
      check.tensor(i, check.graph.getTensors()[i]);
    }
    draft.metadata().forEach(entry -> check.buffer("metadata", entry.getBuffer()));
    draft.attachments().buffers().forEach(buffer -> check.buffer("metadata", buffer));
    check.each("the inputs", check.graph.getInputs(), 0);
    check.each("the outputs", check.graph.getOutputs(), 0);
    check.operators();
    draft.signatures().forEach(check::signature);
  }

  private void tensor(int index, TensorT tensor) {
    String what = "tensor %d '%s'".formatted(index, tensor.getName());
    buffer(what, tensor.getBuffer());
    require(
        LiteTypes.of(tensor.getType()).isPresent(),
        "%s is of type %s, which Tare does not read"
            .formatted(what, LiteTypes.name(tensor.getType())));
    int[] shape = tensor.getShape();
    require(shape.length <= MAX_RANK, what + " has %d dimensions".formatted(shape.length));
    long elements = 1;
    for (int dim : shape) {
      require(dim >= 0, what + " has the shape " + Arrays.toString(shape));
      elements *= dim;
      require(elements <= MAX_TENSOR_BYTES, what + " has the shape " + Arrays.toString(shape));
    }
    int[] signature = tensor.getShapeSignature();
    require(
        signature == null || signature.length == shape.length,
        what + " has a signature of another length than its shape");
    long bytes = LiteTypes.of(tensor.getType()).orElseThrow().bytes();
    require(elements * bytes <= MAX_TENSOR_BYTES, what + " has more than 2 GB");
    int data = draft.buffers().get((int) tensor.getBuffer()).remaining();
    if (data > 0) {
      require(
          data == elements * bytes,
          "%s of type %s and shape %s has %d bytes of data"
              .formatted(what, LiteTypes.name(tensor.getType()), Arrays.toString(shape), data));
    }
    require(
        data == 0 || !tensor.getIsVariable(),
        what + " has values and is a variable at the same time");
  }

  private void buffer(String what, long buffer) {
    require(
        buffer >= 0 && buffer < draft.buffers().size(),
        "%s has buffer %d, and there are %d".formatted(what, buffer, draft.buffers().size()));
  }

  private void each(String what, int[] indices, int lowest) {
    for (int index : indices) {
      require(
          index >= lowest && index < tensors,
          "%s name tensor %d, and there are %d".formatted(what, index, tensors));
    }
  }

  private void operators() {
    boolean[] known = new boolean[tensors];
    boolean[] computed = new boolean[tensors];
    for (int i = 0; i < tensors; i++) {
      TensorT tensor = graph.getTensors()[i];
      boolean data = draft.buffers().get((int) tensor.getBuffer()).remaining() > 0;
      known[i] = data || tensor.getIsVariable() || elements(tensor) == 0;
    }
    for (int input : graph.getInputs()) {
      require(
          !computed[input]
              && draft.buffers().get((int) tensorOf(input).getBuffer()).remaining() == 0,
          "tensor %d is an input twice, or an input with values".formatted(input));
      known[input] = true;
      computed[input] = true;
    }
    for (int i = 0; i < graph.getOperators().length; i++) {
      OperatorT operator = graph.getOperators()[i];
      String what = "operator " + i;
      long code = operator.getOpcodeIndex();
      require(
          code >= 0 && code < draft.codes().size(),
          "%s has code %d, and there are %d".formatted(what, code, draft.codes().size()));
      code(what, draft.codes().get((int) code));
      each("the inputs of " + what, operator.getInputs(), -1);
      each("the outputs of " + what, operator.getOutputs(), 0);
      require(operator.getOutputs().length > 0, what + " computes nothing");
      optional(what, operator.getInputs(), draft.codes().get((int) code));
      if (operator.getIntermediates() != null) {
        each("the intermediates of " + what, operator.getIntermediates(), -1);
      }
      for (int input : operator.getInputs()) {
        require(
            input < 0 || known[input],
            "%s reads tensor %d '%s', which nothing before it computes: the graph has a cycle, or is out of order"
                .formatted(what, input, input < 0 ? "" : tensorOf(input).getName()));
      }
      for (int output : operator.getOutputs()) {
        require(
            !computed[output]
                && draft.buffers().get((int) tensorOf(output).getBuffer()).remaining() == 0,
            "tensor %d '%s' is computed twice, or has values already"
                .formatted(output, tensorOf(output).getName()));
        computed[output] = true;
        known[output] = true;
      }
    }
    for (int output : graph.getOutputs()) {
      require(
          known[output],
          "nothing computes output %d '%s'".formatted(output, tensorOf(output).getName()));
    }
  }

  /** A kernel reads what it does not know to be optional, and would crash. */
  private void optional(String what, int[] inputs, OperatorCodeT code) {
    String type = BuiltinOperator.name(code.getBuiltinCode());
    boolean recurrent = type.contains("LSTM") || type.contains("RNN");
    for (int i = 0; i < Math.min(inputs.length, recurrent ? 1 : FIRST_OPTIONAL); i++) {
      require(inputs[i] >= 0, "%s, a %s, leaves out input %d".formatted(what, type, i));
    }
    require(inputs.length > 0 || SOURCES.contains(type), what + " reads nothing");
  }

  private static long elements(TensorT tensor) {
    long elements = 1;
    for (int dim : tensor.getShape()) {
      elements *= dim;
    }
    return elements;
  }

  private TensorT tensorOf(int index) {
    return graph.getTensors()[index];
  }

  private void code(String what, OperatorCodeT code) {
    int builtin = code.getBuiltinCode();
    require(
        builtin >= 0 && builtin < BuiltinOperator.names.length && code.getVersion() > 0,
        "%s has number %d, version %d: it is newer than what Tare reads"
            .formatted(what, builtin, code.getVersion()));
  }

  private void signature(SignatureDefT signature) {
    String what = "signature '%s'".formatted(signature.getSignatureKey());
    require(signature.getSubgraphIndex() == 0, what + " is of another graph");
    for (TensorMapT[] maps : new TensorMapT[][] {signature.getInputs(), signature.getOutputs()}) {
      for (TensorMapT map : maps) {
        each(what, new int[] {(int) Math.min(map.getTensorIndex(), Integer.MAX_VALUE)}, 0);
      }
    }
  }

  private void require(boolean condition, String what) {
    require(model, condition, what);
  }

  private static void require(String model, boolean condition, String what) {
    if (!condition) {
      throw new InvalidModelException(model, "its graph is broken: " + what);
    }
  }
}
