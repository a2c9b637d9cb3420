package dev.tare.jobs.quantize;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Memory in a temporary file, for a model that may be larger than the driver's heap. Its buffers
 * stay good after it was closed; the file has no name any more then, and ends with them.
 */
final class ScratchFile implements AutoCloseable {

  /** Smaller buffers are on the heap: a mapping is a page at least, and a process has few. */
  private static final int MAPPED_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;

  ScratchFile() throws IOException {
    this.path = Files.createTempFile("tare-scratch", ".bin");
    this.channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** A zeroed buffer. */
  ByteBuffer allocate(int bytes) {
    if (bytes < MAPPED_BYTES) {
      return ByteBuffer.allocate(bytes);
    }
    try {
      return channel.map(FileChannel.MapMode.READ_WRITE, channel.size(), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + bytes + " bytes into " + path, e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.delete(path);
  }
}
