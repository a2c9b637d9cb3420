package dev.tare.jobs.storage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.fs.Path;

/** {@code file:}: a full temporary file, then a hard link, which fails if the name is taken. */
final class LinkPublisher implements Publisher {

  @Override
  public boolean publish(byte[] content, Path temporary, Path target) throws IOException {
    java.nio.file.Path full = local(temporary);
    java.nio.file.Path name = local(target);
    write(content, full, StandardOpenOption.CREATE_NEW);
    try {
      Files.createLink(name, full);
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (UnsupportedOperationException e) {
      throw new TareException(
          ExitCode.USAGE,
          "Cannot publish a run at %s: its file system has no hard links".formatted(name),
          e);
    } finally {
      Files.delete(full);
    }
  }

  @Override
  public void replace(byte[] content, Path temporary, Path target) throws IOException {
    java.nio.file.Path full = local(temporary);
    java.nio.file.Path name = local(target);
    try {
      write(content, full, StandardOpenOption.CREATE);
      // A checksum of an earlier file written by Hadoop would not match the new one.
      Files.deleteIfExists(name.resolveSibling("." + name.getFileName() + ".crc"));
      Files.move(full, name, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(full);
    }
  }

  private static java.nio.file.Path local(Path path) {
    return java.nio.file.Path.of(path.toUri().getPath());
  }

  private static void write(byte[] content, java.nio.file.Path file, StandardOpenOption creation)
      throws IOException {
    try (FileChannel channel = FileChannel.open(file, creation, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }

  @Override
  public boolean renamesFolders() {
    return true;
  }
}
