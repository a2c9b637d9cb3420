package dev.tare.engine.tflite;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.TensorT;

/** A TensorFlow Lite model of one graph. Immutable and thread-safe. */
public final class LiteModel {

  private final String name;
  private final LiteDraft content;
  private final List<LiteTensor> tensors = new ArrayList<>();
  private final List<LiteOperator> operators = new ArrayList<>();
  private final Map<String, LiteTensor> byName = new HashMap<>();

  /**
   * @param content not changed afterwards
   */
  LiteModel(String name, LiteDraft content) {
    this.name = name;
    this.content = content;
    TensorT[] all = content.graph().getTensors();
    String[] names = LiteNames.of(all);
    for (int i = 0; i < all.length; i++) {
      tensors.add(tensor(i, names[i], all[i]));
      byName.put(names[i], tensors.get(i));
    }
    for (int i = 0; i < content.graph().getOperators().length; i++) {
      OperatorT operator = content.operator(i);
      operators.add(
          new LiteOperator(
              i,
              names[operator.getOutputs()[0]],
              type(content.codes().get((int) operator.getOpcodeIndex())),
              Arrays.stream(operator.getInputs()).boxed().toList(),
              Arrays.stream(operator.getOutputs()).boxed().toList()));
    }
  }

  private LiteTensor tensor(int index, String tensorName, TensorT tensor) {
    int[] signature = tensor.getShapeSignature();
    boolean quantized =
        tensor.getQuantization() != null
            && tensor.getQuantization().getScale() != null
            && tensor.getQuantization().getScale().length > 0;
    return new LiteTensor(
        index,
        tensorName,
        LiteTypes.of(tensor.getType()),
        Shape.of(Arrays.stream(tensor.getShape()).asLongStream().toArray()),
        signature == null ? List.of() : Arrays.stream(signature).boxed().toList(),
        data(tensor).hasRemaining(),
        tensor.getIsVariable(),
        quantized);
  }

  private ByteBuffer data(TensorT tensor) {
    return content.buffers().get((int) tensor.getBuffer());
  }

  private static String type(OperatorCodeT code) {
    String type = BuiltinOperator.name(code.getBuiltinCode());
    return code.getCustomCode() == null ? type : type + "." + code.getCustomCode();
  }

  /** How messages call it. */
  public String name() {
    return name;
  }

  /** What its maker wrote about it; may be empty. */
  public String description() {
    return content.description();
  }

  public List<LiteTensor> tensors() {
    return Collections.unmodifiableList(tensors);
  }

  /** The operators in the order in which they run. */
  public List<LiteOperator> operators() {
    return Collections.unmodifiableList(operators);
  }

  /** What the caller fills, in order. */
  public List<LiteTensor> inputs() {
    return Arrays.stream(content.inputs()).mapToObj(tensors::get).toList();
  }

  /** What the caller reads, in order. */
  public List<LiteTensor> outputs() {
    return Arrays.stream(content.outputs()).mapToObj(tensors::get).toList();
  }

  /**
   * A tensor by its name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public LiteTensor tensor(String tensorName) {
    LiteTensor tensor = byName.get(tensorName);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "Model '%s' has no tensor '%s'".formatted(name, tensorName));
    }
    return tensor;
  }

  /**
   * The values of a constant; not copied.
   *
   * @throws IllegalArgumentException if the tensor has none
   */
  public Tensor constant(LiteTensor tensor) {
    if (!tensor.constant() || tensor.dtype().isEmpty()) {
      throw new IllegalArgumentException(
          "Tensor '%s' of model '%s' is no constant".formatted(tensor.name(), name));
    }
    DType type = tensor.dtype().get();
    return Tensor.of(type, tensor.shape(), data(content.tensor(tensor.index())).duplicate());
  }

  /**
   * The scales of a quantized tensor.
   *
   * @param scales one for each index along an axis, or a single one
   * @param zeroPoints likewise
   * @param axis the axis; 0 if there is a single scale
   */
  public record Scales(List<Float> scales, List<Long> zeroPoints, int axis) {
    public Scales {
      scales = List.copyOf(scales);
      zeroPoints = List.copyOf(zeroPoints);
    }
  }

  /** The scales of a tensor; empty if it has none. */
  public Optional<Scales> scales(LiteTensor tensor) {
    if (!tensor.quantized()) {
      return Optional.empty();
    }
    QuantizationParametersT own = content.tensor(tensor.index()).getQuantization();
    List<Float> scales = new ArrayList<>();
    for (float scale : own.getScale()) {
      scales.add(scale);
    }
    long[] zeroPoints = own.getZeroPoint() == null ? new long[0] : own.getZeroPoint();
    return Optional.of(
        new Scales(
            scales, Arrays.stream(zeroPoints).boxed().toList(), own.getQuantizedDimension()));
  }

  /** Names of signatures with the inputs that each has, for people. */
  public Map<String, List<String>> signatures() {
    Map<String, List<String>> names = new LinkedHashMap<>();
    content
        .signatures()
        .forEach(
            signature ->
                names.put(
                    String.valueOf(signature.getSignatureKey()),
                    Arrays.stream(signature.getInputs())
                        .map(input -> tensors.get((int) input.getTensorIndex()).name())
                        .toList()));
    return names;
  }

  /** A copy to change. */
  public LiteDraft draft() {
    return content.copy();
  }

  /**
   * The model with every tensor under its unique name, and more outputs behind its own: the form
   * that sessions load.
   *
   * @throws IllegalArgumentException if there is no such tensor, or it is a constant
   */
  public LiteModel exposing(Iterable<String> more) {
    LiteDraft draft = draft();
    tensors.forEach(tensor -> draft.tensor(tensor.index()).setName(tensor.name()));
    List<Integer> outputs = new ArrayList<>();
    outputs().forEach(output -> outputs.add(output.index()));
    Set<Integer> seen = new HashSet<>(outputs);
    for (String wanted : more) {
      LiteTensor tensor = tensor(wanted);
      if (tensor.constant()) {
        throw new IllegalArgumentException("Tensor '%s' is a constant".formatted(wanted));
      }
      if (seen.add(tensor.index())) {
        outputs.add(tensor.index());
      }
    }
    draft.setOutputs(outputs.stream().mapToInt(Integer::intValue).toArray());
    return draft.finish(name);
  }

  /** Writes it; equal models give equal bytes. */
  public void writeTo(OutputStream out) throws IOException {
    LiteWriter.write(content, out);
  }
}
