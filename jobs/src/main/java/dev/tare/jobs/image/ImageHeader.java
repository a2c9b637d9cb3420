package dev.tare.jobs.image;

/**
 * Properties of an image before any pixel is decoded, and the parts of its file that a decoder
 * needs.
 *
 * @param format the format
 * @param width pixels in a stored row, at least 1
 * @param height stored rows, at least 1
 * @param orientation Exif's 1 to 8; 1 if the file has none that can be read
 * @param essential the file without parts that pixels do not need: texts, colour profiles,
 *     thumbnails
 */
record ImageHeader(
    ImageFormat format, long width, long height, int orientation, Essential essential) {

  /** Bytes of a reduced file; equality is identity. */
  static final class Essential {
    private final byte[] bytes;

    Essential(byte[] bytes) {
      this.bytes = bytes;
    }

    byte[] bytes() {
      return bytes;
    }
  }

  /**
   * Reads the structure of a file; costs one pass over its bytes, whatever size it claims to have.
   *
   * @throws ImageException if it is neither PNG nor JPEG, cut off, damaged, or of a kind that is
   *     not supported
   */
  static ImageHeader parse(byte[] file) throws ImageException {
    if (file.length == 0) {
      throw ImageException.damaged("0 bytes, not an image");
    }
    ImageFormat format =
        ImageFormat.of(file).orElseThrow(() -> ImageException.unsupported("neither PNG nor JPEG"));
    return switch (format) {
      case PNG -> PngFile.parse(file);
      case JPEG -> JpegFile.parse(file);
    };
  }
}
