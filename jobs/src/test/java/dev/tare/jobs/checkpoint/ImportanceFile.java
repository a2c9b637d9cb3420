package dev.tare.jobs.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;

/** Writes importance files as llama.cpp does: GGUF, version 3. */
final class ImportanceFile {

  private static final int TEXT = 8;
  private static final int ALIGNMENT = 32;

  private ImportanceFile() {}

  /**
   * Writes one.
   *
   * @param sums of squares of one input, by the names of layers there
   */
  static void write(Path file, SortedMap<String, float[]> sums) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer data = ByteBuffer.allocate(1 << 24).order(ByteOrder.LITTLE_ENDIAN);
    head.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3);
    head.putLong(2L * sums.size()).putLong(1);
    text(head, "general.type");
    head.putInt(TEXT);
    text(head, "imatrix");
    sums.forEach(
        (name, squares) -> {
          tensor(head, data, name + ".in_sum2", squares);
          tensor(head, data, name + ".counts", new float[] {1});
        });
    pad(head);
    ByteBuffer all = ByteBuffer.allocate(head.position() + data.position());
    all.put(head.flip()).put(data.flip());
    Files.write(file, all.array());
  }

  private static void tensor(ByteBuffer head, ByteBuffer data, String name, float[] values) {
    text(head, name);
    head.putInt(2).putLong(values.length).putLong(1).putInt(0).putLong(data.position());
    for (float value : values) {
      data.putFloat(value);
    }
    pad(data);
  }

  private static void text(ByteBuffer out, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.putLong(bytes.length).put(bytes);
  }

  private static void pad(ByteBuffer out) {
    while (out.position() % ALIGNMENT != 0) {
      out.put((byte) 0);
    }
  }
}
