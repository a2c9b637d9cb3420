package dev.tare.engine.tflite.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFormat;
import dev.tare.engine.model.ModelLook;
import dev.tare.engine.model.ParsedModel;
import dev.tare.engine.tflite.LiteFile;
import dev.tare.engine.tflite.LiteModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * TensorFlow Lite: one file of flatbuffers. Sessions never get a user's file, which the runtime
 * does not check, but one written from what was read and checked.
 */
public final class LiteFormat implements ModelFormat {

  /** It has no state. */
  public static final LiteFormat INSTANCE = new LiteFormat();

  private static final ModelLook LOOK = new ModelLook(new TreeMap<>(), false);

  private LiteFormat() {}

  @Override
  public String name() {
    return "TensorFlow Lite";
  }

  @Override
  public boolean recognizes(ByteBuffer head) {
    byte[] mark = LiteFile.IDENTIFIER.getBytes(StandardCharsets.ISO_8859_1);
    int at = head.position() + LiteFile.IDENTIFIER_AT;
    return head.remaining() >= LiteFile.IDENTIFIER_AT + mark.length
        && head.slice(at, mark.length).equals(ByteBuffer.wrap(mark));
  }

  @Override
  public ModelLook look(Path file, String name) throws IOException {
    LiteFile.read(file, name);
    return LOOK;
  }

  @Override
  public void requireDataFiles(Path file, String name, SortedMap<String, String> files) {}

  @Override
  public ParsedModel read(Path file, String name) throws IOException {
    LiteModel model = LiteFile.read(file, name);
    return new ParsedModel() {
      @Override
      public ModelLook look() {
        return LOOK;
      }

      @Override
      public FloatModel withDataIn(Path folder) {
        return LiteFloatModel.widened(model);
      }
    };
  }
}
