package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A run with a manifest, to read from: what is read is compared with the manifest first. */
public final class FinishedRun {
  private final RunFolder folder;
  private final FileSystem fileSystem;
  private final Manifest manifest;
  private final Digest manifestDigest;

  FinishedRun(RunFolder folder, FileSystem fileSystem, Manifest manifest, Digest manifestDigest) {
    this.folder = folder;
    this.fileSystem = fileSystem;
    this.manifest = manifest;
    this.manifestDigest = manifestDigest;
  }

  public Manifest manifest() {
    return manifest;
  }

  public RunFolder folder() {
    return folder;
  }

  /** This run as an input of another one, known by its manifest. */
  public InputRef asInput(String name) {
    return InputRef.of(name, folder.uri(), manifestDigest);
  }

  /** Identity of the manifest's bytes, and so of every file of the run. */
  public Digest manifestDigest() {
    return manifestDigest;
  }

  public boolean has(Part part) {
    return manifest.files().stream().anyMatch(file -> file.belongsTo(part));
  }

  /**
   * Where a part stands, its bytes checked. Cost: one reading of the part.
   *
   * @throws TareException (bad input) if the run lacks the part, or a file of it is missing, added
   *     or changed
   */
  public Path verified(Part part) throws IOException {
    if (!has(part)) {
      throw TareException.badInput(
          "Run %s has no %s; it was made by: %s"
              .formatted(folder.path(), part.fileName(), String.join(", ", manifest.stages())));
    }
    verify(file -> file.belongsTo(part));
    return folder.path(part);
  }

  /**
   * Text of a part that is one file in UTF-8, its bytes checked.
   *
   * @throws TareException as {@link #verified} does
   */
  public String verifiedText(Part part) throws IOException {
    return new String(Locations.readBytes(fileSystem, verified(part)), StandardCharsets.UTF_8);
  }

  /**
   * Checks every file of the run.
   *
   * @throws TareException (bad input) if one is missing, added or changed
   */
  public void verifyAll() throws IOException {
    verify(file -> true);
  }

  private void verify(Predicate<FileEntry> chosen) throws IOException {
    List<FileEntry> files = manifest.files().stream().filter(chosen).toList();
    for (FileEntry file : files) {
      check(file);
    }
    Set<String> known = new HashSet<>();
    files.forEach(file -> known.add(file.path()));
    Set<String> added = new TreeSet<>();
    for (FileStatus status : Locations.filesBelow(fileSystem, folder.path())) {
      String path = Locations.relative(folder.path(), status.getPath());
      if (!isOutside(path) && chosen.test(new FileEntry(path, manifestDigest))) {
        added.add(path);
      }
    }
    added.removeAll(known);
    if (!added.isEmpty()) {
      throw broken("%s is not in the manifest".formatted(String.join(", ", added)));
    }
  }

  private void check(FileEntry file) throws IOException {
    Path path = new Path(folder.path(), file.path());
    Digest actual;
    try {
      actual = Digest.of(fileSystem, path);
    } catch (FileNotFoundException e) {
      throw broken("%s is missing".formatted(file.path()));
    } catch (ChecksumException e) {
      throw broken("%s was changed (%s)".formatted(file.path(), e.getMessage()));
    }
    if (!actual.equals(file.digest())) {
      throw broken(
          "%s was changed: %d bytes with sha256 %s, but the manifest says %d and %s"
              .formatted(
                  file.path(),
                  actual.bytes(),
                  actual.sha256(),
                  file.digest().bytes(),
                  file.digest().sha256()));
    }
  }

  /** The manifest, the status and leftovers of attempts are not listed in a manifest. */
  private static boolean isOutside(String path) {
    return path.equals(Part.MANIFEST.fileName())
        || path.equals(Part.STATUS.fileName())
        || RunAttempt.isAttempt(path);
  }

  private TareException broken(String what) {
    return TareException.badInput("Run %s is damaged: %s".formatted(folder.path(), what));
  }
}
