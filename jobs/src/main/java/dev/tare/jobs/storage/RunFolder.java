package dev.tare.jobs.storage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.Fingerprint;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.ManifestJson;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunId;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.platform.Faults;
import dev.tare.jobs.platform.Stop;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The folder of a run on storage: finished and then never changed, or not.
 *
 * <p>A run is written through a {@link RunAttempt} and read as a {@link FinishedRun}. It is
 * finished if and only if it has a manifest.
 */
public final class RunFolder {

  /** The state of a run. */
  public enum State {
    /** The folder does not exist or is empty. */
    ABSENT,
    /** There are files, but no manifest: an attempt runs, failed or was killed. */
    UNFINISHED,
    /** There is a manifest. */
    FINISHED
  }

  /** Writes the parts of a run and describes them. */
  @FunctionalInterface
  public interface Work {
    /** Returns the draft of the manifest; files and configuration are added to it. */
    Manifest write(RunAttempt attempt) throws IOException;
  }

  /** File systems of Hadoop that are read-only. */
  private static final Set<String> READ_ONLY = Set.of("http", "https", "har");

  private static final int MAX_STATUS_BYTES = 1 << 20;

  private final Path path;
  private final String runId;
  private final Configuration hadoop;
  private final FileSystem fileSystem;

  private RunFolder(Path path, String runId, Configuration hadoop) throws IOException {
    this.path = path;
    this.runId = runId;
    this.hadoop = hadoop;
    this.fileSystem = path.getFileSystem(hadoop);
  }

  /**
   * Returns a run folder, which may not exist; touches nothing.
   *
   * @param location path or URI
   * @param runId the run's id; empty for the last path element
   * @throws TareException (usage) if the location or the id is not valid
   */
  public static RunFolder at(String location, Optional<String> runId, Configuration hadoop)
      throws IOException {
    Path path = Locations.qualified(location, hadoop);
    String id = runId.orElse(path.getName());
    if (!RunId.valid(id)) {
      throw TareException.usage(
          "Not a run id: '%s' (1 to 128 of A-Z a-z 0-9 . _ -, and neither . nor ..)%s"
              .formatted(id, runId.isPresent() ? "" : "; name the run with --run-id"));
    }
    return new RunFolder(path, id, hadoop);
  }

  /** Returns any folder, whatever its name; it may not be a run's. */
  public static RunFolder existing(Path path, Configuration hadoop) throws IOException {
    return new RunFolder(path, path.getName(), hadoop);
  }

  /**
   * Opens a finished run; a {@link RunName} is followed to its run.
   *
   * @param location path or URI of a run or of a name
   * @throws TareException (bad input) if there is none, or it cannot be read
   */
  public static FinishedRun open(String location, Configuration hadoop) throws IOException {
    RunFolder folder = existing(Locations.qualified(location, hadoop), hadoop);
    if (!folder.finished()) {
      RunName name = RunName.at(folder.path(), hadoop);
      Optional<RunName.Target> target = name.target();
      if (target.isPresent()) {
        return name.open(target.get());
      }
    }
    return folder.open();
  }

  public Path path() {
    return path;
  }

  public URI uri() {
    return path.toUri();
  }

  public String runId() {
    return runId;
  }

  /** Returns the path of manifest or status; other parts are found through the manifest. */
  Path path(Part part) {
    return new Path(path, part.fileName());
  }

  /**
   * Determines the state of the run.
   *
   * @throws TareException (usage) if the location is a file
   */
  public State state() throws IOException {
    if (finished()) {
      return State.FINISHED;
    }
    return entries().isEmpty() ? State.ABSENT : State.UNFINISHED;
  }

  /**
   * Decides what a finished output means, before any work.
   *
   * @param fingerprint the fingerprint of the new run; computed only if needed
   * @return the exit code if a finished run is reused: ok, or gate failed if its gate had failed;
   *     empty if the run must be made
   * @throws TareException (already finished) if there is one and reuse is not allowed, or it is a
   *     different run; the message says how they differ
   */
  public Optional<ExitCode> reusable(IfFinished policy, Supplier<Fingerprint> fingerprint)
      throws IOException {
    try {
      if (state() != State.FINISHED) {
        return Optional.empty();
      }
    } catch (IOException e) {
      throw cannotWrite(e);
    }
    if (policy == IfFinished.FAIL) {
      throw alreadyFinished();
    }
    Manifest manifest = open().manifest();
    List<String> differences = fingerprint.get().differences(manifest.fingerprint());
    if (!differences.isEmpty()) {
      throw TareException.alreadyFinished(
          "%s contains another finished run: %s".formatted(path, String.join("; ", differences)));
    }
    return Optional.of(manifest.gateFailed() ? ExitCode.GATE_FAILED : ExitCode.OK);
  }

  /**
   * Starts writing. Leftovers of an unfinished attempt are removed if the folder is a run's.
   *
   * @throws TareException (already finished) if the run is finished; (usage) if the file system has
   *     no way to publish, or the folder contains anything that is not a run's
   */
  public RunAttempt begin(Atomicity atomicity) throws IOException {
    Publisher publisher = Publisher.of(path, atomicity, hadoop);
    try {
      switch (state()) {
        case FINISHED -> throw alreadyFinished();
        case UNFINISHED -> clear(publisher.renamesFolders());
        case ABSENT -> make();
      }
      return RunAttempt.begin(this, fileSystem, publisher);
    } catch (IOException | UnsupportedOperationException e) {
      throw cannotWrite(e);
    }
  }

  /**
   * Checks, before any work, that a run can be written here.
   *
   * @throws TareException (usage) if the file system has no way to publish
   */
  public void requireWritable(Atomicity atomicity) throws IOException {
    if (READ_ONLY.contains(String.valueOf(path.toUri().getScheme()))) {
      throw TareException.usage(
          "Cannot write a run into %s: '%s:' is read-only"
              .formatted(path, path.toUri().getScheme()));
    }
    Publisher.of(path, atomicity, hadoop);
  }

  private void make() throws IOException {
    if (!fileSystem.mkdirs(path)) {
      throw new IOException("the folder cannot be created");
    }
  }

  private TareException cannotWrite(Exception cause) {
    return Locations.cannotWrite("a run into", path, cause);
  }

  /** The Spark application that writes here, if any. */
  Optional<String> application() {
    return Optional.ofNullable(hadoop.get(SparkJobs.APPLICATION));
  }

  /** Begins with atomic publication required. */
  public RunAttempt begin() throws IOException {
    return begin(Atomicity.REQUIRED);
  }

  /** Produces with atomic publication required. */
  public FinishedRun produce(Work work) throws IOException {
    return produce(Atomicity.REQUIRED, work);
  }

  /**
   * Begins, writes and publishes; a failure is recorded in {@code status.json} and rethrown.
   *
   * @return the finished run
   * @throws TareException as {@link #begin} and {@link RunAttempt#publish} do, and what the work
   *     throws
   */
  public FinishedRun produce(Atomicity atomicity, Work work) throws IOException {
    RunAttempt attempt = begin(atomicity);
    Stop.Work stop = reason -> attempt.fail(reason.exitCode(), reason.message());
    Stop.tell(stop);
    try {
      Stop.check();
      return attempt.publish(work.write(attempt));
    } catch (Throwable e) {
      // Failures while the process ends are consequences.
      Stop.reason().ifPresent(stop::end);
      Stop.check();
      // All exceptions: Spark throws checked ones that no signature declares.
      Optional<TareException> known = TareException.find(e);
      if (known.isEmpty() && attempt.lost()) {
        attempt.fail(ExitCode.ALREADY_FINISHED, "lost");
        throw attempt.loss(e);
      }
      if (known.isEmpty() && attempt.removed()) {
        throw TareException.usage("The run %s was removed while it was written".formatted(path), e);
      }
      Optional<TareException> full = FullDisk.behind(e, path);
      if (known.isEmpty() && full.isPresent()) {
        attempt.fail(full.get().exitCode(), full.get().getMessage());
        throw full.get();
      }
      known = known.or(() -> Faults.explain(e));
      attempt.fail(
          known.map(TareException::exitCode).orElse(ExitCode.INTERNAL),
          known.map(Throwable::getMessage).orElseGet(e::toString));
      throw e;
    } finally {
      Stop.over(stop);
    }
  }

  /**
   * Opens this run for reading.
   *
   * @throws TareException (bad input) if there is no manifest, or it cannot be read
   */
  public FinishedRun open() throws IOException {
    byte[] content;
    try {
      content = Locations.readBytes(fileSystem, path(Part.MANIFEST));
    } catch (TareException e) {
      throw TareException.badInput(
          "%s is not a finished run: it has no %s%s"
              .formatted(path, Part.MANIFEST.fileName(), whatToTry()),
          e);
    }
    String text = new String(content, StandardCharsets.UTF_8);
    Manifest manifest = ManifestJson.parse(text, path(Part.MANIFEST).toString());
    return new FinishedRun(this, fileSystem, manifest, Digest.of(content));
  }

  private String whatToTry() throws IOException {
    if (!fileSystem.exists(path)) {
      return "; there is no such folder";
    }
    return begun() ? "" : "; tare runs lists the runs below a folder";
  }

  /**
   * Returns the status of the last attempt; empty if there is no readable one.
   *
   * <p>Another attempt may be overwriting it, so a broken one counts as absent.
   */
  public Optional<Status> status() {
    Path file = path(Part.STATUS);
    try {
      String text = new String(Locations.readBytes(fileSystem, file), StandardCharsets.UTF_8);
      return Optional.of(Status.parse(text, file.toString()));
    } catch (IOException | TareException e) {
      return Optional.empty();
    }
  }

  private boolean finished() throws IOException {
    return fileSystem.exists(path(Part.MANIFEST));
  }

  /**
   * Removes everything but the status, which keeps the folder recognizable until the end, and the
   * attempt that finished the most files of a model, which the next one takes; removes nothing if
   * parts stay in the folders of attempts, since a manifest being written may name one.
   */
  private void clear(boolean remove) throws IOException {
    Optional<String> stranger = remove ? foreignEntry() : Strangers.staying(fileSystem, path);
    if (stranger.isPresent()) {
      throw foreign("it contains '%s', which is not part of a run".formatted(stranger.get()));
    }
    if (!begun()) {
      throw foreign("it is not empty and has no %s of a run".formatted(Part.STATUS.fileName()));
    }
    if (!remove) {
      return;
    }
    Optional<Path> kept = FinishedFiles.best(fileSystem, path);
    List<FileStatus> entries = new ArrayList<>(entries());
    // Attempts last: they tell which of the other files are of a run.
    entries.sort(Comparator.comparing(entry -> AttemptFolder.begins(entry.getPath().getName())));
    for (FileStatus entry : entries) {
      Path found = entry.getPath();
      if (!found.equals(path(Part.STATUS)) && !kept.equals(Optional.of(found))) {
        fileSystem.delete(found, true);
      }
    }
  }

  /**
   * Whether an attempt began here: there is a status, complete or truncated, or only folders of
   * attempts that had not yet written one.
   */
  public boolean begun() throws IOException {
    if (status().isPresent()) {
      return true;
    }
    List<FileStatus> entries = entries();
    boolean hasStatus =
        entries.stream().anyMatch(entry -> entry.getPath().equals(path(Part.STATUS)));
    if (hasStatus) {
      try (InputStream stream = fileSystem.open(path(Part.STATUS))) {
        return Status.begunIn(stream.readNBytes(MAX_STATUS_BYTES));
      } catch (ChecksumException e) {
        // Truncated, so that Hadoop's checksum does not match; nobody else writes these.
        return true;
      }
    }
    return !entries.isEmpty()
        && entries.stream().allMatch(entry -> AttemptFolder.begins(entry.getPath().getName()));
  }

  /**
   * Returns the relative path of something in the folder, at any depth, that is not part of a run.
   */
  Optional<String> foreignEntry() throws IOException {
    return Strangers.in(fileSystem, path);
  }

  private List<FileStatus> entries() throws IOException {
    try {
      if (fileSystem.getFileStatus(path).isFile()) {
        throw TareException.usage("The output %s is a file, not a folder".formatted(path));
      }
      return Locations.entries(fileSystem, path);
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  private TareException foreign(String reason) {
    return TareException.usage("Refusing to write a run into %s: %s".formatted(path, reason));
  }

  TareException alreadyFinished() {
    return TareException.alreadyFinished(
        "%s contains a finished run; choose another --output, or --if-finished reuse"
            .formatted(path));
  }
}
