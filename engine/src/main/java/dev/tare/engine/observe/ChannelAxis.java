package dev.tare.engine.observe;

import dev.tare.engine.tensor.Shape;

/**
 * The channel axis of one tensor and its number of channels, equal in all batches; not thread-safe.
 */
final class ChannelAxis {

  private final String tensor;
  private final int asked;
  private int axis = -1;
  private int channels;

  /**
   * @param asked axis in every shape; a negative one counts from the end
   */
  ChannelAxis(String tensor, int asked) {
    this.tensor = tensor;
    this.asked = asked;
  }

  /**
   * Checks the shape of a batch; the first one sets the number of channels.
   *
   * @throws ChannelsDifferException if the shape lacks the axis, or channels differ from those of
   *     earlier batches; nothing has changed then
   */
  void accept(Shape shape) {
    int own = normalized(shape);
    long size = shape.dim(own);
    if (axis < 0) {
      if (size < 1 || size > Integer.MAX_VALUE) {
        throw new ChannelsDifferException(
            "Cannot observe channels of tensor '%s': %d channels on axis %d"
                .formatted(tensor, size, own));
      }
      axis = own;
      channels = (int) size;
    }
    if (channels != size || axis != own) {
      throw new ChannelsDifferException(
          "Cannot observe tensor '%s': %d channels on axis %d vs %d on axis %d before"
              .formatted(tensor, size, own, channels, axis));
    }
  }

  private int normalized(Shape shape) {
    try {
      return shape.normalizeAxis(asked);
    } catch (IllegalArgumentException e) {
      throw new ChannelsDifferException(
          "Cannot observe channels of tensor '%s': %s".formatted(tensor, e.getMessage()), e);
    }
  }

  /** The axis, at least 0; -1 before the first batch. */
  int axis() {
    return axis;
  }

  /** Channels on the axis; 0 before the first batch. */
  int channels() {
    return channels;
  }
}
