package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.ExternalRegion;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.function.Function;

/**
 * The folder of a model's data files. Their names are untrusted: a symbolic or hard link could
 * point to any file of the machine, so links are refused.
 *
 * @param path the model's folder
 */
record ExternalFolder(Path path) {

  private static final int CHUNK = 1 << 20;

  /**
   * Opens a file for reading.
   *
   * @param location a safe relative path
   * @param refusal creates the exception from the end of a sentence about the tensor
   */
  FileChannel open(String location, Function<String, InvalidModelException> refusal)
      throws IOException {
    Path file = path.resolve(location);
    String keeps = "stores its data in '%s' (external data), ".formatted(location);
    if (!Files.isRegularFile(file)) {
      throw refusal.apply(keeps + "and that file does not exist in the model's folder");
    }
    if (!file.toRealPath().equals(path.toRealPath().resolve(location))) {
      throw refusal.apply(
          keeps + "which is a link to a file elsewhere; replace the link with a copy of the file");
    }
    if (hasOtherNames(file)) {
      throw refusal.apply(
          keeps + "which is a hard link to a file with other names; replace the link with a copy");
    }
    try {
      return FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    } catch (FileSystemException e) {
      throw refusal.apply(keeps + "which cannot be read (" + e.getMessage() + ")");
    }
  }

  private static boolean hasOtherNames(Path file) throws IOException {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix")
        && Files.getAttribute(file, "unix:nlink") instanceof Number links
        && links.longValue() > 1;
  }

  /**
   * Reads bytes of a file.
   *
   * @throws EOFException if the file has become shorter
   */
  static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      long at = offset + buffer.position();
      if (channel.read(buffer, at) < 0) {
        throw new EOFException("A data file of a model was truncated, and now ends at " + at);
      }
    }
    return buffer.flip();
  }

  /** Copies a region of any size. */
  void copy(ExternalRegion region, OutputStream out) throws IOException {
    long end = region.offset() + region.length().orElseThrow();
    try (FileChannel channel =
        open(region.location(), reason -> new InvalidModelException(location(region), reason))) {
      for (long at = region.offset(); at < end; at += CHUNK) {
        out.write(read(channel, at, (int) Math.min(CHUNK, end - at)).array());
      }
    }
  }

  private String location(ExternalRegion region) {
    return path.resolve(region.location()).toString();
  }
}
