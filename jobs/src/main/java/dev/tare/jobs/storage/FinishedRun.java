package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.artifact.RunFacts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
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
   * A file of a run.
   *
   * @param path where it stands
   * @param digest its bytes, as the manifest has them
   */
  public record StoredFile(Path path, Digest digest) {}

  /** The files of a part, none if the run lacks it; nothing is read, nothing checked. */
  public List<StoredFile> files(Part part) {
    return manifest.files().stream()
        .filter(file -> file.belongsTo(part))
        .map(file -> new StoredFile(Locations.child(partsFolder(), file.path()), file.digest()))
        .toList();
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
    return path(part);
  }

  /**
   * Where the model's own file stands, its bytes and those of the files beside it checked.
   *
   * @throws TareException as {@link #verified} does, or if the run has several models
   */
  public Path verifiedModel() throws IOException {
    verified(Part.MODEL);
    List<String> models =
        manifest.files().stream().map(FileEntry::path).filter(Part::isModelItself).toList();
    if (models.size() != 1) {
      throw TareException.badInput(
          "Run %s has not one model but %d: %s"
              .formatted(folder.path(), models.size(), String.join(", ", models)));
    }
    return Locations.child(partsFolder(), models.get(0));
  }

  /** Where a part stands, if the run has it; its bytes are not looked at. */
  public Path path(Part part) {
    return new Path(partsFolder(), part.fileName());
  }

  /** The folder that the paths in the manifest start from. */
  private Path partsFolder() {
    return manifest.partsFolder().map(name -> new Path(folder.path(), name)).orElse(folder.path());
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
   * What the stages say of this run.
   *
   * @throws TareException (bad input) if a value cannot be or a key is unknown; the message names
   *     run and key
   */
  public RunFacts facts() {
    return manifest.facts("The manifest of run " + folder.path());
  }

  /**
   * What this run says of its statistics.
   *
   * @throws TareException (bad input) if it has none, or as {@link #facts} does
   */
  public CalibrationFacts calibration() {
    return facts()
        .calibration()
        .orElseThrow(
            () ->
                TareException.badInput(
                    "Run %s has no statistics; it was made by: %s"
                        .formatted(folder.path(), String.join(", ", manifest.stages()))));
  }

  /**
   * What the evaluation of this run measured, the bytes of the document checked.
   *
   * @throws TareException (bad input) if the run has no evaluation, it is damaged, a value in it
   *     cannot be, or the manifest states another outcome of the gate; the message names file and
   *     key
   */
  public Quality quality() throws IOException {
    String where = path(Part.QUALITY).toString();
    Quality quality = QualityJson.parse(verifiedText(Part.QUALITY), where);
    String outcome = quality.gate().outcome();
    String stated = manifest.gate().word();
    if (!stated.equals(outcome)) {
      throw TareException.badInput(
          "%s: 'gate' is \"%s\", but the manifest states %s".formatted(where, outcome, stated));
    }
    return quality;
  }

  /**
   * Checks every file of the run.
   *
   * @throws TareException (bad input) if one is missing, added or changed
   */
  public void verifyAll() throws IOException {
    verify(file -> true);
  }

  /**
   * Compares every file of the run with the manifest. Cost: one reading of the run.
   *
   * @return one sentence for each file that is missing, changed or added; empty if the run is whole
   */
  public List<String> damage() throws IOException {
    return damage(file -> true);
  }

  private void verify(Predicate<FileEntry> chosen) throws IOException {
    List<String> damage = damage(chosen);
    if (!damage.isEmpty()) {
      throw TareException.badInput(
          "Run %s is damaged: %s".formatted(folder.path(), String.join("; ", damage)));
    }
  }

  private List<String> damage(Predicate<FileEntry> chosen) throws IOException {
    return new RunVerifier(fileSystem, manifest, folder.path(), partsFolder()).damage(chosen);
  }
}
