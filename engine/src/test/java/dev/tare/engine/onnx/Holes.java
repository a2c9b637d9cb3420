package dev.tare.engine.onnx;

import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;

/** A file in which zeros take no room on the disk. */
public final class Holes extends OutputStream {

  private final RandomAccessFile file;
  private long length;

  public Holes(Path path) throws IOException {
    this.file = new RandomAccessFile(path.toFile(), "rw");
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int count) throws IOException {
    if (!Arrays.equals(bytes, from, from + count, new byte[count], 0, count)) {
      file.seek(length);
      file.write(bytes, from, count);
    }
    length += count;
  }

  @Override
  public void close() throws IOException {
    file.setLength(length);
    file.close();
  }
}
