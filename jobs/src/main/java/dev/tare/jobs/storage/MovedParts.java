package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.ManifestJson;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files that attempts have begun to move to their names in a run's folder, by their sizes.
 *
 * <p>An attempt lists them in its own folder before it moves the first. A list that is still there
 * belongs to an attempt that ended between the first move and the manifest, and tells its files
 * from those of the user.
 */
final class MovedParts {

  private static final String NAME = ".moved.json";

  private final Map<String, Long> bytes = new HashMap<>();

  private MovedParts() {}

  /** Lists what an attempt is about to move out of its folder. */
  static void write(FileSystem fileSystem, Path attempt, Manifest manifest) throws IOException {
    try (OutputStream out = fileSystem.create(new Path(attempt, NAME), true)) {
      out.write(ManifestJson.format(manifest).getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Reads the lists of all attempts in a run's folder; one that cannot be read lists nothing. Cost:
   * one listing, and a file for each attempt.
   */
  static MovedParts of(FileSystem fileSystem, Path run) throws IOException {
    MovedParts moved = new MovedParts();
    for (FileStatus entry : Locations.entries(fileSystem, run)) {
      if (entry.isDirectory() && AttemptFolder.possible(entry.getPath().getName())) {
        moved.read(fileSystem, new Path(entry.getPath(), NAME));
      }
    }
    return moved;
  }

  private void read(FileSystem fileSystem, Path list) throws IOException {
    String text;
    try (InputStream in = fileSystem.open(list)) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      return;
    }
    try {
      for (FileEntry file : ManifestJson.parse(text, list.toString()).files()) {
        bytes.put(file.path(), file.digest().bytes());
      }
    } catch (TareException e) {
      // Truncated by the end of the attempt, which then has moved nothing.
      return;
    }
  }

  /** Whether a file in the run's folder was moved there by an attempt. */
  boolean include(String path, long size) {
    return Long.valueOf(size).equals(bytes.get(path));
  }
}
