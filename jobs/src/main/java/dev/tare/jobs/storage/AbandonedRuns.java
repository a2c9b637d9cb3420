package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.AttemptFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Leftovers of attempts: unfinished runs, and in finished runs the attempt folders that the
 * manifest does not name.
 *
 * <p>Its age is that of the youngest file in it. Finished runs, runs that a name points to, and
 * folders with files that do not belong to a run are never touched.
 */
public final class AbandonedRuns {
  private final RunTree tree;
  private final Configuration hadoop;
  private final Set<Path> published = new HashSet<>();

  /**
   * Something abandoned.
   *
   * @param path folder of a run or of an attempt
   * @param files number of files
   * @param bytes total length
   * @param lastActivity when the youngest file was written
   */
  public record Abandoned(Path path, long files, long bytes, Instant lastActivity) {}

  /**
   * What was done besides deleting files.
   *
   * @param uploads number of aborted incomplete uploads
   * @param failure why uploads could not be aborted; those keep costing storage
   */
  public record Removal(int uploads, Optional<String> failure) {}

  private AbandonedRuns(RunTree tree, Configuration hadoop) {
    this.tree = tree;
    this.hadoop = hadoop;
  }

  /**
   * Searches below a root.
   *
   * @throws TareException (bad input) if a pointer there cannot be read
   */
  public static AbandonedRuns in(RunTree tree, Configuration hadoop) throws IOException {
    AbandonedRuns abandoned = new AbandonedRuns(tree, hadoop);
    for (RunName name : tree.names()) {
      name.target().ifPresent(target -> abandoned.published.add(target.run()));
    }
    return abandoned;
  }

  /** Returns everything whose youngest file is older than a time, sorted by path. */
  public List<Abandoned> before(Instant time) throws IOException {
    List<Abandoned> found = new ArrayList<>();
    for (RunFolder run : tree.runs()) {
      for (Path path : candidates(run)) {
        measure(path).filter(a -> a.lastActivity().isBefore(time)).ifPresent(found::add);
      }
    }
    return found;
  }

  /**
   * Removes an abandoned folder and its incomplete uploads, unless it became active or was removed
   * meanwhile.
   *
   * @return empty if it was not removed
   */
  public Optional<Removal> remove(Abandoned abandoned) throws IOException {
    Path path = abandoned.path();
    boolean attempt = AttemptFolder.begins(path.getName());
    RunFolder run = RunFolder.existing(attempt ? path.getParent() : path, hadoop);
    if (!candidates(run).contains(path) || !measure(path).equals(Optional.of(abandoned))) {
      return Optional.empty();
    }
    FileSystem fileSystem = path.getFileSystem(hadoop);
    Removal removal;
    try {
      // First, since the uploads of a removed folder could not be found any more.
      removal = new Removal(IncompleteUploads.abort(fileSystem, path), Optional.empty());
    } catch (IOException e) {
      // Some users may delete files but not list uploads.
      removal = new Removal(0, Optional.of(String.valueOf(e.getMessage())));
    }
    return fileSystem.delete(path, true) ? Optional.of(removal) : Optional.empty();
  }

  private List<Path> candidates(RunFolder run) throws IOException {
    if (run.state() != RunFolder.State.FINISHED) {
      boolean ours = run.foreignEntry().isEmpty() && !published.contains(run.path());
      return ours ? List.of(run.path()) : List.of();
    }
    Optional<String> parts;
    try {
      parts = run.open().manifest().partsFolder();
    } catch (TareException e) {
      // Its manifest cannot be read, so nothing in it can be called abandoned.
      return List.of();
    }
    Predicate<String> named = name -> parts.isPresent() && parts.get().equals(name);
    List<Path> attempts = new ArrayList<>();
    FileSystem fileSystem = run.path().getFileSystem(hadoop);
    for (FileStatus entry : fileSystem.listStatus(run.path())) {
      String name = entry.getPath().getName();
      if (AttemptFolder.possible(name)
          && entry.isDirectory()
          && !named.test(name)
          && Strangers.in(fileSystem, entry.getPath()).isEmpty()) {
        attempts.add(entry.getPath());
      }
    }
    return attempts;
  }

  private Optional<Abandoned> measure(Path folder) throws IOException {
    long files = 0;
    long bytes = 0;
    long youngest = 0;
    FileSystem fileSystem = folder.getFileSystem(hadoop);
    try {
      var all = fileSystem.listFiles(folder, true);
      while (all.hasNext()) {
        FileStatus file = all.next();
        files++;
        bytes += file.getLen();
        youngest = Math.max(youngest, file.getModificationTime());
      }
      if (files == 0) {
        youngest = fileSystem.getFileStatus(folder).getModificationTime();
      }
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
    return Optional.of(new Abandoned(folder, files, bytes, Instant.ofEpochMilli(youngest)));
  }
}
