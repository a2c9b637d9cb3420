package dev.tare.jobs.checkpoint;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * A file of a checkpoint, identified without reading it: by place, length and time.
 *
 * @param name in its folder
 * @param modified milliseconds since 1970
 */
record SourceFile(String name, URI uri, long bytes, long modified) implements Serializable {

  private static final long serialVersionUID = 1L;

  /** A constant of Hadoop since 3.3.5; an older one ignores options that it does not know. */
  private static final String READ_POLICY = "fs.option.openfile.read.policy";

  static SourceFile of(FileStatus status) {
    return new SourceFile(
        status.getPath().getName(),
        status.getPath().toUri(),
        status.getLen(),
        status.getModificationTime());
  }

  InputRef asInput(String role) {
    return InputRef.unhashed(role, uri, bytes, modified);
  }

  /**
   * Checks that the file is the one that was planned for.
   *
   * @throws TareException (bad input) if its length or time is another
   */
  void requireUnchanged(Configuration hadoop) throws IOException {
    status(fileSystem(hadoop));
  }

  /**
   * Opens the file for reading parts of it.
   *
   * @throws TareException (bad input) if it has changed
   */
  FSDataInputStream open(Configuration hadoop) throws IOException {
    FileSystem fileSystem = fileSystem(hadoop);
    FileStatus status = status(fileSystem);
    return FutureIO.awaitFuture(
        fileSystem
            .openFile(status.getPath())
            .withFileStatus(status)
            .opt(READ_POLICY, "sequential")
            .build());
  }

  private FileSystem fileSystem(Configuration hadoop) throws IOException {
    return new Path(uri).getFileSystem(hadoop);
  }

  private FileStatus status(FileSystem fileSystem) throws IOException {
    FileStatus now = fileSystem.getFileStatus(new Path(uri));
    if (now.getLen() != bytes || now.getModificationTime() != modified) {
      throw TareException.badInput(
          "%s has changed since the run began: %d bytes of %d, expected %d of %d"
              .formatted(uri, now.getLen(), now.getModificationTime(), bytes, modified));
    }
    return now;
  }
}
