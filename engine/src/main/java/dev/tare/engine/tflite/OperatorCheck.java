package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.Conv2DOptionsT;
import org.tensorflow.lite.schema.DepthwiseConv2DOptionsT;
import org.tensorflow.lite.schema.Pool2DOptionsT;
import org.tensorflow.lite.schema.TransposeConvOptionsT;

/**
 * Steps and channels of convolutions and pooling, by which kernels divide: the runtime does not
 * compare them all, and a division by zero ends the process.
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
          check.steps(options == null ? null : options.getValue());
          check.groups(check.shape(0), check.shape(1));
        }
        case "DEPTHWISE_CONV_2D" -> {
          check.steps(options == null ? null : options.getValue());
          check.depthwise(check.shape(0), check.shape(1));
        }
        case "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D" ->
            check.steps(options == null ? null : options.getValue());
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

  private void steps(Object options) {
    List<Integer> steps = List.of();
    if (options instanceof Conv2DOptionsT conv) {
      steps =
          List.of(
              conv.getStrideH(),
              conv.getStrideW(),
              conv.getDilationHFactor(),
              conv.getDilationWFactor());
    } else if (options instanceof DepthwiseConv2DOptionsT conv) {
      steps =
          List.of(
              conv.getStrideH(),
              conv.getStrideW(),
              conv.getDilationHFactor(),
              conv.getDilationWFactor());
    } else if (options instanceof TransposeConvOptionsT conv) {
      steps = List.of(conv.getStrideH(), conv.getStrideW());
    } else if (options instanceof Pool2DOptionsT pool) {
      steps =
          List.of(
              pool.getStrideH(), pool.getStrideW(), pool.getFilterHeight(), pool.getFilterWidth());
    }
    require(!steps.isEmpty(), "it lacks its options");
    require(
        steps.stream().allMatch(step -> step > 0 && step <= Short.MAX_VALUE),
        "its steps and sizes are %s, and each must be from 1 to %d"
            .formatted(steps, Short.MAX_VALUE));
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

  private void require(boolean condition, String what) {
    if (!condition) {
      throw new InvalidModelException(
          model.name(),
          "operator %d, a %s, cannot be computed: %s"
              .formatted(operator.index(), operator.type(), what));
    }
  }
}
