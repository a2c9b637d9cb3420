package dev.tare.jobs.storage;

import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Compares the files of a run folder with its manifest. */
final class RunVerifier {
  private final FileSystem fileSystem;
  private final Manifest manifest;
  private final Path runFolder;
  private final Path partsFolder;

  RunVerifier(FileSystem fileSystem, Manifest manifest, Path runFolder, Path partsFolder) {
    this.fileSystem = fileSystem;
    this.manifest = manifest;
    this.runFolder = runFolder;
    this.partsFolder = partsFolder;
  }

  /** Returns one sentence for each file that is missing, changed or not in the manifest, sorted. */
  List<String> damage(Predicate<FileEntry> chosen) throws IOException {
    List<String> damage = new ArrayList<>();
    for (FileEntry file : manifest.files()) {
      if (chosen.test(file)) {
        damage(file).ifPresent(damage::add);
      }
    }
    for (String path : unknown()) {
      if (!FileEntry.possible(path) || chosen.test(new FileEntry(path, Digest.of("")))) {
        damage.add("%s is not in the manifest".formatted(path));
      }
    }
    return damage;
  }

  private Optional<String> damage(FileEntry file) throws IOException {
    Digest actual;
    try {
      actual = Locations.digest(fileSystem, Locations.child(partsFolder, file.path()));
    } catch (FileNotFoundException e) {
      return Optional.of("%s is missing".formatted(file.path()));
    } catch (ChecksumException e) {
      return Optional.of("%s was changed (%s)".formatted(file.path(), e.getMessage()));
    }
    if (actual.equals(file.digest())) {
      return Optional.empty();
    }
    return Optional.of(
        "%s was changed: %d bytes with sha256 %s, but the manifest says %d and %s"
            .formatted(
                file.path(),
                actual.bytes(),
                actual.sha256(),
                file.digest().bytes(),
                file.digest().sha256()));
  }

  /**
   * Returns files outside attempt folders that are not in the manifest, except manifest and status.
   */
  private Set<String> unknown() throws IOException {
    Set<String> unknown = new TreeSet<>();
    for (FileStatus file : Locations.filesBelow(fileSystem, partsFolder)) {
      unknown.add(Locations.relative(partsFolder, file.getPath()));
    }
    if (!partsFolder.equals(runFolder)) {
      for (FileStatus file : Locations.filesBelow(fileSystem, runFolder)) {
        unknown.add(Locations.relative(runFolder, file.getPath()));
      }
    }
    unknown.removeIf(AttemptFolder::begins);
    unknown.removeAll(manifest.files().stream().map(FileEntry::path).collect(Collectors.toSet()));
    unknown.remove(Part.MANIFEST.fileName());
    unknown.remove(Part.STATUS.fileName());
    return unknown;
  }
}
