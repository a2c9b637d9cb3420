package dev.tare.jobs.quantize;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Memory in a temporary file, for a model that may be larger than the driver's heap. Its buffers
 * stay valid after it was closed; the file is then unlinked and is freed with them.
 */
final class ScratchFile implements AutoCloseable {

  /**
   * Smaller buffers are on the heap: a mapping is at least a page, and a process has few mappings.
   */
  private static final int MAPPED_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;

  ScratchFile() throws IOException {
    this.path = Files.createTempFile("tare-scratch", ".bin");
    this.channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /**
   * A zeroed buffer.
   *
   * @throws TareException (usage) if the disk has no space for it
   */
  ByteBuffer allocate(int bytes) {
    if (bytes < MAPPED_BYTES) {
      return ByteBuffer.allocate(bytes);
    }
    try {
      long start = channel.size();
      // Written, not only mapped, so that a full disk is an error here and not a signal later.
      ByteBuffer zeros = ByteBuffer.allocateDirect(MAPPED_BYTES);
      for (long at = start; at < start + bytes; ) {
        zeros.clear().limit((int) Math.min(MAPPED_BYTES, start + bytes - at));
        at += channel.write(zeros, at);
      }
      return channel.map(FileChannel.MapMode.READ_WRITE, start, bytes);
    } catch (IOException e) {
      throw TareException.usage(
          "No room for %d bytes in %s (%s); let java.io.tmpdir name a larger folder"
              .formatted(bytes, path.getParent(), e.getMessage()),
          e);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.delete(path);
  }
}
