package dev.tare.jobs.storage;

import java.io.IOException;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/** Files of an object store whose writers died: listings do not show them, bills do. */
final class IncompleteUploads {

  private IncompleteUploads() {}

  /**
   * Aborts all below a folder, whoever began them and however old they are.
   *
   * @return how many there were; 0 on a file system that has none or cannot tell
   * @throws IOException if the store refuses to list or to abort them
   */
  static int abort(FileSystem fileSystem, Path folder) throws IOException {
    if (!fileSystem.hasPathCapability(folder, CommonPathCapabilities.FS_MULTIPART_UPLOADER)) {
      return 0;
    }
    try (MultipartUploader uploader = fileSystem.createMultipartUploader(folder).build()) {
      return Math.max(0, FutureIO.awaitFuture(uploader.abortUploadsUnderPath(folder)));
    }
  }
}
