package dev.tare.jobs.law;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A small network for TensorFlow Lite that takes any number of pictures at once, and pictures. */
public final class TinyLite {

  private static final int EDGE = 8;
  private static final int CHANNELS = 3;
  private static final int SHAPE_OF_RESHAPE = 8;
  private static final int VALUES_AFTER_IT = 16;

  private TinyLite() {}

  /** Writes the network of six operators, whose first axis is free. */
  public static Path model(Path file) throws IOException {
    try (InputStream in = TinyLite.class.getResourceAsStream("/dev/tare/jobs/run/tiny.tflite")) {
      Files.write(file, in.readAllBytes());
    }
    LiteDraft draft = LiteFile.read(file, "tiny.tflite").draft();
    ByteBuffer any = ByteBuffer.allocate(2 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    draft.setData(SHAPE_OF_RESHAPE, any.putInt(-1).putInt(VALUES_AFTER_IT).flip());
    draft.tensor(0).setShapeSignature(new int[] {-1, EDGE, EDGE, CHANNELS});
    try (OutputStream out = Files.newOutputStream(file)) {
      draft.finish("tiny.tflite").writeTo(out);
    }
    return file;
  }

  /** Always the same ones, of numbers that decimal text has exactly. */
  public static List<Sample> samples(int count) {
    Random random = new Random(41);
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] values = new float[EDGE * EDGE * CHANNELS];
      for (int k = 0; k < values.length; k++) {
        values[k] = (float) Math.rint(256 * random.nextGaussian()) / 256;
      }
      samples.add(Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(EDGE, EDGE, CHANNELS), values))));
    }
    return samples;
  }

  /** Samples as lines of JSON. */
  public static Path write(Path file, List<Sample> samples) throws IOException {
    List<String> lines = new ArrayList<>();
    for (Sample sample : samples) {
      float[] values = sample.inputs().get("x").toFloatArray();
      StringBuilder line = new StringBuilder("{\"x\": [");
      for (int k = 0; k < values.length; k++) {
        boolean row = k % (EDGE * CHANNELS) == 0;
        boolean pixel = k % CHANNELS == 0;
        line.append(k == 0 ? "" : row ? "]], " : pixel ? "], " : ", ");
        line.append(row ? "[[" : pixel ? "[" : "").append(values[k]);
      }
      lines.add(line.append("]]]}").toString());
    }
    return Files.write(file, lines, StandardCharsets.UTF_8);
  }
}
