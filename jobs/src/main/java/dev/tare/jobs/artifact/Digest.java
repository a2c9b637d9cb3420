package dev.tare.jobs.artifact;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The identity of some bytes.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param bytes length, at least 0
 */
public record Digest(String sha256, long bytes) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final int CHUNK = 1 << 18;

  /**
   * @throws IllegalArgumentException if the hash is not 64 hexadecimal digits or the length is
   *     negative
   */
  public Digest {
    if (!isSha256(sha256)) {
      throw new IllegalArgumentException("Not a sha256 in lower-case hexadecimal: " + sha256);
    }
    if (bytes < 0) {
      throw new IllegalArgumentException("Negative length: " + bytes);
    }
  }

  /** Whether a text is 64 lower-case hexadecimal digits. */
  static boolean isSha256(String text) {
    return SHA256.matcher(text).matches();
  }

  /** Digest of the UTF-8 bytes of a text. */
  public static Digest of(String text) {
    return of(text.getBytes(StandardCharsets.UTF_8));
  }

  public static Digest of(byte[] content) {
    return new Digest(HexFormat.of().formatHex(messageDigest().digest(content)), content.length);
  }

  /** Reads a stream to its end in constant memory; does not close it. */
  public static Digest of(InputStream stream) throws IOException {
    MessageDigest digest = messageDigest();
    byte[] chunk = new byte[CHUNK];
    long bytes = 0;
    for (int n = stream.read(chunk); n >= 0; n = stream.read(chunk)) {
      digest.update(chunk, 0, n);
      bytes += n;
    }
    return new Digest(HexFormat.of().formatHex(digest.digest()), bytes);
  }

  private static MessageDigest messageDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
