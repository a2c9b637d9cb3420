package dev.tare.engine.onnx.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFormat;
import dev.tare.engine.model.ModelLook;
import dev.tare.engine.model.ParsedModel;
import dev.tare.engine.onnx.OnnxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedMap;

/** ONNX: a message of Protocol Buffers, with data in separate files if it is large. */
public final class OnnxFormat implements ModelFormat {

  /** It has no state. */
  public static final OnnxFormat INSTANCE = new OnnxFormat();

  /** What fields of a message can be: a varint, 64 bits, bytes of a length, 32 bits. */
  private static final Set<Integer> WIRE_TYPES = Set.of(0, 1, 2, 5);

  private OnnxFormat() {}

  @Override
  public String name() {
    return "ONNX";
  }

  /**
   * ONNX has no magic number: true for whatever could begin with a field of a message, and for the
   * empty message.
   */
  @Override
  public boolean recognizes(ByteBuffer head) {
    if (!head.hasRemaining()) {
      return true;
    }
    int tag = Byte.toUnsignedInt(head.get(head.position()));
    return WIRE_TYPES.contains(tag & 7) && tag >> 3 != 0;
  }

  @Override
  public ModelLook look(Path file, String name) throws IOException {
    return OnnxFile.look(file, name);
  }

  @Override
  public void requireDataFiles(Path file, String name, SortedMap<String, String> files)
      throws IOException {
    OnnxFile.requireDataFiles(file, name, files);
  }

  @Override
  public ParsedModel read(Path file, String name) throws IOException {
    OnnxFile parsed = OnnxFile.read(file, name);
    return new ParsedModel() {
      @Override
      public ModelLook look() {
        return parsed.look();
      }

      @Override
      public FloatModel withDataIn(Path folder) throws IOException {
        return OnnxFloatModel.widened(parsed.withDataIn(folder));
      }
    };
  }
}
