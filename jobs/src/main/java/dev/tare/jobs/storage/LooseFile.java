package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** A file of text that a command writes and that is not part of a run. */
public final class LooseFile {

  private final String what;
  private final FileSystem fileSystem;
  private final Path path;

  private LooseFile(String what, FileSystem fileSystem, Path path) {
    this.what = what;
    this.fileSystem = fileSystem;
    this.path = path;
  }

  /** The content of the file. */
  public interface Content {
    void writeTo(Writer out) throws IOException;
  }

  /**
   * Checks the place for a file.
   *
   * @param what the file is, for messages, such as {@code page}
   * @throws TareException (usage) if it is a folder, or is inside the folder of a run
   */
  public static LooseFile at(String what, String location, Configuration hadoop)
      throws IOException {
    Path path = Locations.qualified(location, hadoop);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    if (fileSystem instanceof LocalFileSystem local) {
      // Without Hadoop's own checksums: other programs have no use for a .crc file.
      fileSystem = local.getRaw();
    }
    if (fileSystem.exists(path) && fileSystem.getFileStatus(path).isDirectory()) {
      throw TareException.usage(
          "The %s %s is a folder; give a file by --out".formatted(what, path));
    }
    for (Path folder = path.getParent(); folder != null; folder = folder.getParent()) {
      if (fileSystem.exists(new Path(folder, Part.MANIFEST.fileName()))
          || fileSystem.exists(new Path(folder, Part.STATUS.fileName()))) {
        throw TareException.usage(
            "Refusing to write the %s %s into the folder of a run, which never changes; choose another place by --out"
                .formatted(what, path));
      }
    }
    return new LooseFile(what, fileSystem, path);
  }

  public Path path() {
    return path;
  }

  /** Whether a file with another name is in the same folder. */
  public boolean hasBeside(String name) throws IOException {
    return fileSystem.exists(new Path(path.getParent(), name));
  }

  /**
   * Writes under another name and renames, so that readers never see an incomplete file; an
   * existing one is replaced.
   *
   * @throws TareException (usage) if it cannot be written there
   */
  public void write(Content content) {
    try {
      replace(content);
    } catch (IOException | UnsupportedOperationException e) {
      throw Locations.cannotWrite("the " + what, path, e);
    }
  }

  private void replace(Content content) throws IOException {
    Path temporary = new Path(path.getParent(), "." + path.getName() + ".tmp");
    try (OutputStream stream = fileSystem.create(temporary, true);
        Writer writer = new OutputStreamWriter(stream, StandardCharsets.UTF_8)) {
      content.writeTo(writer);
    } catch (Throwable e) {
      fileSystem.delete(temporary, false);
      throw e;
    }
    fileSystem.delete(path, false);
    if (!fileSystem.rename(temporary, path)) {
      throw new IOException("Cannot rename %s to %s".formatted(temporary, path));
    }
  }
}
