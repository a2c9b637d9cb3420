package dev.tare.jobs.cluster;

import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;

/** Word vectors and layers with so many weights that no single file of ONNX holds them. */
final class LargeModel {

  static final String DATA = "weights.bin";

  private static final int WORDS = 30_522;
  private static final int WIDTH = 4608;
  private static final int INNER = 3 * WIDTH;
  private static final int LAYERS = 4;
  private static final int CHUNK = 1 << 20;

  private final FileChannel data;
  private final Models graphs = Models.exported(13);
  private final SplittableRandom random = new SplittableRandom(5);
  private long end;

  private LargeModel(FileChannel data) {
    this.data = data;
  }

  /** Writes the model; returns the bytes of its weights. */
  static long write(Path file) throws IOException {
    try (FileChannel data =
        FileChannel.open(
            file.resolveSibling(DATA), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      LargeModel model = new LargeModel(data);
      model.build();
      model.graphs.write(file);
      return model.end;
    }
  }

  private void build() throws IOException {
    graphs.input("input_ids", TensorProto.DataType.INT64, "batch", "length");
    weight("words", WORDS, WIDTH, 1);
    graphs.node("Gather", "look_up", List.of("words", "input_ids"), "h0");
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "layer" + layer;
      weight(name + ".up", WIDTH, INNER, 2.0 / WIDTH);
      weight(name + ".down", INNER, WIDTH, 1.0 / INNER);
      graphs
          .node("MatMul", name + ".up", List.of("h" + layer, name + ".up"), name + ".u")
          .node("Relu", name + ".bend", List.of(name + ".u"), name + ".r")
          .node("MatMul", name + ".down", List.of(name + ".r", name + ".down"), name + ".d")
          .node("Add", name + ".add", List.of("h" + layer, name + ".d"), "h" + (layer + 1));
    }
    graphs.output("h" + LAYERS, TensorProto.DataType.FLOAT, "batch", "length", WIDTH);
  }

  /** Values of an even distribution with a variance. */
  private void weight(String name, int rows, int columns, double variance) throws IOException {
    double scale = Math.sqrt(12 * variance) / (1L << 31);
    long length = 4L * rows * columns;
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (long done = 0; done < length; done += chunk.limit()) {
      chunk.clear().limit((int) Math.min(CHUNK, length - done));
      while (chunk.remaining() >= 8) {
        long bits = random.nextLong();
        chunk.putFloat((float) (scale * ((int) bits >> 1)));
        chunk.putFloat((float) (scale * ((int) (bits >>> 32) >> 1)));
      }
      chunk.rewind();
      while (chunk.hasRemaining()) {
        data.write(chunk, end + done + chunk.position());
      }
    }
    graphs.constant(
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addDims(rows)
            .addDims(columns)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(entry("location", DATA))
            .addExternalData(entry("offset", Long.toString(end)))
            .addExternalData(entry("length", Long.toString(length)))
            .build());
    end += length;
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
