package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Stability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A run with a manifest, for reading: its files are compared with the manifest first. */
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

  /** Returns this run as an input of another one, identified by its manifest. */
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
   * @param path its location
   * @param digest its digest in the manifest
   */
  public record StoredFile(Path path, Digest digest) {}

  /** Returns the files of a part, none if the run lacks it; nothing is read or checked. */
  public List<StoredFile> files(Part part) {
    return manifest.files().stream()
        .filter(file -> file.belongsTo(part))
        .map(file -> new StoredFile(Locations.child(partsFolder(), file.path()), file.digest()))
        .toList();
  }

  /**
   * Returns the path of a part after checking its bytes. Cost: one reading of the part.
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
   * The path of the model's main file, after a check of its bytes and those of its data files.
   *
   * @param inFolder names of models' own files in formats that write a folder
   * @throws TareException as {@link #verified} does, or if the run has several models
   */
  public Path verifiedModel(Set<String> inFolder) throws IOException {
    verified(Part.MODEL);
    List<String> models =
        manifest.files().stream()
            .map(FileEntry::path)
            .filter(path -> Part.isModelItself(path, inFolder))
            .toList();
    if (models.size() != 1) {
      throw TareException.badInput(
          "Run %s has not one model but %d: %s"
              .formatted(folder.path(), models.size(), String.join(", ", models)));
    }
    return Locations.child(partsFolder(), models.get(0));
  }

  /** Returns the path of a part, whether it exists or not; its bytes are not checked. */
  public Path path(Part part) {
    return new Path(partsFolder(), part.fileName());
  }

  /** The folder to which the paths in the manifest are relative. */
  private Path partsFolder() {
    return manifest.partsFolder().map(name -> new Path(folder.path(), name)).orElse(folder.path());
  }

  /**
   * Returns the text of a part that is one file in UTF-8, after checking its bytes.
   *
   * @throws TareException as {@link #verified} does
   */
  public String verifiedText(Part part) throws IOException {
    return new String(Locations.readBytes(fileSystem, verified(part)), StandardCharsets.UTF_8);
  }

  /**
   * Returns the facts that the stages recorded.
   *
   * @throws TareException (bad input) if a value is impossible or a key is unknown; the message
   *     names run and key
   */
  public RunFacts facts() {
    return manifest.facts("The manifest of run " + folder.path());
  }

  /**
   * Returns the facts about this run's statistics.
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
   * Returns the quality that this run's evaluation measured, after checking the document's bytes.
   *
   * @throws TareException (bad input) if the run has no evaluation, it is damaged, a value in it is
   *     impossible, or the manifest states a different outcome of the gate; the message names file
   *     and key
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
   * Returns what this run measured of placements, after checking the document's bytes.
   *
   * @throws TareException (bad input) if the run measured none, the document is damaged, or a value
   *     in it is impossible; the message names file and key
   */
  public PlacementTrials placements() throws IOException {
    return PlacementTrials.parse(verifiedText(Part.PLACEMENTS), path(Part.PLACEMENTS).toString());
  }

  /**
   * Returns what this run measured of its recipe's passes, after checking the document's bytes.
   *
   * @throws TareException (bad input) as {@link #placements} does
   */
  public PassTrials passes() throws IOException {
    return PassTrials.parse(verifiedText(Part.PASSES), path(Part.PASSES).toString());
  }

  /**
   * Returns what a budget chose in this run, after checking the document's bytes.
   *
   * @throws TareException (bad input) as {@link #placements} does
   */
  public BudgetPlan budget() throws IOException {
    return BudgetPlan.parse(verifiedText(Part.BUDGET), path(Part.BUDGET).toString());
  }

  /**
   * Returns what this run measured of a compensation, after checking the document's bytes.
   *
   * @throws TareException (bad input) as {@link #placements} does
   */
  public CompensationTrial compensation() throws IOException {
    return CompensationTrial.parse(
        verifiedText(Part.COMPENSATION), path(Part.COMPENSATION).toString());
  }

  /** How much the plan's scales depend on the samples, its bytes checked. */
  public Stability stability() throws IOException {
    return Stability.parse(verifiedText(Part.STABILITY), path(Part.STABILITY).toString());
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
