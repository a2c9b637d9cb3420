package dev.tare.jobs.image;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** The supported image formats. */
public enum ImageFormat {
  PNG("89504e470d0a1a0a"),
  JPEG("ffd8ff");

  /** Number of bytes at the beginning of a file that {@link #of} examines. */
  public static final int HEAD_BYTES = 8;

  private final String magic;

  ImageFormat(String magic) {
    this.magic = magic;
  }

  /** The format of a file by its first bytes. */
  public static Optional<ImageFormat> of(byte[] head) {
    String hex = HexFormat.of().formatHex(head, 0, Math.min(head.length, HEAD_BYTES));
    for (ImageFormat format : values()) {
      if (hex.startsWith(format.magic)) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /** Whether a file has the name of an image, whatever its content is. */
  public static boolean named(String path) {
    String lower = path.toLowerCase(Locale.ROOT);
    return lower.endsWith(".png") || lower.endsWith(".jpg") || lower.endsWith(".jpeg");
  }
}
