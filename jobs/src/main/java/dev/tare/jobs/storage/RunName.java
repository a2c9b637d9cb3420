package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PointerEntry;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A name that points to a finished run: a folder with a pointer that only moves forward.
 *
 * <p>The pointer is {@code NAME/_LATEST/00000001.json, 00000002.json, ...}: entries appear
 * atomically, each written by exactly one writer, never change, and the highest number wins. So a
 * reader sees the entry before or after a publication, and earlier entries remain as history.
 */
public final class RunName {
  private static final String POINTER = "_LATEST";
  private static final Pattern ENTRY = Pattern.compile("([0-9]{8})\\.json");
  private static final long LAST_ENTRY = 99_999_999;
  private static final int ATTEMPTS = 1000;

  private final Path path;
  private final Configuration hadoop;
  private final FileSystem fileSystem;

  /**
   * The result of a publication.
   *
   * @param number of the entry that points to the run now
   * @param added false if the run was already the latest
   * @param before the run that the name pointed to until then
   */
  public record Publication(long number, boolean added, Optional<Path> before) {}

  /**
   * Where a name points.
   *
   * @param number of the entry, from 1
   * @param run the run's folder
   * @param manifestSha256 hash of the run's manifest
   * @param published when the entry was made
   */
  public record Target(long number, Path run, String manifestSha256, Instant published) {}

  private RunName(Path path, Configuration hadoop) throws IOException {
    this.path = path;
    this.hadoop = hadoop;
    this.fileSystem = path.getFileSystem(hadoop);
  }

  /**
   * Returns a name, which may not exist; touches nothing.
   *
   * @throws TareException (usage) if the location is not a valid name
   */
  public static RunName at(String location, Configuration hadoop) throws IOException {
    return at(Locations.qualified(location, hadoop), hadoop);
  }

  static boolean isPointer(String folderName) {
    return folderName.equals(POINTER);
  }

  static RunName at(Path path, Configuration hadoop) throws IOException {
    return new RunName(path, hadoop);
  }

  public Path path() {
    return path;
  }

  /**
   * Returns where the name points now; empty if nothing was published under it. Cost: one listing
   * and one small file.
   *
   * @throws TareException (bad input) if the entry cannot be read
   */
  public Optional<Target> target() throws IOException {
    OptionalLong highest = highest();
    if (highest.isEmpty()) {
      return Optional.empty();
    }
    Path file = entry(highest.getAsLong());
    String text = new String(Locations.readBytes(fileSystem, file), StandardCharsets.UTF_8);
    PointerEntry entry = PointerEntry.parse(text, file.toString());
    return Optional.of(
        new Target(
            highest.getAsLong(),
            PointerPlaces.resolve(entry, path, file.toString()),
            entry.manifestSha256(),
            entry.published()));
  }

  /**
   * Opens the run that the name pointed to.
   *
   * @throws TareException (bad input) if the run is missing or is not the published one
   */
  public FinishedRun open(Target target) throws IOException {
    FinishedRun run = folder(target).open();
    if (!run.manifestDigest().sha256().equals(target.manifestSha256())) {
      throw TareException.badInput(
          "%s was published as %s with manifest sha256 %s, but its manifest has %s"
              .formatted(
                  target.run(), path, target.manifestSha256(), run.manifestDigest().sha256()));
    }
    return run;
  }

  /** The file system is not installed, or the host is unknown. */
  private RunFolder folder(Target target) {
    try {
      return RunFolder.existing(target.run(), hadoop);
    } catch (IOException | RuntimeException e) {
      throw TareException.badInput(
          "%s points to %s, which cannot be reached: %s"
              .formatted(entry(target.number()), target.run(), e.getMessage()),
          e);
    }
  }

  /**
   * Points the name to a run; does nothing if it points there already. Concurrent publications each
   * get their own entry, and the last one wins.
   *
   * @throws TareException (usage) if the file system has no way to publish, or the name's folder is
   *     a run's
   */
  public Publication publish(FinishedRun run, Atomicity atomicity) throws IOException {
    Publisher publisher = Publisher.of(path, atomicity, hadoop);
    requireNoRun();
    Path pointer = new Path(path, POINTER);
    make(pointer);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Optional<Target> now = target();
      if (now.isPresent() && pointsTo(now.get(), run)) {
        return new Publication(now.get().number(), false, now.map(Target::run));
      }
      long next = now.map(Target::number).orElse(0L) + 1;
      if (next > LAST_ENTRY) {
        throw TareException.badInput("%s has no number left".formatted(pointer));
      }
      byte[] content = PointerPlaces.entry(path, run).format().getBytes(StandardCharsets.UTF_8);
      Path temporary = new Path(pointer, "." + UUID.randomUUID() + ".tmp");
      if (publisher.publish(content, temporary, entry(next))) {
        return new Publication(next, true, now.map(Target::run));
      }
    }
    throw new IOException(
        "Other publications moved %s %d times meanwhile".formatted(path, ATTEMPTS));
  }

  private void make(Path pointer) throws IOException {
    try {
      if (!fileSystem.mkdirs(pointer)) {
        throw new IOException("the folder cannot be made");
      }
    } catch (IOException | UnsupportedOperationException e) {
      throw Locations.cannotWrite("the name", path, e);
    }
  }

  private static boolean pointsTo(Target target, FinishedRun run) {
    return target.run().equals(run.folder().path())
        && target.manifestSha256().equals(run.manifestDigest().sha256());
  }

  private void requireNoRun() throws IOException {
    for (Part part : new Part[] {Part.MANIFEST, Part.STATUS}) {
      if (fileSystem.exists(new Path(path, part.fileName()))) {
        throw TareException.usage(
            "Cannot publish as %s: it is the folder of a run".formatted(path));
      }
    }
    if (fileSystem.exists(path) && fileSystem.getFileStatus(path).isFile()) {
      throw TareException.usage("Cannot publish as %s: it is a file".formatted(path));
    }
  }

  private OptionalLong highest() throws IOException {
    FileStatus[] entries;
    try {
      entries = fileSystem.listStatus(new Path(path, POINTER));
    } catch (FileNotFoundException e) {
      return OptionalLong.empty();
    }
    return Stream.of(entries)
        .map(status -> ENTRY.matcher(status.getPath().getName()))
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
        .max();
  }

  private Path entry(long number) {
    return new Path(
        path, "%s/%s".formatted(POINTER, String.format(Locale.ROOT, "%08d.json", number)));
  }
}
