package dev.tare.jobs.storage;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Any file system, where the user insists: looks whether the name is free, then writes. Of several
 * at once more than one may win, and a reader may see half a file.
 */
final class LookFirstPublisher implements Publisher {
  private final FileSystem fileSystem;

  LookFirstPublisher(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  @Override
  public boolean publish(byte[] content, Path temporary, Path target) throws IOException {
    if (fileSystem.exists(target)) {
      return false;
    }
    try (OutputStream stream = fileSystem.create(target, false)) {
      stream.write(content);
    }
    return true;
  }

  /** Without a promise: a reader may see half of it. */
  @Override
  public void replace(byte[] content, Path temporary, Path target) throws IOException {
    try (OutputStream stream = fileSystem.create(target, true)) {
      stream.write(content);
    }
  }

  @Override
  public boolean renamesFolders() {
    return false;
  }
}
