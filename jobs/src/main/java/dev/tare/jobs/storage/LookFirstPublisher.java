package dev.tare.jobs.storage;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Any file system, if the user allows it: checks whether the name is free, then writes. More than
 * one of several writers may win, and a reader may see half a file.
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

  /** Without a guarantee: a reader may see half of it. */
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
