package dev.tare.engine.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Texts and float32 tensors of a GGUF file, version 2 or 3, little-endian (ggml's docs/gguf.md):
 *
 * <pre>
 * "GGUF", version u32, number of tensors u64, number of keys u64
 * key      name, type u32, value; an array is its type u32, length u64 and values; a text is its
 *          length u64 and UTF-8
 * tensor   name, dimensions u32, sizes u64 (the innermost first), type u32, offset u64
 * padding to a multiple of general.alignment (32), from where offsets count; so is each tensor
 * </pre>
 *
 * <p>It is held in memory whole, and untrusted: counts, lengths and offsets are checked before
 * anything is allocated for them; names that occur twice, tensors of other types, overlaps and gaps
 * beyond padding are refused.
 */
public final class GgufFile {

  /** The longest file that is read. */
  public static final int MOST_BYTES = 1 << 29;

  private static final int MAGIC = 0x46554747;
  private static final int LEAST_VERSION = 2;
  private static final int MOST_VERSION = 3;
  private static final int MOST_KEYS = 1 << 16;
  private static final int MOST_TENSORS = 1 << 20;
  private static final int MOST_DIMENSIONS = 4;
  private static final int MOST_ALIGNMENT = 1 << 16;
  private static final int LEAST_TENSOR_BYTES = 24;
  private static final int LEAST_KEY_BYTES = 13;
  private static final int TEXT = 8;
  private static final int ARRAY = 9;
  private static final int UINT32 = 4;
  private static final int FLOAT32 = 0;
  private static final String ALIGNMENT = "general.alignment";

  /** Bytes of values by type; 0 for texts and arrays. */
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

  private record Place(String name, List<Long> dims, long offset, long bytes) {}

  private final ByteBuffer content;
  private final SortedMap<String, String> texts = new TreeMap<>();
  private final SortedMap<String, Place> tensors = new TreeMap<>();
  private int alignment = 32;
  private int dataBegin;

  private GgufFile(ByteBuffer content) {
    this.content = content;
  }

  /**
   * Reads a file.
   *
   * @param file its name in errors
   * @throws GgufException if it is anything else than the above
   */
  public static GgufFile read(ByteBuffer content, String file) {
    GgufFile read = new GgufFile(content.slice().order(ByteOrder.LITTLE_ENDIAN));
    read.parse(new GgufCursor(read.content, file));
    return read;
  }

  private void parse(GgufCursor in) {
    if (in.int32("its magic number") != MAGIC) {
      throw in.wrong("it is no GGUF file");
    }
    int version = in.int32("its version");
    if (version < LEAST_VERSION || version > MOST_VERSION) {
      throw in.wrong(
          "its version is %s; %d and %d are read, little-endian"
              .formatted(Integer.toUnsignedString(version), LEAST_VERSION, MOST_VERSION));
    }
    long count = in.size("the number of tensors", MOST_TENSORS);
    long keys = in.size("the number of keys", MOST_KEYS);
    if (count * LEAST_TENSOR_BYTES + keys * LEAST_KEY_BYTES > in.remaining()) {
      throw in.wrong("it is too short for %d tensors and %d keys".formatted(count, keys));
    }
    Set<String> names = new HashSet<>();
    for (long i = 0; i < keys; i++) {
      String key = in.text("a key");
      if (!names.add(key)) {
        throw in.wrong("the key '%s' is there twice".formatted(key));
      }
      value(in, key);
    }
    for (long i = 0; i < count; i++) {
      Place place = place(in);
      if (tensors.put(place.name(), place) != null) {
        throw in.wrong("the tensor '%s' is there twice".formatted(place.name()));
      }
    }
    long begin = padded(in.position());
    if (begin > content.capacity()) {
      if (!tensors.isEmpty()) {
        throw in.wrong("it ends before its first tensor");
      }
      begin = content.capacity();
    }
    dataBegin = (int) begin;
    requireFilled(in);
  }

  private void value(GgufCursor in, String key) {
    int type = in.int32("the type of key " + key);
    if (key.equals(ALIGNMENT)) {
      int value = type == UINT32 ? in.int32(key) : 0;
      if (value < 8 || value > MOST_ALIGNMENT || Integer.bitCount(value) != 1) {
        throw in.wrong(
            "%s is not a power of two from 8 to %d".formatted(ALIGNMENT, MOST_ALIGNMENT));
      }
      alignment = value;
    } else if (type == TEXT) {
      texts.put(key, in.text("the value of " + key));
    } else if (type == ARRAY) {
      int element = in.int32("the type of the values of " + key);
      long length = in.size("the length of " + key, in.remaining());
      for (long i = 0; element == TEXT && i < length; i++) {
        in.text("a value of " + key);
      }
      if (element != TEXT) {
        in.skip(key, length * bytes(in, element, key));
      }
    } else {
      in.skip(key, bytes(in, type, key));
    }
  }

  private static int bytes(GgufCursor in, int type, String key) {
    if (type < 0 || type >= SIZES.length || SIZES[type] == 0) {
      throw in.wrong("the type of '%s' is %s".formatted(key, Integer.toUnsignedString(type)));
    }
    return SIZES[type];
  }

  private Place place(GgufCursor in) {
    String name = in.text("the name of a tensor");
    int dimensions = in.int32("the dimensions of " + name);
    if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
      throw in.wrong(
          "tensor '%s' has %s dimensions".formatted(name, Integer.toUnsignedString(dimensions)));
    }
    List<Long> dims = new ArrayList<>();
    long bytes = Float.BYTES;
    for (int i = 0; i < dimensions; i++) {
      long dim = in.size("a size of tensor '" + name + "'", MOST_BYTES);
      dims.add(dim);
      // Both below 2^30.
      bytes *= dim;
      if (dim == 0 || bytes > MOST_BYTES) {
        throw in.wrong("tensor '%s' has sizes %s".formatted(name, dims));
      }
    }
    int type = in.int32("the type of " + name);
    if (type != FLOAT32) {
      throw in.wrong(
          "tensor '%s' is of type %s, not float32".formatted(name, Integer.toUnsignedString(type)));
    }
    return new Place(name, dims, in.size("the offset of tensor '" + name + "'", MOST_BYTES), bytes);
  }

  private void requireFilled(GgufCursor in) {
    List<Place> inOrder = new ArrayList<>(tensors.values());
    inOrder.sort(Comparator.comparingLong(Place::offset));
    long end = 0;
    for (Place place : inOrder) {
      if (place.offset() != padded(end)) {
        throw in.wrong(
            "tensor '%s' is at %d, not at %d".formatted(place.name(), place.offset(), padded(end)));
      }
      end = place.offset() + place.bytes();
      if (end > content.capacity() - dataBegin) {
        throw in.wrong("tensor '%s' ends beyond the end of the file".formatted(place.name()));
      }
    }
    if (content.capacity() - dataBegin > padded(end)) {
      throw in.wrong(
          "%d bytes after the last tensor belong to none"
              .formatted(content.capacity() - dataBegin - padded(end)));
    }
  }

  private long padded(long position) {
    return (position + alignment - 1) / alignment * alignment;
  }

  /** The value of a key that is a text. */
  public Optional<String> text(String key) {
    return Optional.ofNullable(texts.get(key));
  }

  /** Sizes of all tensors, the innermost first. */
  public SortedMap<String, List<Long>> tensors() {
    SortedMap<String, List<Long>> sizes = new TreeMap<>();
    tensors.forEach((name, place) -> sizes.put(name, place.dims()));
    return sizes;
  }

  /** The values of a tensor. */
  public float[] floats(String tensor) {
    Place place = tensors.get(tensor);
    FloatBuffer values =
        content
            .slice(Math.toIntExact(dataBegin + place.offset()), Math.toIntExact(place.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] floats = new float[values.remaining()];
    values.get(floats);
    return floats;
  }
}
