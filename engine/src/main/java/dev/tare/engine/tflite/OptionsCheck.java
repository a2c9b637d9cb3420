package dev.tare.engine.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.Table;
import dev.tare.engine.model.InvalidModelException;
import java.nio.ByteBuffer;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.Operator;

/**
 * Refuses options of an operator that the generated classes do not know whole: what they leave out
 * would be lost in a model that is written, and the operator would compute something else.
 */
final class OptionsCheck {

  private static final int VTABLE = 4;
  private static final int SMALL = 256;

  private OptionsCheck() {}

  /**
   * Checks the options of an operator.
   *
   * @param index of the operator, for the message
   * @param read what the generated classes made of them
   * @throws InvalidModelException if there is more in the file
   */
  static void check(String model, int index, Operator operator, BuiltinOptionsUnion read) {
    byte type = operator.builtinOptionsType();
    Fields stored = new Fields();
    if (type == BuiltinOptions.NONE || operator.builtinOptions(stored) == null) {
      return;
    }
    if (read.getValue() == null) {
      throw new InvalidModelException(
          model,
          "operator %d has options of type %d, which is newer than what Tare reads"
              .formatted(index, Byte.toUnsignedInt(type)));
    }
    for (int i = known(read); i < stored.count(); i++) {
      if (stored.has(i)) {
        throw new InvalidModelException(
            model,
            "field %d of the %s of operator %d is newer than what Tare reads, and would be lost"
                .formatted(i, BuiltinOptions.name(type), index));
      }
    }
  }

  /** The number of fields that the generated class writes when it leaves out no defaults. */
  private static int known(BuiltinOptionsUnion options) {
    FlatBufferBuilder builder = new FlatBufferBuilder(SMALL).forceDefaults(true);
    builder.finish(BuiltinOptionsUnion.pack(builder, options));
    ByteBuffer bytes = builder.dataBuffer();
    Fields written = new Fields();
    written.__reset(bytes.position() + bytes.getInt(bytes.position()), bytes);
    return written.count();
  }

  /** Which fields a table has, of whatever type it is. */
  private static final class Fields extends Table {

    private int vtable() {
      return bb_pos - bb.getInt(bb_pos);
    }

    int count() {
      return (Short.toUnsignedInt(bb.getShort(vtable())) - VTABLE) / 2;
    }

    boolean has(int field) {
      return __offset(VTABLE + 2 * field) != 0;
    }

    @Override
    protected void __reset(int position, ByteBuffer bytes) {
      super.__reset(position, bytes);
    }
  }
}
