package dev.tare.jobs.checkpoint;

import dev.tare.jobs.storage.FinishedFiles;
import dev.tare.jobs.storage.TemporaryNames;
import java.io.IOException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Files that are of use only until the result is whole: what tasks write, and their notes. */
final class UnfinishedShards {

  private UnfinishedShards() {}

  /** The name of a file while an attempt writes it. */
  static Path name(Path target, long attempt) {
    return new Path(target.getParent(), TemporaryNames.of(target.getName(), attempt));
  }

  /** Removes what killed tasks left in a folder, and the notes of those that finished. */
  static void remove(FileSystem fileSystem, Path folder) throws IOException {
    for (FileStatus file : fileSystem.listStatus(folder)) {
      String name = file.getPath().getName();
      if (TemporaryNames.matches(name) || FinishedFiles.isNote(name)) {
        fileSystem.delete(file.getPath(), false);
      }
    }
  }
}
