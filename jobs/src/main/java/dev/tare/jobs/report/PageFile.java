package dev.tare.jobs.report;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** The file of a page: any file that is not part of a run. */
final class PageFile {

  private final FileSystem fileSystem;
  private final Path path;

  private PageFile(FileSystem fileSystem, Path path) {
    this.fileSystem = fileSystem;
    this.path = path;
  }

  /** The content of the page. */
  interface Content {
    void writeTo(Writer out) throws IOException;
  }

  /**
   * Checks the place for a page.
   *
   * @throws TareException (usage) if it is a folder, or is inside the folder of a run
   */
  static PageFile at(String location, Configuration hadoop) throws IOException {
    Path path = Locations.qualified(location, hadoop);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    if (fileSystem instanceof LocalFileSystem local) {
      // Without Hadoop's own checksums: a browser has no use for a .crc file.
      fileSystem = local.getRaw();
    }
    if (fileSystem.exists(path) && fileSystem.getFileStatus(path).isDirectory()) {
      throw TareException.usage("The page %s is a folder; give a file by --out".formatted(path));
    }
    for (Path folder = path.getParent(); folder != null; folder = folder.getParent()) {
      if (fileSystem.exists(new Path(folder, Part.MANIFEST.fileName()))
          || fileSystem.exists(new Path(folder, Part.STATUS.fileName()))) {
        throw TareException.usage(
            "Refusing to write the page %s into the folder of a run, which never changes; choose another place by --out"
                .formatted(path));
      }
    }
    return new PageFile(fileSystem, path);
  }

  Path path() {
    return path;
  }

  /**
   * A link to the page of a run, if it is where the index looks for it: beside the index, under the
   * run's path below the index's folder of runs, with the ending {@code .html}.
   *
   * @param place path of the run below the folder of runs
   * @return relative, as it is written in an attribute
   */
  Optional<String> linkTo(String place) throws IOException {
    if (place.isEmpty() || !fileSystem.exists(new Path(path.getParent(), place + ".html"))) {
      return Optional.empty();
    }
    try {
      // A colon in the first name would make it a scheme.
      return Optional.of(new URI(null, null, "./" + place + ".html", null).getRawPath());
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /**
   * Writes under another name and renames, so that readers never see an incomplete page.
   *
   * @throws TareException (usage) if it cannot be written there
   */
  void write(Content content) {
    try {
      replace(content);
    } catch (IOException | UnsupportedOperationException e) {
      throw Locations.cannotWrite("the page", path, e);
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
