package dev.tare.jobs.checkpoint;

import dev.tare.engine.safetensors.StoredTensor;
import java.io.EOFException;
import java.io.IOException;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * Reads parts of the files of a checkpoint, one file open at a time. Not thread-safe; confined to
 * one task.
 */
final class SourceReader implements AutoCloseable {

  private final Map<String, SourceFile> files;
  private final Configuration hadoop;
  private String open = "";
  private FSDataInputStream stream;

  SourceReader(Map<String, SourceFile> files, Configuration hadoop) {
    this.files = files;
    this.hadoop = hadoop;
  }

  /**
   * Fills a buffer from its start.
   *
   * @throws dev.tare.jobs.TareException (bad input) if the file is not the one that was planned for
   */
  void read(String file, long from, byte[] buffer, int length) throws IOException {
    if (!open.equals(file)) {
      close();
      stream = files.get(file).open(hadoop);
      open = file;
    }
    if (stream.getPos() != from) {
      stream.seek(from);
    }
    int read = stream.readNBytes(buffer, 0, length);
    if (read < length) {
      throw new EOFException(
          "%s ends at %d, expected %d more bytes".formatted(file, from + read, length - read));
    }
  }

  /** Takes the bytes of a slice, which are overwritten by the next. */
  interface Slice {
    void take(byte[] bytes, int length) throws IOException;
  }

  /**
   * Reads a tensor from its first byte to its last.
   *
   * @param buffer has the size of a slice; the last one may be shorter
   */
  void read(String file, StoredTensor tensor, byte[] buffer, Slice each) throws IOException {
    for (long from = tensor.begin(); from < tensor.end(); from += buffer.length) {
      int length = (int) Math.min(buffer.length, tensor.end() - from);
      read(file, from, buffer, length);
      each.take(buffer, length);
    }
  }

  @Override
  public void close() throws IOException {
    if (stream != null) {
      stream.close();
      stream = null;
      open = "";
    }
  }
}
