package dev.tare.engine.tflite;

import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.MetadataT;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.SignatureDefT;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;

/**
 * A model that is being changed. Not thread-safe; what a {@link LiteModel} keeps is never changed
 * again.
 */
public final class LiteDraft {

  /**
   * What a file has besides its graph, and what is written as it was.
   *
   * @param buffers numbers of buffers that the model's oldest field for metadata lists
   * @param files archive behind the model, with offsets from its own start; never changed
   */
  record Attachments(List<Integer> buffers, ByteBuffer files) {
    Attachments {
      buffers = List.copyOf(buffers);
    }
  }

  private static final int LARGEST_DEPRECATED_CODE = 127;

  private final String description;
  private final List<OperatorCodeT> codes;
  private final SubGraphT graph;
  private final List<ByteBuffer> buffers;
  private final List<MetadataT> metadata;
  private final List<SignatureDefT> signatures;
  private final Attachments attachments;

  LiteDraft(
      String description,
      List<OperatorCodeT> codes,
      SubGraphT graph,
      List<ByteBuffer> buffers,
      List<MetadataT> metadata,
      List<SignatureDefT> signatures,
      Attachments attachments) {
    this.description = description;
    this.codes = codes;
    this.graph = graph;
    this.buffers = buffers;
    this.metadata = metadata;
    this.signatures = signatures;
    this.attachments = attachments;
  }

  /** A copy of everything but the data, which is shared and never changed. */
  LiteDraft copy() {
    return new LiteDraft(
        description,
        codes.stream().map(FlatCopies::of).collect(Collectors.toCollection(ArrayList::new)),
        FlatCopies.of(graph),
        new ArrayList<>(buffers),
        metadata.stream().map(FlatCopies::of).collect(Collectors.toCollection(ArrayList::new)),
        signatures.stream().map(FlatCopies::of).collect(Collectors.toCollection(ArrayList::new)),
        attachments);
  }

  String description() {
    return description;
  }

  List<OperatorCodeT> codes() {
    return codes;
  }

  SubGraphT graph() {
    return graph;
  }

  List<ByteBuffer> buffers() {
    return buffers;
  }

  List<MetadataT> metadata() {
    return metadata;
  }

  Attachments attachments() {
    return attachments;
  }

  /** What callers know inputs and outputs by. */
  public List<SignatureDefT> signatures() {
    return signatures;
  }

  public TensorT tensor(int index) {
    return graph.getTensors()[index];
  }

  public OperatorT operator(int index) {
    return graph.getOperators()[index];
  }

  /** Tensors that the caller fills, in order. */
  public int[] inputs() {
    return graph.getInputs();
  }

  /** Tensors that the caller reads, in order. */
  public int[] outputs() {
    return graph.getOutputs();
  }

  public void setInputs(int... inputs) {
    graph.setInputs(inputs);
  }

  public void setOutputs(int... outputs) {
    graph.setOutputs(outputs);
  }

  /** Replaces all operators, in the order in which they run. */
  public void setOperators(List<OperatorT> operators) {
    graph.setOperators(operators.toArray(new OperatorT[0]));
  }

  /** Adds a tensor without data; returns its index. */
  public int addTensor(String name, byte type, Shape shape, List<Integer> signature) {
    TensorT tensor = new TensorT();
    tensor.setName(name);
    tensor.setType(type);
    tensor.setShape(shape.dims().stream().mapToInt(Math::toIntExact).toArray());
    tensor.setHasRank(true);
    if (!signature.isEmpty()) {
      tensor.setShapeSignature(signature.stream().mapToInt(Integer::intValue).toArray());
    }
    return add(tensor);
  }

  /** Adds a copy of a tensor under another name; returns its index. */
  public int addCopy(int index, String name) {
    TensorT of = tensor(index);
    TensorT tensor = new TensorT();
    tensor.setName(name);
    tensor.setType(of.getType());
    tensor.setShape(of.getShape());
    tensor.setShapeSignature(of.getShapeSignature());
    tensor.setHasRank(of.getHasRank());
    tensor.setBuffer(of.getBuffer());
    return add(tensor);
  }

  private int add(TensorT tensor) {
    TensorT[] all = Arrays.copyOf(graph.getTensors(), graph.getTensors().length + 1);
    all[all.length - 1] = tensor;
    graph.setTensors(all);
    return all.length - 1;
  }

  /** Gives a tensor data of its own. */
  public void setData(int tensor, ByteBuffer data) {
    buffers.add(data.duplicate());
    tensor(tensor).setBuffer(buffers.size() - 1);
  }

  /** Takes the data of a tensor that nothing reads any more. */
  public void removeData(int tensor) {
    tensor(tensor).setBuffer(0);
  }

  /** Gives a tensor a type and scales. */
  public void setScales(int tensor, byte type, float[] scales, int[] zeroPoints, int axis) {
    QuantizationParametersT quantization = new QuantizationParametersT();
    quantization.setScale(scales.clone());
    quantization.setZeroPoint(Arrays.stream(zeroPoints).asLongStream().toArray());
    quantization.setQuantizedDimension(axis);
    tensor(tensor).setType(type);
    tensor(tensor).setQuantization(quantization);
  }

  /** The number of an operator without options, added unless it is there. */
  public int code(int builtin, int version) {
    for (int i = 0; i < codes.size(); i++) {
      OperatorCodeT known = codes.get(i);
      if (known.getBuiltinCode() == builtin && known.getVersion() == version) {
        return i;
      }
    }
    OperatorCodeT code = new OperatorCodeT();
    code.setBuiltinCode(builtin);
    code.setDeprecatedBuiltinCode((byte) Math.min(builtin, LARGEST_DEPRECATED_CODE));
    code.setVersion(version);
    codes.add(code);
    return codes.size() - 1;
  }

  /** Raises the version of an operator's code, for all operators that share it. */
  public void raiseVersion(int operator, int version) {
    OperatorCodeT code = codes.get((int) operator(operator).getOpcodeIndex());
    code.setVersion(Math.max(code.getVersion(), version));
  }

  /** An operator with one input and one output that has no options. */
  public OperatorT operator(int code, int input, int output) {
    OperatorT operator = new OperatorT();
    operator.setOpcodeIndex(code);
    operator.setInputs(new int[] {input});
    operator.setOutputs(new int[] {output});
    operator.setBuiltinOptions(new BuiltinOptionsUnion());
    return operator;
  }

  /** The draft as a model; the draft must not be used afterwards. */
  public LiteModel finish(String name) {
    return new LiteModel(name, this);
  }
}
