package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.VersionInfo;

/**
 * Creates a file atomically: readers see all of it or nothing, and only one of several writers
 * succeeds.
 *
 * <p>Each file system needs its own way: Hadoop's {@code create(overwrite=false)} on {@code file:}
 * lets several writers win, and {@code s3a:} has no rename. One implementation per scheme; a scheme
 * without one is refused before any work is done.
 */
interface Publisher {

  /**
   * Creates a file atomically, unless it exists.
   *
   * @param content the whole file
   * @param temporary path for the content meanwhile, in a folder of the same file system that no
   *     one else uses
   * @param target the file to appear
   * @return false if the target existed, which is then unchanged
   * @throws IOException if it is unknown whether the file was or will be created
   */
  boolean publish(byte[] content, Path temporary, Path target) throws IOException;

  /**
   * Creates or replaces a file; readers see the old or the new content, complete, also after a
   * crash.
   *
   * @param temporary as in {@link #publish}; nothing is left there
   */
  void replace(byte[] content, Path temporary, Path target) throws IOException;

  /** Whether folders can be renamed in one step, without a copy. */
  boolean renamesFolders();

  /**
   * The publisher for a file system.
   *
   * @throws TareException (usage) if it cannot publish in one step, but that is required
   */
  static Publisher of(Path target, Atomicity atomicity, Configuration hadoop) throws IOException {
    String scheme = String.valueOf(target.toUri().getScheme()).toLowerCase(Locale.ROOT);
    FileSystem fileSystem = target.getFileSystem(hadoop);
    if (scheme.equals("file")) {
      return new LinkPublisher();
    }
    if (scheme.equals("hdfs")) {
      return new RenamePublisher(hadoop);
    }
    boolean conditional = fileSystem.hasPathCapability(target, ConditionalPutPublisher.CAPABILITY);
    if (scheme.equals("s3a") && conditional) {
      return new ConditionalPutPublisher(fileSystem);
    }
    if (atomicity == Atomicity.WHERE_POSSIBLE) {
      return new LookFirstPublisher(fileSystem);
    }
    throw TareException.usage(
        ("Cannot publish on '%s:' (%s): %s, so two writers could both believe that they won;"
                + " write to file:, hdfs: or s3a:, or accept that with --allow-non-atomic")
            .formatted(
                scheme,
                target,
                scheme.equals("s3a")
                    ? "conditional writes are turned off there (fs.s3a.create.conditional.enabled), or Hadoop is older than 3.4.2 (it is %s)"
                        .formatted(VersionInfo.getVersion())
                    : "this program knows no way to create a file there only if it is absent"));
  }
}
