package dev.tare.jobs.storage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.fs.Path;

/** {@code file:}: a full temporary file, then a hard link, which fails where the name is taken. */
final class LinkPublisher implements Publisher {

  @Override
  public boolean publish(byte[] content, Path temporary, Path target) throws IOException {
    java.nio.file.Path full = java.nio.file.Path.of(temporary.toUri().getPath());
    java.nio.file.Path name = java.nio.file.Path.of(target.toUri().getPath());
    try (FileChannel channel =
        FileChannel.open(full, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
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
  public boolean renamesFolders() {
    return true;
  }
}
