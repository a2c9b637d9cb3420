package dev.tare.jobs.image;

/**
 * Pixels of one byte per channel, row by row, channels together; gray (1 channel) or RGB (3).
 *
 * <p>Not thread-safe while it is filled; confined to one Spark task.
 */
final class Pixels {

  final int width;
  final int height;
  final int channels;
  final byte[] values;

  Pixels(int width, int height, int channels) {
    this(width, height, channels, new byte[Math.multiplyExact(width * channels, height)]);
  }

  Pixels(int width, int height, int channels, byte[] values) {
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.values = values;
  }

  /** This image as a viewer shows it: turned and mirrored as Exif's orientation 1 to 8 says. */
  Pixels upright(int orientation) {
    if (orientation == 1) {
      return this;
    }
    boolean transposed = orientation >= 5;
    Pixels turned = new Pixels(transposed ? height : width, transposed ? width : height, channels);
    for (int y = 0; y < turned.height; y++) {
      for (int x = 0; x < turned.width; x++) {
        int from =
            switch (orientation) {
              case 2 -> at(width - 1 - x, y);
              case 3 -> at(width - 1 - x, height - 1 - y);
              case 4 -> at(x, height - 1 - y);
              case 5 -> at(y, x);
              case 6 -> at(y, height - 1 - x);
              case 7 -> at(width - 1 - y, height - 1 - x);
              default -> at(width - 1 - y, x);
            };
        System.arraycopy(values, from, turned.values, turned.at(x, y), channels);
      }
    }
    return turned;
  }

  /** Luminance by ITU-R BT.601 in 16-bit integers, as Pillow's mode L. */
  Pixels gray() {
    if (channels == 1) {
      return this;
    }
    Pixels gray = new Pixels(width, height, 1);
    for (int i = 0; i < gray.values.length; i++) {
      int red = values[3 * i] & 0xFF;
      int green = values[3 * i + 1] & 0xFF;
      int blue = values[3 * i + 2] & 0xFF;
      gray.values[i] = (byte) ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
    }
    return gray;
  }

  private int at(int x, int y) {
    return (y * width + x) * channels;
  }
}
