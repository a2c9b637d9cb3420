package dev.tare.engine.tflite;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.OperatorT;

/** A small network with five kinds of operators, as LiteRT's own tools wrote and quantized it. */
public final class LiteModels {

  public static final String FLOAT = "tiny_float.tflite";
  public static final String INT8 = "tiny_int8.tflite";
  public static final String INT16 = "tiny_int16x8.tflite";
  public static final String INPUT = "tiny_input_f32_4x8x8x3.bin";
  public static final String FLOAT_OUTPUT = "tiny_output_float_f32_4x5.bin";
  public static final String INT8_OUTPUT = "tiny_output_int8_4x5.bin";
  public static final String INT16_OUTPUT = "tiny_output_int16x8_4x5.bin";

  private LiteModels() {}

  public static byte[] bytes(String resource) {
    try (InputStream in = LiteModels.class.getResourceAsStream(resource)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static float[] floats(String resource) {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(resource)).order(ByteOrder.LITTLE_ENDIAN);
    float[] floats = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(floats);
    return floats;
  }

  /** Reads a model from bytes, by way of a file in a folder. */
  public static LiteModel read(byte[] bytes, Path folder) throws IOException {
    return LiteFile.read(Files.write(folder.resolve("x.tflite"), bytes), "x.tflite");
  }

  public static LiteModel read(String resource, Path folder) throws IOException {
    return read(bytes(resource), folder);
  }

  /** The small network for any number of images at once. */
  public static LiteModel batchable(Path folder) throws IOException {
    LiteDraft draft = read(FLOAT, folder).draft();
    ByteBuffer any = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    draft.setData(8, any.putInt(-1).putInt(16).flip());
    draft.tensor(0).setShapeSignature(new int[] {-1, 8, 8, 3});
    return draft.finish("x.tflite");
  }

  /** The small network with one bias for two convolutions. */
  public static LiteModel sharing(Path folder) throws IOException {
    LiteDraft draft = read(FLOAT, folder).draft();
    draft.operator(1).getInputs()[2] = 2;
    return draft.finish("x.tflite");
  }

  /** The small network with the last weight in float16, as converters write it. */
  public static LiteModel halved(Path folder) throws IOException {
    LiteDraft draft = read(FLOAT, folder).draft();
    int weight = 10;
    int elements = 5 * 16;
    ByteBuffer halves = ByteBuffer.allocate(2 * elements).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < elements; i++) {
      halves.putShort((short) ((i % 2 == 0 ? 0x3400 : 0xB400) + 37 * i));
    }
    int half = draft.addTensor("fc/w16", LiteTypes.of(DType.FLOAT16), Shape.of(5, 16), List.of());
    draft.setData(half, halves.flip());
    draft.removeData(weight);
    List<OperatorT> operators = new ArrayList<>();
    operators.add(draft.operator(draft.code(BuiltinOperator.DEQUANTIZE, 3), half, weight));
    operators.addAll(Arrays.asList(draft.graph().getOperators()));
    draft.setOperators(operators);
    return draft.finish("x.tflite");
  }

  public static byte[] written(LiteModel model) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    model.writeTo(out);
    return out.toByteArray();
  }
}
