package dev.tare.jobs.storage;

import java.io.IOException;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.MultipartUploader;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * Incomplete multipart uploads whose writers died: listings do not show them, but they cost
 * storage.
 */
final class IncompleteUploads {

  private IncompleteUploads() {}

  /**
   * Aborts all below a folder, whatever their owner and age.
   *
   * @return their number; 0 on a file system that has none or cannot list them
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
