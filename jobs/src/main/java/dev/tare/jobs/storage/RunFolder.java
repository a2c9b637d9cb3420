package dev.tare.jobs.storage;

import dev.tare.jobs.ExitCode;
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
 * <p>A run is written through a {@link RunAttempt} and read as a {@link FinishedRun}. The manifest
 * alone makes the difference.
 */
public final class RunFolder {

  /** How far a run is. */
  public enum State {
    /** There is no folder, or an empty one. */
    ABSENT,
    /** There are files, but no manifest: an attempt runs, failed or was killed. */
    UNFINISHED,
    /** The manifest is there. */
    FINISHED
  }

  /** Writes the parts of a run and tells what they are. */
  @FunctionalInterface
  public interface Work {
    /** Returns the draft of the manifest; files and configuration are added to it. */
    Manifest write(RunAttempt attempt) throws IOException;
  }

  /** File systems of Hadoop that have no way to write. */
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
   * A run folder, there or not; touches nothing.
   *
   * @param location path or URI
   * @param runId the run's id, if it shall not be the last path element
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

  /** A folder to look into, whatever its name; it may be no run's. */
  public static RunFolder existing(Path path, Configuration hadoop) throws IOException {
    return new RunFolder(path, path.getName(), hadoop);
  }

  /**
   * A finished run, to read from; a {@link RunName} is followed to its run.
   *
   * @param location path or URI of a run or of a name
   * @throws TareException (bad input) if there is neither, or it cannot be read
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

  /** Where manifest and status stand; other parts are found through the manifest. */
  Path path(Part part) {
    return new Path(path, part.fileName());
  }

  /**
   * Looks how far the run is.
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
   * @param fingerprint what the run would be; asked for only when it matters
   * @return how a finished run that is reused ends: ok, or gate failed if its gate had failed;
   *     empty if there is none, so that the run must be made
   * @throws TareException (already finished) if there is one and it is not to be reused, or it is
   *     another run; the message says in what they differ
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
          "%s holds another finished run: %s".formatted(path, String.join("; ", differences)));
    }
    return Optional.of(manifest.gateFailed() ? ExitCode.GATE_FAILED : ExitCode.OK);
  }

  /**
   * Starts writing. What an unfinished attempt left is removed, provided the folder is a run's.
   *
   * @throws TareException (already finished) if the run is finished; (usage) if the file system has
   *     no way to publish, or the folder holds anything that is not a run's
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
   * Refuses a place that no run can be written to, before any work.
   *
   * @throws TareException (usage) if the file system has no way to publish
   */
  public void requireWritable(Atomicity atomicity) throws IOException {
    if (READ_ONLY.contains(String.valueOf(path.toUri().getScheme()))) {
      throw TareException.usage(
          "Cannot write a run into %s: '%s:' can be read only"
              .formatted(path, path.toUri().getScheme()));
    }
    Publisher.of(path, atomicity, hadoop);
  }

  private void make() throws IOException {
    if (!fileSystem.mkdirs(path)) {
      throw new IOException("the folder cannot be made");
    }
  }

  private TareException cannotWrite(Exception cause) {
    return Locations.cannotWrite("a run into", path, cause);
  }

  /** Begins where publication is atomic. */
  public RunAttempt begin() throws IOException {
    return begin(Atomicity.REQUIRED);
  }

  /** Produces where publication is atomic. */
  public FinishedRun produce(Work work) throws IOException {
    return produce(Atomicity.REQUIRED, work);
  }

  /**
   * Begins, writes and publishes; a failure is recorded in {@code status.json} and thrown on.
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
      // What fails while the process ends is a consequence.
      Stop.reason().ifPresent(stop::end);
      Stop.check();
      // All of them: Spark throws checked exceptions that no signature names.
      Optional<TareException> known = TareException.find(e);
      if (known.isEmpty() && attempt.lost()) {
        attempt.fail(ExitCode.ALREADY_FINISHED, "lost");
        throw attempt.loss(e);
      }
      if (known.isEmpty() && attempt.removed()) {
        throw TareException.usage(
            "Somebody removed the run %s while it was written".formatted(path), e);
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
   * This run, to read from.
   *
   * @throws TareException (bad input) if there is no manifest, or it cannot be read
   */
  public FinishedRun open() throws IOException {
    byte[] content;
    try {
      content = Locations.readBytes(fileSystem, path(Part.MANIFEST));
    } catch (TareException e) {
      throw TareException.badInput(
          "%s is not a finished run: it has no %s".formatted(path, Part.MANIFEST.fileName()), e);
    }
    String text = new String(content, StandardCharsets.UTF_8);
    Manifest manifest = ManifestJson.parse(text, path(Part.MANIFEST).toString());
    return new FinishedRun(this, fileSystem, manifest, Digest.of(content));
  }

  /**
   * What the last attempt wrote about itself; empty if there is nothing that can be read.
   *
   * <p>It may be read while another attempt overwrites it, so a broken one is as good as none.
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
   * Removes everything but the status, which keeps the folder recognizable until the end; nothing
   * where parts stay in the folders of their attempts, since a manifest on its way may name one.
   */
  private void clear(boolean remove) throws IOException {
    Optional<String> stranger = foreignEntry();
    if (stranger.isPresent()) {
      throw foreign("it holds '%s', which is no part of a run".formatted(stranger.get()));
    }
    if (!begun()) {
      throw foreign("it is not empty and has no %s of a run".formatted(Part.STATUS.fileName()));
    }
    if (!remove) {
      return;
    }
    for (FileStatus entry : entries()) {
      if (!entry.getPath().equals(path(Part.STATUS))) {
        fileSystem.delete(entry.getPath(), true);
      }
    }
  }

  /**
   * Whether an attempt began here: there is a status, whole or cut, or nothing but the folders of
   * attempts that did not come to write one.
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
        // Cut so that Hadoop's checksum does not fit any more; nobody else writes these.
        return true;
      }
    }
    return !entries.isEmpty()
        && entries.stream().allMatch(entry -> AttemptFolder.begins(entry.getPath().getName()));
  }

  /** Something in the folder, at any depth, that is no part of a run; its path from there. */
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
        "%s holds a finished run; choose another --output, or --if-finished reuse".formatted(path));
  }
}
