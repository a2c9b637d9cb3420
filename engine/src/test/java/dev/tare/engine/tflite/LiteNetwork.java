package dev.tare.engine.tflite;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;

/** Builds a small model operator by operator. Tensors are known by their index. */
public final class LiteNetwork {

  private final LiteDraft draft;
  private final List<OperatorT> operators = new ArrayList<>();
  private final List<Integer> inputs = new ArrayList<>();

  public LiteNetwork() {
    SubGraphT graph = new SubGraphT();
    graph.setTensors(new TensorT[0]);
    graph.setInputs(new int[0]);
    graph.setOutputs(new int[0]);
    graph.setOperators(new OperatorT[0]);
    List<ByteBuffer> buffers = new ArrayList<>();
    buffers.add(ByteBuffer.allocate(0));
    draft =
        new LiteDraft(
            "",
            new ArrayList<>(),
            graph,
            buffers,
            new ArrayList<>(),
            new ArrayList<>(),
            new LiteDraft.Attachments(List.of(), ByteBuffer.allocate(0)));
  }

  private int tensor(String name, DType type, int... dims) {
    long[] shape = Arrays.stream(dims).asLongStream().toArray();
    return draft.addTensor(name, LiteTypes.of(type), Shape.of(shape), List.of());
  }

  /** A float tensor that the caller fills. */
  public int input(String name, int... dims) {
    int input = tensor(name, DType.FLOAT32, dims);
    inputs.add(input);
    return input;
  }

  /** A float tensor that an operator computes. */
  public int made(String name, int... dims) {
    return tensor(name, DType.FLOAT32, dims);
  }

  public int floats(String name, int[] dims, float... values) {
    int constant = tensor(name, DType.FLOAT32, dims);
    ByteBuffer data = bytes(values.length);
    data.asFloatBuffer().put(values);
    draft.setData(constant, data);
    return constant;
  }

  public int ints(String name, int[] dims, int... values) {
    int constant = tensor(name, DType.INT32, dims);
    ByteBuffer data = bytes(values.length);
    data.asIntBuffer().put(values);
    draft.setData(constant, data);
    return constant;
  }

  private static ByteBuffer bytes(int values) {
    return ByteBuffer.allocate(Integer.BYTES * values).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Adds an operator.
   *
   * @param options of the generated class for the number {@code optionsType}; null if it has none
   */
  public void add(String type, byte optionsType, Object options, int[] in, int... out) {
    int code = draft.code(Arrays.asList(BuiltinOperator.names).indexOf(type), 1);
    OperatorT operator = draft.operator(code, in[0], out[0]);
    operator.setInputs(in);
    operator.setOutputs(out);
    BuiltinOptionsUnion union = new BuiltinOptionsUnion();
    union.setType(optionsType);
    union.setValue(options);
    operator.setBuiltinOptions(union);
    operators.add(operator);
  }

  /** The model, of which the caller reads some tensors. */
  public LiteModel finish(int... outputs) {
    draft.setInputs(inputs.stream().mapToInt(Integer::intValue).toArray());
    draft.setOutputs(outputs);
    draft.setOperators(operators);
    return draft.finish("x.tflite");
  }
}
