package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.Conv2DOptionsT;
import org.tensorflow.lite.schema.DepthwiseConv2DOptionsT;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptionsT;
import org.tensorflow.lite.schema.TransposeConvOptionsT;

/**
 * Steps, channels and paddings of convolutions and pooling: the runtime does not check them all. It
 * divides by steps and channels, and computes an empty result of a padding that it does not know,
 * which the next operator copies from address 0; either ends the process.
 */
final class OperatorCheck {

  private static final int RANK = 4;
  private static final int CHANNELS = 3;

  private final LiteModel model;
  private final LiteOperator operator;

  private OperatorCheck(LiteModel model, LiteOperator operator) {
    this.model = model;
    this.operator = operator;
  }

  /**
   * Checks all operators.
   *
   * @throws InvalidModelException naming the first operator that is wrong
   */
  static void check(LiteModel model, LiteDraft draft) {
    for (LiteOperator operator : model.operators()) {
      BuiltinOptionsUnion options = draft.operator(operator.index()).getBuiltinOptions();
      OperatorCheck check = new OperatorCheck(model, operator);
      switch (operator.type()) {
        case "CONV_2D" -> {
          check.window(options == null ? null : options.getValue());
          check.groups(check.shape(0), check.shape(1));
        }
        case "DEPTHWISE_CONV_2D" -> {
          check.window(options == null ? null : options.getValue());
          check.depthwise(check.shape(0), check.shape(1));
          check.bias();
        }
        case "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D" ->
            check.window(options == null ? null : options.getValue());
        default -> {}
      }
    }
  }

  private Shape shape(int input) {
    int tensor = operator.input(input);
    require(tensor >= 0, "it leaves out input %d".formatted(input));
    Shape shape = model.tensors().get(tensor).shape();
    require(shape.rank() == RANK, "input %d has the shape %s".formatted(input, shape));
    return shape;
  }

  private void window(Object options) {
    List<Integer> steps = List.of();
    byte padding = 0;
    if (options instanceof Conv2DOptionsT conv) {
      padding = conv.getPadding();
      steps =
          List.of(
              conv.getStrideH(),
              conv.getStrideW(),
              conv.getDilationHFactor(),
              conv.getDilationWFactor());
    } else if (options instanceof DepthwiseConv2DOptionsT conv) {
      padding = conv.getPadding();
      steps =
          List.of(
              conv.getStrideH(),
              conv.getStrideW(),
              conv.getDilationHFactor(),
              conv.getDilationWFactor());
    } else if (options instanceof TransposeConvOptionsT conv) {
      padding = conv.getPadding();
      steps = List.of(conv.getStrideH(), conv.getStrideW());
    } else if (options instanceof Pool2DOptionsT pool) {
      padding = pool.getPadding();
      steps =
          List.of(
              pool.getStrideH(), pool.getStrideW(), pool.getFilterHeight(), pool.getFilterWidth());
    }
    require(!steps.isEmpty(), "it lacks its options");
    require(
        steps.stream().allMatch(step -> step > 0 && step <= Short.MAX_VALUE),
        "its steps and sizes are %s, and each must be from 1 to %d"
            .formatted(steps, Short.MAX_VALUE));
    require(
        padding == Padding.SAME || padding == Padding.VALID,
        "its padding is %d, neither SAME (%d) nor VALID (%d)"
            .formatted(padding, Padding.SAME, Padding.VALID));
    if (padding == Padding.VALID && !(options instanceof TransposeConvOptionsT)) {
      fits(options instanceof Pool2DOptionsT, steps.get(2), steps.get(3));
    }
  }

  /**
   * Without padding a window larger than its input has no place in it, and the result is empty.
   *
   * @param pool whether the two numbers are the sizes of the window; else they spread a weight
   */
  private void fits(boolean pool, int high, int wide) {
    LiteTensor input = model.tensors().get(operator.input(0));
    if (input.shape().rank() != RANK) {
      return;
    }
    List<Long> sizes =
        pool
            ? List.of((long) high, (long) wide)
            : List.of((shape(1).dim(1) - 1) * high + 1, (shape(1).dim(2) - 1) * wide + 1);
    for (int axis = 1; axis <= 2; axis++) {
      require(
          open(input, axis) || sizes.get(axis - 1) <= input.shape().dim(axis),
          "windows of the size %s do not fit into the shape %s".formatted(sizes, input.shape()));
    }
  }

  private static boolean open(LiteTensor tensor, int axis) {
    return axis < tensor.signature().size() && tensor.signature().get(axis) < 0;
  }

  /** Input {@code [N, H, W, C]}, weight {@code [O, H, W, C / groups]}. */
  private void groups(Shape input, Shape weight) {
    long channels = input.dim(CHANNELS);
    long inGroup = weight.dim(CHANNELS);
    boolean whole = inGroup > 0 && channels > 0 && channels % inGroup == 0;
    require(
        whole && weight.dim(0) > 0 && weight.dim(0) % (channels / inGroup) == 0,
        "%d input channels, and a weight of the shape %s".formatted(channels, weight));
  }

  /** Weight {@code [1, H, W, C * multiplier]}. */
  private void depthwise(Shape input, Shape weight) {
    long channels = input.dim(CHANNELS);
    require(
        weight.dim(0) == 1 && channels > 0 && weight.dim(CHANNELS) % channels == 0,
        "%d input channels, and a weight of the shape %s".formatted(channels, weight));
  }

  /** Converters write one always; TensorFlow Lite 2.20 copies what is not there from address 0. */
  private void bias() {
    require(
        operator.input(2) >= 0, "it has no bias, without which TensorFlow Lite ends the process");
  }

  private void require(boolean condition, String what) {
    if (!condition) {
      throw new InvalidModelException(
          model.name(),
          "operator %d, a %s, cannot be computed: %s"
              .formatted(operator.index(), operator.type(), what));
    }
  }
}
