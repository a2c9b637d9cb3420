package dev.tare.jobs.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG file: every checksum is verified, and only the chunks that pixels need are
 * kept.
 *
 * <p>Compressed texts and colour profiles, which may unpack to any size, are never passed to a
 * decoder.
 *
 * @see <a href="https://www.w3.org/TR/png-3/">PNG specification, third edition</a>
 */
final class PngFile {

  private static final Set<String> ESSENTIAL = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");
  private static final int SIGNATURE = 8;

  /** Length, type and checksum of a chunk. */
  private static final int FRAME = 12;

  private PngFile() {}

  static ImageHeader parse(byte[] file) throws ImageException {
    ByteBuffer in = ByteBuffer.wrap(file).position(SIGNATURE);
    ByteArrayOutputStream kept = new ByteArrayOutputStream(file.length);
    kept.write(file, 0, SIGNATURE);
    long width = 0;
    long height = 0;
    int orientation = 1;
    boolean data = false;
    for (String type = ""; !type.equals("IEND"); ) {
      int start = in.position();
      int length = chunk(in);
      type = new String(file, start + 4, 4, StandardCharsets.US_ASCII);
      if (start == SIGNATURE) {
        if (!type.equals("IHDR") || length != 13) {
          throw ImageException.damaged("a PNG whose first chunk is no header");
        }
        width = in.getInt(start + 8) & 0xFFFF_FFFFL;
        height = in.getInt(start + 12) & 0xFFFF_FFFFL;
      } else if (type.equals("eXIf")) {
        orientation = Exif.orientation(Arrays.copyOfRange(file, start + 8, start + 8 + length));
      }
      data |= type.equals("IDAT");
      if (ESSENTIAL.contains(type)) {
        kept.write(file, start, length + FRAME);
      }
    }
    if (width == 0 || height == 0) {
      throw ImageException.damaged("a PNG of %d x %d pixels".formatted(width, height));
    }
    if (!data) {
      throw ImageException.damaged("a PNG without pixels");
    }
    return new ImageHeader(
        ImageFormat.PNG, width, height, orientation, new ImageHeader.Essential(kept.toByteArray()));
  }

  /** Steps over a chunk; returns the length of its data. */
  private static int chunk(ByteBuffer in) throws ImageException {
    int start = in.position();
    if (in.remaining() < FRAME) {
      throw cut(in);
    }
    int length = in.getInt();
    if (length < 0 || length > in.remaining() - 8) {
      throw cut(in);
    }
    CRC32 crc = new CRC32();
    crc.update(in.duplicate().position(start + 4).limit(start + 8 + length));
    in.position(start + 8 + length);
    if (in.getInt() != (int) crc.getValue()) {
      throw ImageException.damaged(
          "the checksum of the PNG chunk at byte %d is wrong".formatted(start));
    }
    return length;
  }

  private static ImageException cut(ByteBuffer in) {
    return ImageException.damaged(
        "a PNG cut off or damaged: its chunks do not end within %d bytes".formatted(in.limit()));
  }
}
