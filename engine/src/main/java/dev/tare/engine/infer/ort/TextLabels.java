package dev.tare.engine.infer.ort;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Maps texts to numbers, the first 8 bytes of their SHA-256: equal if the texts are equal. */
final class TextLabels {

  private TextLabels() {}

  /**
   * Appends texts.
   *
   * @param texts a text, or arrays of texts nested to any depth
   */
  static void put(Object texts, LongBuffer into) {
    if (texts instanceof Object[] array) {
      for (Object element : array) {
        put(element, into);
      }
    } else {
      into.put(label(String.valueOf(texts)));
    }
  }

  static long label(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
