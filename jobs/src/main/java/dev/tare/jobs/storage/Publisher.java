package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Creates a file that is seen whole or not at all, and by one of many that try at once.
 *
 * <p>Each file system needs its own way: Hadoop's {@code create(overwrite=false)} on {@code file:}
 * lets several racers win, and {@code s3a:} has no rename. One implementation per scheme; a scheme
 * without one is refused before any work is done.
 */
interface Publisher {

  /**
   * Makes a file appear under its name, whole and at once, unless the name is taken.
   *
   * @param content the whole file
   * @param temporary where the content may stand meanwhile, in a folder of the same file system
   *     that no one else uses
   * @param target the file to appear
   * @return false if the target existed, which then stays as it was
   * @throws IOException if it is not known whether the file appeared or yet will
   */
  boolean publish(byte[] content, Path temporary, Path target) throws IOException;

  /**
   * Creates a file or replaces it; readers see the one or the other, whole, and so does who comes
   * after a crash.
   *
   * @param temporary as in {@link #publish}; nothing is left there
   */
  void replace(byte[] content, Path temporary, Path target) throws IOException;

  /** Whether a folder gets another name in one step, without a copy. */
  boolean renamesFolders();

  /**
   * The publisher for a file system.
   *
   * @throws TareException (usage) if it cannot publish in one step, and must
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
        ("Cannot publish on '%s:' (%s): %s, so of two writers both could believe that they won;"
                + " write to file:, hdfs: or s3a:, or accept that by --allow-non-atomic")
            .formatted(
                scheme,
                target,
                scheme.equals("s3a")
                    ? "conditional writes are turned off there (fs.s3a.create.conditional.enabled)"
                    : "it has no way known to this program to create a file only if it is absent"));
  }
}
