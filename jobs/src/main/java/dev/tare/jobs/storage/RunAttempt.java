package dev.tare.jobs.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.Driver;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * One attempt at writing a run. Not thread-safe; confined to the driver.
 *
 * <p>Each attempt writes its parts into its own folder inside the run folder, hidden from Spark by
 * an underscore, and moves them to their names when all are complete; so a killed attempt that
 * still writes, or two at once, never mix. If folders cannot be renamed, the parts stay there and
 * the manifest names the folder. The attempt that began last owns the run folder ({@code
 * status.json} tells which); an earlier one fails when it tries to publish.
 */
public final class RunAttempt {

  /** Temporary name of the status. */
  static final String STATUS_BEFORE = ".status.json.tmp";

  private static final int LOOKS = 50;
  private static final long BETWEEN_LOOKS_MILLIS = 100;

  private final RunFolder folder;
  private final FileSystem fileSystem;
  private final Publisher publisher;
  private final String id;
  private final Path staging;
  private final Map<String, Digest> known = new HashMap<>();
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
      // An attempt that begins removes the folder of this one.
      if (attempt.overtaken(before)) {
        throw attempt.loss(e);
      }
      attempt.deleteStaging();
      throw e;
    }
    return attempt;
  }

  /** Whether another attempt has written the status since; waits for one that is just writing. */
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

  /** Returns where to write a part; later stages of the same run read it there. */
  public Path path(Part part) {
    return new Path(staging, part.fileName());
  }

  /** Writes a part that is one text file, in UTF-8. */
  public void write(Part part, String text) throws IOException {
    try (OutputStream stream = create(part)) {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Returns the text of a part that this attempt wrote; empty if it did not. */
  public Optional<String> text(Part part) throws IOException {
    return fileSystem.exists(path(part))
        ? Optional.of(
            new String(Locations.readBytes(fileSystem, path(part)), StandardCharsets.UTF_8))
        : Optional.empty();
  }

  /**
   * Opens a file of the model; the caller closes it.
   *
   * @param name as {@link Part#MODEL} has it, with a slash if it is in a folder
   * @throws IllegalArgumentException if it is not
   */
  public OutputStream createModel(String name) throws IOException {
    if (!Part.isModelFile(name)) {
      throw new IllegalArgumentException("No name of a model's file: '" + name + "'");
    }
    return fileSystem.create(Locations.child(staging, name), true);
  }

  /**
   * Where the model's own file is that this attempt wrote.
   *
   * @param inFolder names of models' own files in formats that write a folder
   * @throws IllegalStateException if there is none
   */
  public Path model(Set<String> inFolder) throws IOException {
    List<FileStatus> files = new ArrayList<>(Locations.entries(fileSystem, staging));
    files.addAll(Locations.entries(fileSystem, new Path(staging, Part.MODEL_STEM)));
    for (FileStatus file : files) {
      if (Part.isModelItself(Locations.relative(staging, file.getPath()), inFolder)) {
        return file.getPath();
      }
    }
    throw new IllegalStateException("There is no model in " + staging);
  }

  /**
   * Tells the hash of a file of the model whose writer computed it, so that it is not read again.
   *
   * @param name as {@link #createModel} takes it
   */
  public void wrote(String name, Digest digest) {
    known.put(name, digest);
  }

  /** Folders with files of the model that attempts before this one finished. */
  public List<Path> finishedModels() throws IOException {
    return FinishedFiles.models(fileSystem, folder.path()).stream()
        .filter(model -> !model.getParent().equals(staging))
        .toList();
  }

  /** Removes a part that this attempt wrote, so that it can be written again. */
  public void discard(Part part) throws IOException {
    fileSystem.delete(path(part), true);
  }

  /** Opens a part that is one file; the caller closes it. */
  public OutputStream create(Part part) throws IOException {
    return fileSystem.create(path(part), true);
  }

  /**
   * Adds configuration and file list to the draft, moves the parts to their names if folders can be
   * renamed, and publishes the manifest, which makes the run finished.
   *
   * @throws TareException (already finished) if another attempt took the folder or published first
   */
  public FinishedRun publish(Manifest draft) throws IOException {
    ObjectNode configuration = StrictJson.object();
    draft.configuration().forEach(configuration::put);
    write(Part.CONFIGURATION, StrictJson.format(configuration));

    List<FileEntry> files = new ArrayList<>();
    for (FileStatus file : Locations.filesBelow(fileSystem, staging)) {
      String path = Locations.relative(staging, file.getPath());
      files.add(new FileEntry(path, digest(path, file)));
    }
    return decide(draft, files);
  }

  private Digest digest(String path, FileStatus file) throws IOException {
    Digest digest = known.get(path);
    if (digest == null) {
      return Locations.digest(fileSystem, file.getPath());
    }
    if (digest.bytes() != file.getLen()) {
      throw new IOException(
          "%s has %d bytes, and %d were written"
              .formatted(file.getPath(), file.getLen(), digest.bytes()));
    }
    return digest;
  }

  /** Either a request to stop the run waits for this, or this finds it stopped: never both. */
  private synchronized FinishedRun decide(Manifest draft, List<FileEntry> files)
      throws IOException {
    Stop.check();
    boolean moves = publisher.renamesFolders();
    Manifest manifest =
        draft.withFiles(moves ? Optional.empty() : Optional.of(staging.getName()), files);
    requireOwned();
    if (moves) {
      FileStatus[] parts = fileSystem.listStatus(staging);
      MovedParts.write(fileSystem, staging, manifest);
      for (FileStatus entry : parts) {
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
      deleteEarlier();
    }
    return folder.open();
  }

  /**
   * Records the first failure and removes what was written; does nothing to a folder taken by
   * another attempt.
   */
  public synchronized void fail(ExitCode exitCode, String message) {
    boolean first = !failed;
    failed = true;
    Status.Outcome outcome =
        exitCode.stopped() ? Status.Outcome.INTERRUPTED : Status.Outcome.FAILED;
    OptionalInt code = OptionalInt.of(exitCode.code());
    boolean told = !first || published || !owned() || writeStatusIfPossible(outcome, code, message);
    // A manifest whose write failed may still appear, and it would name these parts.
    if (!published && !undecided && !(exitCode.mayGoOn() && hasFinishedFiles())) {
      deleteStaging();
      if (!told && madeStaging()) {
        // The disk was full, and has space now.
        writeStatusIfPossible(outcome, code, message);
        deleteStaging();
      }
    }
  }

  private void move(Path part) throws IOException {
    String name = part.getName();
    if (Part.named(name).isEmpty()) {
      throw new IllegalStateException(
          "'%s' was written into run %s but is not part of a run".formatted(name, folder.path()));
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
    // An unreadable status does not show whether another attempt began.
    boolean taken = folder.status().map(status -> !status.attempt().equals(id)).orElse(false);
    // A new attempt removes the folder of this one before it writes its status.
    return taken || (removed() && overtaken(Optional.of(id)));
  }

  /** Whether the folder of this attempt was removed. */
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
    Status status =
        new Status(
            outcome,
            exitCode,
            message,
            id,
            Instant.now(),
            Optional.of(Driver.current(folder.application())));
    publisher.replace(
        status.format().getBytes(StandardCharsets.UTF_8),
        new Path(staging, STATUS_BEFORE),
        folder.path(Part.STATUS));
  }

  /** The run's outcome does not depend on it, and the failure that led here must not be hidden. */
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

  /** Whether there are files of the model that the next attempt can take. */
  private boolean hasFinishedFiles() {
    try {
      return FinishedFiles.in(fileSystem, staging) > 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Removes the attempts whose files this one has taken; {@code tare gc} finds what stays. */
  private void deleteEarlier() {
    try {
      for (Path model : finishedModels()) {
        if (Strangers.inAttempt(fileSystem, model.getParent()).isEmpty()) {
          fileSystem.delete(model.getParent(), true);
        }
      }
    } catch (IOException e) {
      return;
    }
  }

  /** Leftovers are hidden from readers, and the next attempt removes those of an unfinished run. */
  private void deleteStaging() {
    try {
      if (Strangers.inAttempt(fileSystem, staging).isEmpty()) {
        fileSystem.delete(staging, true);
      }
    } catch (IOException e) {
      return;
    }
  }
}
