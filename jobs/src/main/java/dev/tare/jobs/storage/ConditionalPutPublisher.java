package dev.tare.jobs.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * {@code s3a:}: one PUT that the store refuses if the name is taken ({@code If-None-Match: *}).
 *
 * <p>The condition is demanded by {@code must}: as an {@code opt} a store that does not support it
 * would overwrite. A client that repeats a PUT after a lost answer is refused because of its own
 * file, so after a refusal the file is read back.
 */
final class ConditionalPutPublisher implements Publisher {
  static final String CAPABILITY = "fs.option.create.conditional.overwrite";

  private final FileSystem fileSystem;

  ConditionalPutPublisher(FileSystem fileSystem) {
    this.fileSystem = fileSystem;
  }

  @Override
  public boolean publish(byte[] content, Path temporary, Path target) throws IOException {
    try {
      put(content, target);
      return true;
    } catch (IOException e) {
      try (var stream = fileSystem.open(target)) {
        return Arrays.equals(stream.readAllBytes(), content);
      } catch (FileNotFoundException absent) {
        e.addSuppressed(absent);
        throw e;
      }
    }
  }

  private void put(byte[] content, Path target) throws IOException {
    FSDataOutputStreamBuilder<?, ?> builder =
        fileSystem.createFile(target).overwrite(true).recursive();
    builder.must(CAPABILITY, true);
    try (OutputStream stream = builder.build()) {
      stream.write(content);
    }
  }

  /** Writes with one PUT, which is visible only when complete. */
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
