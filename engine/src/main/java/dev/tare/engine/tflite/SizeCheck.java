package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Compares the sizes that constants give to results with the shapes that the file states. The
 * runtime follows the constants alone: four changed bytes of a padding make it compute for minutes,
 * or ask for more memory than there is, and those of a Slice make it read outside of the input.
 *
 * <p>Dimensions that the file leaves open are not compared, nor those that a padding or a
 * repetition leaves as they are.
 */
final class SizeCheck {

  private final LiteModel model;
  private final LiteOperator operator;

  private SizeCheck(LiteModel model, LiteOperator operator) {
    this.model = model;
    this.operator = operator;
  }

  /**
   * Checks all operators.
   *
   * @throws InvalidModelException naming the first operator whose constants do not give its shape
   */
  static void check(LiteModel model) {
    for (LiteOperator operator : model.operators()) {
      new SizeCheck(model, operator).check();
    }
  }

  private void check() {
    switch (operator.type()) {
      case "PAD", "PADV2", "MIRROR_PAD" -> padded();
      case "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR" -> resized();
      case "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND" -> blocks();
      case "TILE" -> tiled();
      case "SLICE" -> cut();
      case "BROADCAST_TO" -> whole(1);
      case "FILL", "TRANSPOSE_CONV" -> whole(0);
      default -> {}
    }
  }

  private void padded() {
    LiteTensor from = tensor(0);
    Optional<List<Long>> paddings = constant(1);
    if (paddings.isEmpty()) {
      return;
    }
    int rank = from.shape().rank();
    require(
        paddings.get().size() == 2 * rank,
        "%s has paddings %s".formatted(from.shape(), paddings.get()));
    for (int i = 0; i < rank; i++) {
      long before = paddings.get().get(2 * i);
      long behind = paddings.get().get(2 * i + 1);
      require(
          before >= 0 && behind >= 0, "%s has paddings %s".formatted(from.shape(), paddings.get()));
      if (before + behind > 0) {
        becomes(from, i, from.shape().dim(i) + before + behind, "paddings", paddings.get());
      }
    }
  }

  /** Input {@code [N, H, W, C]}, and a constant of new height and width. */
  private void resized() {
    Optional<List<Long>> size = constant(1);
    if (size.isPresent()) {
      // Of an input without values the kernel reads what lies behind it.
      require(
          size.get().size() == 2 && tensor(0).shape().size() > 0,
          "%s gets the size %s".formatted(tensor(0).shape(), size.get()));
      for (int i = 0; i < 2; i++) {
        becomes(tensor(0), i + 1, size.get().get(i), "the size", size.get());
      }
    }
  }

  /** Moves blocks of the axes from 1 on into the first or back; paddings or crops come third. */
  private void blocks() {
    LiteTensor from = tensor(0);
    Optional<List<Long>> block = constant(1);
    Optional<List<Long>> margins = constant(2);
    if (block.isEmpty() || margins.isEmpty()) {
      return;
    }
    int axes = block.get().size();
    require(
        axes < from.shape().rank()
            && margins.get().size() == 2 * axes
            && block.get().stream().allMatch(length -> length > 0)
            && margins.get().stream().allMatch(length -> length >= 0),
        "%s has blocks of %s with margins".formatted(from.shape(), block.get()));
    boolean toBatch = operator.type().startsWith("SPACE");
    for (int i = 0; i < axes; i++) {
      long length = block.get().get(i);
      long margin = margins.get().get(2 * i) + margins.get().get(2 * i + 1);
      long own = from.shape().dim(i + 1);
      long made = toBatch ? (own + margin) / length : own * length - margin;
      becomes(from, i + 1, made, "blocks of", block.get());
    }
  }

  private void tiled() {
    LiteTensor from = tensor(0);
    Optional<List<Long>> times = constant(1);
    if (times.isEmpty()) {
      return;
    }
    int rank = from.shape().rank();
    require(
        times.get().size() == rank, "%s is repeated %s times".formatted(from.shape(), times.get()));
    for (int i = 0; i < rank; i++) {
      long repeated = times.get().get(i);
      if (repeated != 1) {
        becomes(from, i, from.shape().dim(i) * repeated, "repetitions", times.get());
      }
    }
  }

  /**
   * From where on, and how much, -1 for all: the kernel reads there without a look at the input.
   */
  private void cut() {
    LiteTensor from = tensor(0);
    Optional<List<Long>> begins = constant(1);
    Optional<List<Long>> sizes = constant(2);
    if (begins.isEmpty() || sizes.isEmpty()) {
      return;
    }
    int rank = from.shape().rank();
    require(
        begins.get().size() == rank && sizes.get().size() == rank,
        "%s is cut at %s to %s".formatted(from.shape(), begins.get(), sizes.get()));
    for (int i = 0; i < rank; i++) {
      long begin = begins.get().get(i);
      long left = open(from, i) ? Integer.MAX_VALUE : from.shape().dim(i) - begin;
      long size = sizes.get().get(i);
      require(
          begin >= 0 && left >= 0 && size >= -1 && size <= left,
          "%s is cut at %s to %s".formatted(from.shape(), begins.get(), sizes.get()));
      becomes(from, i, size < 0 ? left : size, "the size", sizes.get());
    }
  }

  /** A constant that is the shape of the result. */
  private void whole(int input) {
    constant(input)
        .ifPresent(
            dims -> {
              LiteTensor made = made();
              require(
                  dims.size() == made.shape().rank(),
                  "the shape %s of its result is stated as %s".formatted(dims, made.shape()));
              for (int i = 0; i < dims.size(); i++) {
                becomes(made, i, dims.get(i), "the shape", dims);
              }
            });
  }

  /**
   * @param from what decides with the constant; where the file leaves its dimension open, nothing
   *     is compared
   */
  private void becomes(LiteTensor from, int axis, long dim, String what, List<Long> constant) {
    LiteTensor made = made();
    require(
        from.shape().rank() > axis && made.shape().rank() > axis,
        "%s becomes %s".formatted(from.shape(), made.shape()));
    if (!open(from, axis) && !open(made, axis)) {
      require(
          made.shape().dim(axis) == dim,
          "%s %s give its result %d in axis %d, and the file states %s"
              .formatted(what, constant, dim, axis, made.shape()));
    }
  }

  private static boolean open(LiteTensor tensor, int axis) {
    return axis < tensor.signature().size() && tensor.signature().get(axis) < 0;
  }

  private LiteTensor tensor(int input) {
    return model.tensors().get(operator.input(input));
  }

  private LiteTensor made() {
    return model.tensors().get(operator.outputs().get(0));
  }

  /** The integers of an input; empty if they are computed. */
  private Optional<List<Long>> constant(int input) {
    require(operator.input(input) >= 0, "it leaves out input %d".formatted(input));
    LiteTensor tensor = tensor(input);
    boolean wide = tensor.dtype().equals(Optional.of(DType.INT64));
    if (!tensor.constant() || (!wide && !tensor.dtype().equals(Optional.of(DType.INT32)))) {
      return Optional.empty();
    }
    ByteBuffer bytes = model.constant(tensor).bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    List<Long> values = new ArrayList<>();
    while (bytes.hasRemaining()) {
      values.add(wide ? bytes.getLong() : bytes.getInt());
    }
    return Optional.of(values);
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
