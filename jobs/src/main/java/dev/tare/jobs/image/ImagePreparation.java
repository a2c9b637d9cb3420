package dev.tare.jobs.image;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;

/**
 * Converts the bytes of an image file to a float32 tensor: decode, rotate, select channels, resize,
 * pad, and {@code (value / 255 - mean) / std}, computed in double and rounded once.
 *
 * <p>A pure function of the file's bytes.
 *
 * @param size height and width; with a free side, only {@link Resize#STRETCH}
 * @param pad value of the area outside the image, 0 to 255
 * @param maxPixels pixels that an image may have before and after resizing
 */
public record ImagePreparation(
    ImageSize size,
    Resize resize,
    double pad,
    ChannelOrder channels,
    ChannelValues mean,
    ChannelValues std,
    Layout layout,
    int maxPixels)
    implements Serializable {

  public ImagePreparation {
    if (size.free() && resize != Resize.STRETCH) {
      throw new IllegalArgumentException(
          "size %s has a free side, which %s cannot fill"
              .formatted(size, resize.name().toLowerCase(Locale.ROOT)));
    }
    int most = Math.max(mean.values().size(), std.values().size());
    if (most > channels.channels()) {
      throw new IllegalArgumentException(
          "mean and std have %d values for %d channel".formatted(most, channels.channels()));
    }
  }

  /**
   * The tensor of an image, {@code [C, H, W]} or {@code [H, W, C]}.
   *
   * @throws ImageException if the file is not an image that can be read
   */
  public Tensor read(byte[] file) throws ImageException {
    Pixels decoded = ImageDecoder.decode(file, maxPixels);
    Pixels wanted = channels == ChannelOrder.GRAY ? decoded.gray() : decoded;
    int height = side(size.height(), decoded.height, decoded.width, size.width());
    int width = side(size.width(), decoded.width, decoded.height, size.height());
    ImageDecoder.requireSize(width, height, maxPixels);
    return tensor(resized(wanted, height, width), height, width);
  }

  /** The length of a side; a free side is in proportion to the other. */
  private static int side(int wanted, int own, int other, int otherWanted) {
    return wanted != ImageSize.FREE ? wanted : proportional(own, otherWanted, other);
  }

  /** {@code own * numerator / denominator}, halves up, at least 1. */
  private static int proportional(int own, int numerator, int denominator) {
    long rounded = (2L * own * numerator + denominator) / (2L * denominator);
    return Math.toIntExact(Math.min(Integer.MAX_VALUE, Math.max(1, rounded)));
  }

  private Pixels resized(Pixels image, int height, int width) {
    if (resize == Resize.STRETCH) {
      return Resample.bilinear(image, Resample.Window.whole(width), Resample.Window.whole(height));
    }
    // The side that limits the scale is exact; the other is rounded.
    boolean wide = (long) image.width * height >= (long) image.height * width;
    boolean byHeight = wide == (resize == Resize.CROP);
    int newHeight = byHeight ? height : proportional(image.height, width, image.width);
    int newWidth = byHeight ? proportional(image.width, height, image.height) : width;
    return Resample.bilinear(image, middle(newWidth, width), middle(newHeight, height));
  }

  private static Resample.Window middle(int full, int wanted) {
    int length = Math.min(full, wanted);
    return new Resample.Window(full, (full - length) / 2, length);
  }

  private Tensor tensor(Pixels image, int height, int width) {
    int count = channels.channels();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(4 * count, height * width))
            .order(ByteOrder.LITTLE_ENDIAN);
    boolean planes = layout == Layout.NCHW;
    float[] line = new float[width * (planes ? 1 : count)];
    for (int plane = 0; plane < (planes ? count : 1); plane++) {
      for (int y = 0; y < height; y++) {
        for (int c = planes ? plane : 0; c < (planes ? plane + 1 : count); c++) {
          fill(image, y, c, line, planes ? 0 : c, planes ? 1 : count);
        }
        for (float value : line) {
          bytes.putFloat(value);
        }
      }
    }
    Shape shape = planes ? Shape.of(count, height, width) : Shape.of(height, width, count);
    return Tensor.of(DType.FLOAT32, shape, bytes.flip());
  }

  /** One channel of one row. */
  private void fill(Pixels image, int y, int channel, float[] line, int start, int step) {
    float filler = normalized(pad, channel);
    if (step == 1) {
      Arrays.fill(line, filler);
    }
    int from = image.channels == 1 ? 0 : channels == ChannelOrder.BGR ? 2 - channel : channel;
    for (int x = 0, out = start; out < line.length; x++, out += step) {
      line[out] =
          y < image.height && x < image.width
              ? normalized(
                  image.values[(y * image.width + x) * image.channels + from] & 0xFF, channel)
              : filler;
    }
  }

  private float normalized(double value, int channel) {
    return (float) ((value / 255 - mean.of(channel)) / std.of(channel));
  }

  @Override
  public String toString() {
    return "%s %s, %s, mean %s, std %s, %s"
        .formatted(
            size,
            resize == Resize.PAD ? "pad " + pad : word(resize),
            word(channels),
            mean,
            std,
            word(layout));
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }
}
