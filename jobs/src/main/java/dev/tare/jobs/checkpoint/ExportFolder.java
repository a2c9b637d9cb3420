package dev.tare.jobs.checkpoint;

import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.LooseFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** A folder outside of runs that is written under another name and renamed when it is whole. */
record ExportFolder(Path path, FileSystem fileSystem, Configuration hadoop) {

  /** What is written into the folder. */
  interface Content {
    void writeTo(Path folder) throws IOException;
  }

  /**
   * @throws TareException (usage) if there is something already, or it is inside a run's folder
   */
  static ExportFolder at(String location, Configuration hadoop) throws IOException {
    Path path = Locations.qualified(location, hadoop);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    if (fileSystem.exists(path)) {
      throw TareException.usage("%s exists: give a folder by --out that does not".formatted(path));
    }
    LooseFile.at("checkpoint", location, hadoop);
    return new ExportFolder(path, fileSystem, hadoop);
  }

  void write(Content content) throws IOException {
    Path temporary = new Path(path.getParent(), "." + path.getName() + ".tmp");
    fileSystem.delete(temporary, true);
    try {
      content.writeTo(temporary);
      if (fileSystem instanceof LocalFileSystem) {
        withoutChecksums(temporary);
      }
      if (!fileSystem.rename(temporary, path)) {
        throw new IOException("Cannot rename %s to %s".formatted(temporary, path));
      }
    } finally {
      fileSystem.delete(temporary, true);
    }
  }

  /** Other programs have no use for the files in which Hadoop keeps its own. */
  private void withoutChecksums(Path folder) throws IOException {
    FileSystem raw = ((LocalFileSystem) fileSystem).getRaw();
    for (var file : raw.listStatus(folder)) {
      if (file.getPath().getName().endsWith(".crc")) {
        raw.delete(file.getPath(), false);
      }
    }
  }

  void text(Path folder, String name, String text) throws IOException {
    try (OutputStream out = fileSystem.create(new Path(folder, name), false)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  void copy(Path folder, Path file) throws IOException {
    try (InputStream in = file.getFileSystem(hadoop).open(file);
        OutputStream out = fileSystem.create(new Path(folder, file.getName()), false)) {
      in.transferTo(out);
    }
  }
}
