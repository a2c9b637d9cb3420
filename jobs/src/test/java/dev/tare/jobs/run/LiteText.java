package dev.tare.jobs.run;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.tensorflow.lite.schema.BufferT;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.FullyConnectedOptionsT;
import org.tensorflow.lite.schema.GatherOptionsT;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.ModelT;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.ReducerOptionsT;
import org.tensorflow.lite.schema.SoftmaxOptionsT;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;
import org.tensorflow.lite.schema.TensorType;

/** Writes a classifier of texts: the mean of the vectors of their tokens, a layer and Softmax. */
final class LiteText {

  /** Tokens of the sentence-embedding model. */
  private static final int TOKENS = 30_522;

  private static final int WIDTH = 8;
  private static final int CLASSES = 4;
  private static final int SCHEMA_VERSION = 3;

  private final Random random = new Random(5);
  private final List<TensorT> tensors = new ArrayList<>();
  private final List<BufferT> buffers = new ArrayList<>();
  private final List<OperatorCodeT> codes = new ArrayList<>();
  private final List<OperatorT> operators = new ArrayList<>();

  private LiteText() {
    buffers.add(new BufferT());
  }

  /** Its input {@code input_ids} is INT32 of any number of texts of any length. */
  static Path write(Path file) throws IOException {
    return Files.write(file, new LiteText().bytes());
  }

  private byte[] bytes() {
    int ids = tensor("input_ids", TensorType.INT32, 1, 1);
    tensors.get(ids).setShapeSignature(new int[] {-1, -1});
    int vectors = tensor("vectors", TensorType.FLOAT32, 1, 1, WIDTH);
    tensors.get(vectors).setShapeSignature(new int[] {-1, -1, WIDTH});
    int mean = batch("mean", WIDTH);
    int logits = batch("logits", CLASSES);
    int classes = batch("classes", CLASSES);
    int table = gaussian("table", TOKENS, WIDTH);
    int weight = gaussian("weight", CLASSES, WIDTH);
    int axis = tensor("axis", TensorType.INT32, 1);
    setData(axis, ByteBuffer.allocate(Integer.BYTES).put(0, (byte) 1));

    GatherOptionsT rows = new GatherOptionsT();
    operator(BuiltinOperator.GATHER, BuiltinOptions.GatherOptions, rows, vectors, table, ids);
    ReducerOptionsT over = new ReducerOptionsT();
    operator(BuiltinOperator.MEAN, BuiltinOptions.ReducerOptions, over, mean, vectors, axis);
    operator(
        BuiltinOperator.FULLY_CONNECTED,
        BuiltinOptions.FullyConnectedOptions,
        new FullyConnectedOptionsT(),
        logits,
        mean,
        weight,
        -1);
    SoftmaxOptionsT softmax = new SoftmaxOptionsT();
    softmax.setBeta(1);
    operator(BuiltinOperator.SOFTMAX, BuiltinOptions.SoftmaxOptions, softmax, classes, logits);

    SubGraphT graph = new SubGraphT();
    graph.setTensors(tensors.toArray(TensorT[]::new));
    graph.setInputs(new int[] {ids});
    graph.setOutputs(new int[] {classes});
    graph.setOperators(operators.toArray(OperatorT[]::new));
    ModelT model = new ModelT();
    model.setVersion(SCHEMA_VERSION);
    model.setSubgraphs(new SubGraphT[] {graph});
    model.setBuffers(buffers.toArray(BufferT[]::new));
    model.setOperatorCodes(codes.toArray(OperatorCodeT[]::new));
    FlatBufferBuilder builder = new FlatBufferBuilder();
    Model.finishModelBuffer(builder, Model.pack(builder, model));
    return builder.sizedByteArray();
  }

  private int tensor(String name, byte type, int... shape) {
    TensorT tensor = new TensorT();
    tensor.setName(name);
    tensor.setType(type);
    tensor.setShape(shape);
    tensors.add(tensor);
    return tensors.size() - 1;
  }

  private int batch(String name, int width) {
    int tensor = tensor(name, TensorType.FLOAT32, 1, width);
    tensors.get(tensor).setShapeSignature(new int[] {-1, width});
    return tensor;
  }

  private int gaussian(String name, int rows, int width) {
    int tensor = tensor(name, TensorType.FLOAT32, rows, width);
    ByteBuffer data =
        ByteBuffer.allocate(Float.BYTES * rows * width).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < rows * width; i++) {
      data.putFloat((float) random.nextGaussian());
    }
    setData(tensor, data);
    return tensor;
  }

  private void setData(int tensor, ByteBuffer data) {
    int[] bytes = new int[data.capacity()];
    Arrays.setAll(bytes, i -> data.get(i) & 0xff);
    BufferT buffer = new BufferT();
    buffer.setData(bytes);
    tensors.get(tensor).setBuffer(buffers.size());
    buffers.add(buffer);
  }

  private void operator(int builtin, byte optionsType, Object options, int output, int... inputs) {
    OperatorCodeT code = new OperatorCodeT();
    code.setDeprecatedBuiltinCode((byte) builtin);
    code.setBuiltinCode(builtin);
    code.setVersion(1);
    OperatorT operator = new OperatorT();
    operator.setOpcodeIndex(codes.size());
    operator.setInputs(inputs);
    operator.setOutputs(new int[] {output});
    BuiltinOptionsUnion union = new BuiltinOptionsUnion();
    union.setType(optionsType);
    union.setValue(options);
    operator.setBuiltinOptions(union);
    codes.add(code);
    operators.add(operator);
  }
}
