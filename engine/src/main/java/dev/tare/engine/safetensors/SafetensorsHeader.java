package dev.tare.engine.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a safetensors file contains, and where:
 *
 * <pre>
 * 8 bytes   length n of the JSON, little-endian, unsigned
 * n bytes   {"__metadata__": {text: text}, NAME: {"dtype": "BF16", "shape": [4096, 4096],
 *           "data_offsets": [begin, end]}, ...}, padded with spaces to a multiple of 8
 * the rest  the tensors, row-major, little-endian, without a gap, an overlap or a remainder;
 *           offsets are counted from here
 * </pre>
 *
 * @param metadata texts by key
 * @param tensors in the order of their bytes
 * @param dataBegin offset of the first tensor in the file
 */
public record SafetensorsHeader(
    SortedMap<String, String> metadata, List<StoredTensor> tensors, long dataBegin) {

  /** Bytes of the length, with which a file begins. */
  public static final int PREFIX_BYTES = 8;

  /** The longest JSON that is read: a quarter of a million tensors. */
  public static final int MOST_JSON_BYTES = 32 << 20;

  private static final int ALIGNMENT = 8;

  public SafetensorsHeader {
    metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
    tensors = List.copyOf(tensors);
  }

  /** Reads the JSON of a file, which follows its length. */
  @FunctionalInterface
  public interface Source {
    byte[] read(int bytes);
  }

  /**
   * Reads a header, and checks that its tensors fill the file.
   *
   * @param prefix the first 8 bytes of the file
   * @param json reads the bytes after these, as many as they say
   * @param fileBytes length of the whole file
   * @param file its name in errors
   * @throws SafetensorsException if anything is not as above, a name occurs twice or is a path, or
   *     a limit is exceeded
   */
  public static SafetensorsHeader read(byte[] prefix, Source json, long fileBytes, String file) {
    if (prefix.length != PREFIX_BYTES || fileBytes < PREFIX_BYTES) {
      throw new SafetensorsException(file, "it has fewer than 8 bytes");
    }
    long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (length < 2 || length > fileBytes - PREFIX_BYTES) {
      throw new SafetensorsException(
          file,
          "it is no safetensors file, or is truncated: its first 8 bytes announce a header of %s bytes, and the file has %d"
              .formatted(Long.toUnsignedString(length), fileBytes));
    }
    if (length > MOST_JSON_BYTES) {
      throw new SafetensorsException(
          file, "its header has %d bytes, more than %d".formatted(length, MOST_JSON_BYTES));
    }
    long begin = PREFIX_BYTES + length;
    return new HeaderParser(file, begin, fileBytes).parse(json.read((int) length));
  }

  /**
   * Lays out tensors one after the other in a given order.
   *
   * @throws IllegalArgumentException if a name occurs twice
   */
  public static SafetensorsHeader layOut(
      SortedMap<String, String> metadata, List<TensorSpec> specs) {
    Set<String> names = new HashSet<>();
    List<StoredTensor> relative = new ArrayList<>();
    long end = 0;
    for (TensorSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("Two tensors are called '" + spec.name() + "'");
      }
      relative.add(new StoredTensor(spec, end));
      end = Math.addExact(end, spec.bytes());
    }
    long begin = (long) PREFIX_BYTES + padded(HeaderText.of(metadata, relative, 0)).length;
    return new SafetensorsHeader(
        metadata,
        relative.stream().map(t -> new StoredTensor(t.spec(), begin + t.begin())).toList(),
        begin);
  }

  /** Bytes of a file with this header. */
  public long fileBytes() {
    return tensors.isEmpty() ? dataBegin : tensors.get(tensors.size() - 1).end();
  }

  /** Bytes of the tensors. */
  public long dataBytes() {
    return fileBytes() - dataBegin;
  }

  /**
   * The bytes with which the file begins, up to the first tensor.
   *
   * @throws IllegalStateException if they are not as many as {@link #dataBegin} says: of a header
   *     that another program wrote
   */
  public byte[] encode() {
    byte[] json = padded(HeaderText.of(metadata, tensors, dataBegin));
    if (json.length + PREFIX_BYTES != dataBegin) {
      throw new IllegalStateException("The header was laid out by another program");
    }
    return ByteBuffer.allocate(PREFIX_BYTES + json.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  private static byte[] padded(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    int missing = (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
    return (text + " ".repeat(missing)).getBytes(StandardCharsets.UTF_8);
  }
}
