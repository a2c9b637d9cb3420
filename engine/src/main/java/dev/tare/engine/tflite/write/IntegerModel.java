package dev.tare.engine.tflite.write;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.target.LiteKernel;
import dev.tare.engine.target.LiteKernel.Scales;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.LiteTypes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.tensorflow.lite.schema.AddOptionsT;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.SubOptionsT;

/**
 * The model in integers: an operator whose tensors the plan quantizes, and which has an int8
 * kernel, reads and writes int8; others stay float, between Dequantize and Quantize. Where a kernel
 * requires the scale of its output for an input that has another, the input is converted. A product
 * whose input the plan leaves in float reads int8 weights: as they are if it is to quantize its
 * input by itself, else by way of a Dequantize.
 *
 * <p>Not thread-safe.
 *
 * @see <a href="https://ai.google.dev/edge/litert/models/quantization_spec">quantization_spec</a>
 */
public final class IntegerModel {

  /** What the caller of the model exchanges with it. */
  public enum Ends {
    /** float32, as in the float model. */
    FLOAT,
    /** The integers themselves. */
    INTEGER
  }

  private static final int QUANTIZE_VERSION = 1;
  private static final int REQUANTIZE_VERSION = 2;
  private static final int DEQUANTIZE_VERSION = 2;
  private static final int DEQUANTIZE_WIDE_VERSION = 3;
  private static final int MUL_OF_LARGE_SCALES = 3;

  /** An input in a scale that an operator requires. */
  private record Converted(int tensor, QuantParams params) {}

  private final LiteModel model;
  private final PlannedTensors planned;
  private final Ends ends;
  private final LiteDraft draft;
  private final FreshTensors fresh;
  private final Map<String, LiteKernel> kernels = new LinkedHashMap<>();
  private final List<OperatorT> operators = new ArrayList<>();

  /** The int8 tensor of a float tensor of the model, which may be that tensor itself. */
  private final Map<Integer, Integer> integers = new HashMap<>();

  /** The float tensor of a tensor that became int8. */
  private final Map<Integer, Integer> floats = new HashMap<>();

  private final Map<Converted, Integer> converted = new HashMap<>();
  private final Set<Integer> outputs = new HashSet<>();

  private IntegerModel(LiteModel model, QuantPlan plan, Ends ends) {
    this.model = model;
    this.planned = new PlannedTensors(model, plan);
    this.ends = ends;
    this.draft = model.draft();
    this.fresh = new FreshTensors(model, draft);
    model.outputs().forEach(output -> outputs.add(output.index()));
    for (LiteOperator operator : model.operators()) {
      planned.kernel(operator).ifPresent(kernel -> kernels.put(operator.name(), kernel));
    }
  }

  /**
   * Creates the model from a plan.
   *
   * @param codes the integers of a constant, row-major in the shape of the plan, little-endian
   * @throws IllegalArgumentException if the plan does not suit the model
   */
  public static LiteModel of(
      LiteModel model, QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, Ends ends) {
    return new IntegerModel(model, plan, ends).write(codes);
  }

  private boolean isInteger(LiteOperator operator) {
    return kernels.containsKey(operator.name());
  }

  private LiteModel write(Function<TensorPlan, ByteBuffer> codes) {
    StoredConstants constants =
        new StoredConstants(model, draft, fresh, planned.constants(), codes);
    constants.integers(
        operator -> isInteger(operator) || planned.isHybrid(operator),
        operator -> isInteger(operator) && planned.type(operator) == QuantType.INT16);
    constants.dequantized(planned::takesWeightAlone, operators);
    if (ends == Ends.INTEGER) {
      for (LiteTensor input : model.inputs()) {
        planned.activation(input.index()).ifPresent(plan -> becomeInteger(input.index()));
      }
    }
    model.operators().forEach(this::add);
    draft.setOperators(operators);
    return draft.finish(model.name());
  }

  private QuantParams params(int tensor) {
    return planned.activation(tensor).orElseThrow().params().get(0);
  }

  private void setScale(int target, QuantParams params) {
    draft.setScales(
        target,
        LiteTypes.of(params.type().dtype()),
        new float[] {params.scale()},
        new int[] {params.zeroPoint()},
        0);
  }

  private boolean isWide(int tensor) {
    return params(tensor).type() == QuantType.INT16;
  }

  private int quantizeVersion(int tensor) {
    return isWide(tensor) ? REQUANTIZE_VERSION : QUANTIZE_VERSION;
  }

  private int dequantizeVersion(int tensor) {
    return isWide(tensor) ? DEQUANTIZE_WIDE_VERSION : DEQUANTIZE_VERSION;
  }

  /** A new tensor for the integers of an activation. */
  private int fresh(int tensor) {
    DType type = params(tensor).type().dtype();
    return fresh.like(
        model.tensors().get(tensor), "/" + type.name().toLowerCase(Locale.ROOT), type);
  }

  private void becomeInteger(int tensor) {
    integers.put(tensor, tensor);
    setScale(tensor, params(tensor));
  }

  private void add(LiteOperator operator) {
    OperatorT written = draft.operator(operator.index());
    if (isInteger(operator)) {
      addInteger(operator, written, kernels.get(operator.name()));
      return;
    }
    if (planned.isHybrid(operator)) {
      draft.raiseVersion(operator.index(), LiteKernel.hybridVersion(operator.type()).orElseThrow());
    }
    int[] inputs = written.getInputs();
    for (int i = 0; i < inputs.length; i++) {
      if (inputs[i] >= 0 && inputs[i] < model.tensors().size()) {
        inputs[i] = floatOf(inputs[i]);
      }
    }
    operators.add(written);
  }

  private void addInteger(LiteOperator operator, OperatorT written, LiteKernel kernel) {
    int[] inputs = written.getInputs();
    for (int i = 0; i < inputs.length; i++) {
      int input = operator.input(i);
      if (input >= 0 && planned.isFloat(input) && !model.tensors().get(input).constant()) {
        boolean shared = kernel.scales() == Scales.OF_INPUT || kernel.scales() == Scales.OF_OUTPUT;
        int scaled = shared ? operator.outputs().get(0) : input;
        inputs[i] = integerOf(input, params(scaled));
      }
    }
    draft.raiseVersion(operator.index(), version(operator, kernel));
    if (planned.type(operator) == QuantType.INT16) {
      anyScale(written.getBuiltinOptions());
    }
    operators.add(written);
    int[] made = written.getOutputs();
    for (int i = 0; i < made.length; i++) {
      int output = made[i];
      if (ends == Ends.FLOAT && outputs.contains(output)) {
        made[i] = fresh(output);
        setScale(made[i], params(output));
        integers.put(output, made[i]);
        operators.add(
            draft.operator(
                draft.code(BuiltinOperator.DEQUANTIZE, dequantizeVersion(output)),
                made[i],
                output));
      } else {
        becomeInteger(output);
      }
    }
  }

  /** By default sums of int16 require scales that are powers of two. */
  private static void anyScale(BuiltinOptionsUnion options) {
    if (options.getValue() instanceof AddOptionsT add) {
      add.setPotScaleInt16(false);
    } else if (options.getValue() instanceof SubOptionsT sub) {
      sub.setPotScaleInt16(false);
    }
  }

  /** The version in which a kernel came: a product of large scales has one of its own. */
  private int version(LiteOperator operator, LiteKernel kernel) {
    if (planned.type(operator) == QuantType.INT16) {
      return LiteKernel.wideVersion(operator.type()).orElseThrow();
    }
    if (!operator.type().equals("MUL")) {
      return kernel.version();
    }
    double scale = 1;
    for (int input : operator.inputs()) {
      scale *=
          model.tensors().get(input).constant()
              ? planned.constants().get(input).scales()[0]
              : params(input).scale();
    }
    return scale / params(operator.outputs().get(0)).scale() >= 1
        ? MUL_OF_LARGE_SCALES
        : kernel.version();
  }

  /** The int8 form of a float tensor, made where it is first needed. */
  private int integerOf(int tensor, QuantParams wanted) {
    Integer own = integers.get(tensor);
    if (own == null) {
      own = fresh(tensor);
      setScale(own, params(tensor));
      integers.put(tensor, own);
      operators.add(
          draft.operator(
              draft.code(BuiltinOperator.QUANTIZE, quantizeVersion(tensor)), tensor, own));
    }
    if (wanted.equals(params(tensor))) {
      return own;
    }
    Converted key = new Converted(tensor, wanted);
    Integer other = converted.get(key);
    if (other == null) {
      other = fresh(tensor);
      setScale(other, wanted);
      converted.put(key, other);
      operators.add(
          draft.operator(draft.code(BuiltinOperator.QUANTIZE, REQUANTIZE_VERSION), own, other));
    }
    return other;
  }

  /** The float form of a tensor that may have become int8. */
  private int floatOf(int tensor) {
    Integer own = integers.get(tensor);
    if (own == null || own != tensor) {
      return tensor;
    }
    Integer known = floats.get(tensor);
    if (known == null) {
      known = fresh.like(model.tensors().get(tensor), "/float", DType.FLOAT32);
      floats.put(tensor, known);
      operators.add(
          draft.operator(
              draft.code(BuiltinOperator.DEQUANTIZE, dequantizeVersion(tensor)), tensor, known));
    }
    return known;
  }
}
