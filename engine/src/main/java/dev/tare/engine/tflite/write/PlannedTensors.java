package dev.tare.engine.tflite.write;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.LiteKernel;
import dev.tare.engine.target.LiteKernel.Scales;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.view.Product;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The decisions of a plan by tensor, checked against the model; and which operators they suit. */
final class PlannedTensors {

  private final LiteModel model;
  private final Map<Integer, TensorPlan> activations = new HashMap<>();
  private final Map<Integer, TensorPlan> constants = new HashMap<>();

  /**
   * @throws IllegalArgumentException if the plan names tensors that the model does not have, or
   *     wants what no int8 kernel takes
   */
  PlannedTensors(LiteModel model, QuantPlan plan) {
    this.model = model;
    for (TensorPlan tensor : plan.tensors()) {
      boolean atRunTime = tensor.role() == Role.ACTIVATION && tensor.format() == Format.DYNAMIC;
      if (!tensor.quantized() || atRunTime) {
        continue;
      }
      LiteTensor found = model.tensor(tensor.tensor());
      if (tensor.role() == Role.ACTIVATION) {
        require(found.floatActivation(), tensor, "it is no float32 activation of the model");
        require(
            (tensor.type() == QuantType.INT8 || isWide(tensor))
                && tensor.axis().isEmpty()
                && !tensor.channels().isEmpty(),
            tensor,
            "integer kernels take int8, or int16 with zero point 0, with one scale");
        activations.put(found.index(), tensor);
      } else {
        require(found.floatConstant(), tensor, "it is no float32 constant of the model");
        require(
            tensor.shape().filter(found.shape()::equals).isPresent(),
            tensor,
            "shape %s vs %s".formatted(tensor.shape(), found.shape()));
        require(
            tensor.role() == Role.BIAS
                ? tensor.type() == QuantType.INT32
                : tensor.type() == QuantType.INT8 || isWide(tensor) || isHalf(tensor),
            tensor,
            "integer kernels take weights of INT8 and biases of INT32, not " + tensor.type());
        require(
            tensor.granularity().blockSize().isEmpty(), tensor, "integer kernels take no blocks");
        require(
            !constants.containsKey(found.index()), tensor, "it is a weight and a bias in the plan");
        constants.put(found.index(), tensor);
      }
    }
  }

  private static boolean isWide(TensorPlan tensor) {
    return tensor.type() == QuantType.INT16 && tensor.channels().haveZeroPoint(0);
  }

  /** Numbers as they are, which no kernel multiplies by integers. */
  static boolean isHalf(TensorPlan tensor) {
    return tensor.type() == QuantType.FLOAT16 && tensor.axis().isEmpty() && tensor.scales()[0] == 1;
  }

  /** The type of the activations of an operator that has an integer kernel. */
  QuantType type(LiteOperator operator) {
    return activations.get(operator.outputs().get(0)).type();
  }

  /** The plan of an activation. */
  Optional<TensorPlan> activation(int tensor) {
    return Optional.ofNullable(activations.get(tensor));
  }

  /** The plans of constants by tensor. */
  Map<Integer, TensorPlan> constants() {
    return constants;
  }

  /**
   * The integer kernel of an operator, if the plan quantizes all that it reads and writes, and
   * names it among the readers.
   */
  Optional<LiteKernel> kernel(LiteOperator operator) {
    return LiteKernel.of(operator.type()).filter(kernel -> suits(operator, kernel));
  }

  private boolean suits(LiteOperator operator, LiteKernel kernel) {
    boolean any = false;
    for (int input : operator.inputs()) {
      if (input < 0 || !isFloat(input)) {
        continue;
      }
      LiteTensor tensor = model.tensors().get(input);
      TensorPlan plan = (tensor.constant() ? constants : activations).get(input);
      boolean takesConstants = kernel.scales() == Scales.PRODUCT || kernel.scales() == Scales.FREE;
      if (plan == null
          || !plan.consumers().contains(operator.name())
          || (tensor.constant() && (!takesConstants || isHalf(plan)))) {
        return false;
      }
      any |= !tensor.constant();
    }
    return any
        && operator.outputs().stream().allMatch(activations::containsKey)
        && hasOneType(operator);
  }

  private boolean hasOneType(LiteOperator operator) {
    QuantType type = type(operator);
    boolean known = type != QuantType.INT16 || LiteKernel.wideVersion(operator.type()).isPresent();
    return known
        && Stream.concat(operator.inputs().stream(), operator.outputs().stream())
            .filter(activations::containsKey)
            .allMatch(tensor -> activations.get(tensor).type() == type);
  }

  /** Whether an operator reads float numbers, and multiplies them by integers itself. */
  boolean isHybrid(LiteOperator operator) {
    return weight(operator)
        .filter(plan -> plan.format() == Format.DYNAMIC && !isHalf(plan))
        .isPresent();
  }

  /** Whether an operator computes in float, with a weight that the plan stores in fewer bits. */
  boolean takesWeightAlone(LiteOperator operator) {
    return weight(operator).filter(plan -> plan.format() == Format.QDQ).isPresent()
        && !Product.of(operator.type())
            .map(product -> activations.get(operator.input(product.input())))
            .filter(plan -> plan.consumers().contains(operator.name()))
            .isPresent();
  }

  /** The plan of the weight that a product reads quantized. */
  private Optional<TensorPlan> weight(LiteOperator operator) {
    return Product.of(operator.type())
        .map(product -> constants.get(operator.input(product.weight())))
        .filter(plan -> plan.role() == Role.WEIGHT && plan.consumers().contains(operator.name()));
  }

  boolean isFloat(int tensor) {
    return model.tensors().get(tensor).dtype().filter(DType.FLOAT32::equals).isPresent();
  }

  /**
   * The integers of a constant.
   *
   * @throws IllegalArgumentException if their number is another than the plan's
   */
  static ByteBuffer checked(TensorPlan plan, ByteBuffer codes) {
    long expected = plan.type().dtype().byteSize(plan.shape().orElseThrow().size());
    require(
        codes.remaining() == expected,
        plan,
        "%d bytes of integers instead of %d".formatted(codes.remaining(), expected));
    return codes;
  }

  private static void require(boolean condition, TensorPlan plan, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(
          "Cannot write %s '%s' as planned: %s"
              .formatted(plan.role().name().toLowerCase(Locale.ROOT), plan.tensor(), problem));
    }
  }
}
