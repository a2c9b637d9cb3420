package dev.tare.jobs.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.ManifestJson;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.artifact.StrictJson;
import dev.tare.jobs.platform.Stop;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * One attempt at writing a run. Not thread-safe; confined to the driver.
 *
 * <p>Parts are written into a folder of the attempt's own inside the run folder, hidden from Spark
 * by its underscore, and moved to their names when all are there; so a killed attempt that still
 * writes, or two at once, never mix. Where folders cannot be renamed they stay there, written once,
 * and the manifest names that folder. The attempt that began last owns the folder ({@code
 * status.json} says which), an earlier one fails when it tries to publish.
 */
public final class RunAttempt {

  /** The status on its way to its name. */
  static final String STATUS_BEFORE = ".status.json.tmp";

  private static final int LOOKS = 50;
  private static final long BETWEEN_LOOKS_MILLIS = 100;

  private final RunFolder folder;
  private final FileSystem fileSystem;
  private final Publisher publisher;
  private final String id;
  private final Path staging;
  private boolean published;
  private boolean undecided;
  private boolean failed;

  private RunAttempt(RunFolder folder, FileSystem fileSystem, Publisher publisher) {
    this.folder = folder;
    this.fileSystem = fileSystem;
    this.publisher = publisher;
    this.id = UUID.randomUUID().toString();
    this.staging = new Path(folder.path(), AttemptFolder.name(id));
  }

  static RunAttempt begin(RunFolder folder, FileSystem fileSystem, Publisher publisher)
      throws IOException {
    RunAttempt attempt = new RunAttempt(folder, fileSystem, publisher);
    Optional<String> before = folder.status().map(Status::attempt);
    try {
      fileSystem.mkdirs(attempt.staging);
      attempt.writeStatus(Status.Outcome.RUNNING, OptionalInt.empty(), "running");
    } catch (IOException e) {
      // Another one who begins removes the folder of this attempt.
      if (attempt.overtaken(before)) {
        throw attempt.loss(e);
      }
      attempt.deleteStaging();
      throw e;
    }
    return attempt;
  }

  /** Whether another attempt wrote the status since; one that just does so is waited for. */
  private boolean overtaken(Optional<String> before) {
    for (int look = 0; look < LOOKS; look++) {
      Optional<String> now = folder.status().map(Status::attempt);
      if (now.isPresent() && !now.equals(before)) {
        return !now.get().equals(id);
      }
      try {
        Thread.sleep(BETWEEN_LOOKS_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return false;
  }

  public RunFolder folder() {
    return folder;
  }

  /** Where to write a part, and where later stages of the same run read it. */
  public Path path(Part part) {
    return new Path(staging, part.fileName());
  }

  /** Writes a part that is one text file, in UTF-8. */
  public void write(Part part, String text) throws IOException {
    try (OutputStream stream = create(part)) {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Opens a file of the model; the caller closes it.
   *
   * @param name as {@link Part#MODEL} has it
   * @throws IllegalArgumentException if it is not
   */
  public OutputStream createModel(String name) throws IOException {
    if (!Part.named(name).equals(Optional.of(Part.MODEL))) {
      throw new IllegalArgumentException("No name of a model's file: '" + name + "'");
    }
    return fileSystem.create(new Path(staging, name), true);
  }

  /**
   * Where the model's own file is that this attempt wrote.
   *
   * @throws IllegalStateException if there is none
   */
  public Path model() throws IOException {
    for (FileStatus file : Locations.entries(fileSystem, staging)) {
      if (Part.isModelItself(file.getPath().getName())) {
        return file.getPath();
      }
    }
    throw new IllegalStateException("There is no model in " + staging);
  }

  /** Opens a part that is one file; the caller closes it. */
  public OutputStream create(Part part) throws IOException {
    return fileSystem.create(path(part), true);
  }

  /**
   * Adds configuration and file list to the draft, moves the parts to their names where folders can
   * be renamed, and publishes the manifest, which makes the run finished.
   *
   * @throws TareException (already finished) if another attempt took the folder or published first
   */
  public FinishedRun publish(Manifest draft) throws IOException {
    ObjectNode configuration = StrictJson.object();
    draft.configuration().forEach(configuration::put);
    write(Part.CONFIGURATION, StrictJson.format(configuration));

    List<FileEntry> files = new ArrayList<>();
    for (FileStatus file : Locations.filesBelow(fileSystem, staging)) {
      files.add(
          new FileEntry(
              Locations.relative(staging, file.getPath()),
              Locations.digest(fileSystem, file.getPath())));
    }
    return decide(draft, files);
  }

  /** Somebody who stops the run waits for this, or this finds it stopped: never both. */
  private synchronized FinishedRun decide(Manifest draft, List<FileEntry> files)
      throws IOException {
    Stop.check();
    boolean moves = publisher.renamesFolders();
    Manifest manifest =
        draft.withFiles(moves ? Optional.empty() : Optional.of(staging.getName()), files);
    requireOwned();
    if (moves) {
      for (FileStatus entry : fileSystem.listStatus(staging)) {
        move(entry.getPath());
      }
      requireInPlace(manifest);
      requireOwned();
    }
    byte[] content = ManifestJson.format(manifest).getBytes(StandardCharsets.UTF_8);
    Path target = folder.path(Part.MANIFEST);
    undecided = true;
    published = publisher.publish(content, new Path(staging, Part.MANIFEST.fileName()), target);
    undecided = false;
    if (!published) {
      throw folder.alreadyFinished();
    }
    boolean gateFailed = manifest.gateFailed();
    writeStatusIfPossible(
        Status.Outcome.FINISHED,
        OptionalInt.of((gateFailed ? ExitCode.GATE_FAILED : ExitCode.OK).code()),
        gateFailed ? "finished; the quality gate failed" : "finished");
    if (moves) {
      deleteStaging();
    }
    return folder.open();
  }

  /**
   * Records the first failure and removes what was written; does nothing to a folder that it lost.
   */
  public synchronized void fail(ExitCode exitCode, String message) {
    boolean first = !failed;
    failed = true;
    Status.Outcome outcome =
        exitCode.stopped() ? Status.Outcome.INTERRUPTED : Status.Outcome.FAILED;
    OptionalInt code = OptionalInt.of(exitCode.code());
    boolean told = !first || published || !owned() || writeStatusIfPossible(outcome, code, message);
    // A manifest whose writing failed may still appear, and then it names these parts.
    if (!published && !undecided) {
      deleteStaging();
      if (!told && madeStaging()) {
        // The disk was full, and has room now.
        writeStatusIfPossible(outcome, code, message);
        deleteStaging();
      }
    }
  }

  private void move(Path part) throws IOException {
    String name = part.getName();
    if (Part.named(name).isEmpty()) {
      throw new IllegalStateException(
          "'%s' was written into run %s but is no part of one".formatted(name, folder.path()));
    }
    Path target = new Path(folder.path(), name);
    if (fileSystem.exists(target) || !fileSystem.rename(part, target)) {
      throw TareException.alreadyFinished(lossMessage());
    }
  }

  private void requireInPlace(Manifest manifest) throws IOException {
    for (FileEntry file : manifest.files()) {
      Path path = Locations.child(folder.path(), file.path());
      if (!fileSystem.exists(path)
          || fileSystem.getFileStatus(path).getLen() != file.digest().bytes()) {
        throw TareException.alreadyFinished(lossMessage());
      }
    }
  }

  private void requireOwned() {
    if (!owned()) {
      throw TareException.alreadyFinished(lossMessage());
    }
  }

  private boolean owned() {
    return folder.status().map(status -> status.attempt().equals(id)).orElse(false);
  }

  /** Whether another attempt took the folder, which then may have removed what this one wrote. */
  boolean lost() {
    if (published || undecided) {
      return false;
    }
    // A status that cannot be read says nothing about others.
    boolean taken = folder.status().map(status -> !status.attempt().equals(id)).orElse(false);
    // Who begins removes the folder of this attempt before there is another status.
    return taken || (removed() && overtaken(Optional.of(id)));
  }

  /** Whether somebody removed what this attempt writes. */
  boolean removed() {
    try {
      return publisher.renamesFolders() && !published && !fileSystem.exists(staging);
    } catch (IOException e) {
      return false;
    }
  }

  TareException loss(Throwable cause) {
    return new TareException(ExitCode.ALREADY_FINISHED, lossMessage(), cause);
  }

  private String lossMessage() {
    return "Another attempt is writing %s; this one publishes nothing".formatted(folder.path());
  }

  private void writeStatus(Status.Outcome outcome, OptionalInt exitCode, String message)
      throws IOException {
    Status status = new Status(outcome, exitCode, message, id, Instant.now());
    publisher.replace(
        status.format().getBytes(StandardCharsets.UTF_8),
        new Path(staging, STATUS_BEFORE),
        folder.path(Part.STATUS));
  }

  /** The run's outcome stands without it, and the failure that led here must not be hidden. */
  private boolean writeStatusIfPossible(
      Status.Outcome outcome, OptionalInt exitCode, String message) {
    try {
      writeStatus(outcome, exitCode, message);
      return true;
    } catch (IOException | FSError e) {
      return false;
    }
  }

  private boolean madeStaging() {
    try {
      return fileSystem.mkdirs(staging);
    } catch (IOException e) {
      return false;
    }
  }

  /** Leftovers are hidden from readers, and the next attempt removes those of an unfinished run. */
  private void deleteStaging() {
    try {
      if (Strangers.in(fileSystem, staging).isEmpty()) {
        fileSystem.delete(staging, true);
      }
    } catch (IOException e) {
      return;
    }
  }
}
