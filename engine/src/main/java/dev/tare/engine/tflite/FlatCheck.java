package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tflite.FlatTable.Field;
import dev.tare.engine.tflite.FlatTable.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * Follows every offset of a file once, before a generated class does: those check nothing, and take
 * the length of a vector for memory to allocate.
 *
 * <p>Tables may be shared, as the format allows, but what is read in all is bounded by the size of
 * the file, so that a small file cannot stand for a large model. Tables are nested at most as deep
 * as the schema; nothing in it is recursive.
 */
final class FlatCheck {

  private static final int OFFSET = 4;
  private static final int VTABLE = 4;
  private static final long READ_PER_BYTE = 8;
  private static final long READ_ALWAYS = 1 << 16;

  private final String model;
  private final ByteBuffer bytes;
  private final int limit;
  private long readable;

  private FlatCheck(String model, ByteBuffer bytes) {
    this.model = model;
    this.bytes = bytes;
    this.limit = bytes.limit();
    this.readable = READ_PER_BYTE * limit + READ_ALWAYS;
  }

  /**
   * Checks a whole file.
   *
   * @param bytes little-endian, from 0 to the limit
   * @throws InvalidModelException if an offset or a length leads outside of the file, or a field
   *     has something that Tare does not read
   */
  static void check(String model, ByteBuffer bytes) {
    FlatCheck check = new FlatCheck(model, bytes);
    if (check.limit < 2 * OFFSET) {
      throw new InvalidModelException(model, "it has only %d bytes".formatted(check.limit));
    }
    check.table(FlatTable.MODEL, check.follow(0, "the file"));
  }

  private void table(FlatTable type, int position) {
    fields(type.name().toLowerCase(Locale.ROOT), type.fields(), position, true);
  }

  /**
   * @param strict whether a field beyond those known is refused
   */
  private void fields(String owner, List<Field> known, int position, boolean strict) {
    int vtable = vtable(owner, position);
    int count = (unsignedShort(vtable) - VTABLE) / 2;
    int size = unsignedShort(vtable + 2);
    int options = 0;
    for (int i = 0; i < count; i++) {
      int offset = unsignedShort(vtable + VTABLE + 2 * i);
      if (offset == 0) {
        continue;
      }
      boolean isKnown = i < known.size();
      if (strict && (!isKnown || known.get(i).name().equals(FlatTable.UNSUPPORTED))) {
        throw new InvalidModelException(
            model,
            "field %d of a %s is filled, which Tare does not read: sparse weights, blockwise scales, data outside of the file, and what is newer than 2023"
                .formatted(i, owner));
      }
      int width = isKnown ? inTable(known.get(i)) : 1;
      if (offset < OFFSET || offset + width > size) {
        throw broken("a %s of %d bytes has a field at %d".formatted(owner, size, offset));
      }
      if (isKnown) {
        Field field = known.get(i);
        field(field, position + offset, options);
        options = field.kind() == Kind.NUMBER ? bytes.get(position + offset) & 0xFF : 0;
      }
    }
  }

  private static int inTable(Field field) {
    return field.kind() == Kind.NUMBER ? field.size() : OFFSET;
  }

  private void field(Field field, int at, int options) {
    switch (field.kind()) {
      case NUMBER -> {}
      case NUMBERS -> vector(follow(at, field.name()), field);
      case TEXT -> {
        int text = follow(at, field.name());
        text(text + OFFSET, vector(text, field), field);
      }
      case TABLE -> table(FlatTable.valueOf(field.table()), follow(at, field.name()));
      case TABLES -> {
        int vector = follow(at, field.name());
        int count = vector(vector, field);
        for (int i = 0; i < count; i++) {
          int entry = vector + OFFSET * (i + 1);
          table(FlatTable.valueOf(field.table()), follow(entry, field.name()));
        }
      }
      case OPTIONS ->
          fields(
              "operator's options",
              FlatTable.options(options),
              follow(at, field.name()),
              !FlatTable.options(options).isEmpty());
    }
  }

  /** Where an offset leads, with room for a length. */
  private int follow(int at, String what) {
    long target = at + Integer.toUnsignedLong(bytes.getInt(at));
    if (target == at || target > limit - OFFSET) {
      throw broken("an offset at %d (%s) leads to %d".formatted(at, what, target));
    }
    return (int) target;
  }

  /** Returns the number of elements of a vector. */
  private int vector(int position, Field field) {
    long count = Integer.toUnsignedLong(bytes.getInt(position));
    if (count * field.size() > limit - OFFSET - position) {
      throw broken(
          "%s at %d has %d elements of %d bytes, more than are left"
              .formatted(field.name(), position, count, field.size()));
    }
    // Data of a tensor is not copied, however many tables share it.
    read(field.name().equals("data") ? OFFSET : OFFSET + count * field.size());
    return (int) count;
  }

  private void text(int position, int length, Field field) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes.slice(position, length));
    } catch (CharacterCodingException e) {
      throw broken("%s at %d is no UTF-8".formatted(field.name(), position));
    }
  }

  private int vtable(String owner, int position) {
    long vtable = (long) position - bytes.getInt(position);
    if (vtable < 0 || vtable > limit - VTABLE) {
      throw broken("the layout of a %s at %d would be at %d".formatted(owner, position, vtable));
    }
    int at = (int) vtable;
    int length = unsignedShort(at);
    int size = unsignedShort(at + 2);
    if (length < VTABLE || length % 2 != 0 || at + length > limit) {
      throw broken("the layout of a %s at %d has %d bytes".formatted(owner, at, length));
    }
    if (size < OFFSET || position + size > limit) {
      throw broken("a %s at %d has %d bytes".formatted(owner, position, size));
    }
    read(length + size);
    return at;
  }

  private void read(long count) {
    readable -= count;
    if (readable < 0) {
      throw broken("its tables share their parts so often that they describe a far larger model");
    }
  }

  private int unsignedShort(int at) {
    return Short.toUnsignedInt(bytes.getShort(at));
  }

  private InvalidModelException broken(String what) {
    return new InvalidModelException(
        model, "it is truncated or broken: %s, and the file has %d bytes".formatted(what, limit));
  }
}
