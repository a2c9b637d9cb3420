package dev.tare.jobs.storage;

import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Finds foreign files in the folder of a run, at any depth, which cleaning up must not remove.
 *
 * <p>They are recognized by name. A table folder contains files that Spark and its committers
 * write, finished or temporary; the folder of an attempt contains parts.
 */
final class Strangers {
  private static final Set<Part> TABLES =
      EnumSet.of(
          Part.STATISTICS,
          Part.MOMENTS,
          Part.GRAM,
          Part.FOLDS,
          Part.SENSITIVITY,
          Part.PLAN,
          Part.TENSORS,
          Part.WEIGHTS);

  private static final Pattern TABLE_FILE =
      Pattern.compile(
          "_SUCCESS|_metadata|_common_metadata|part-[A-Za-z0-9._-]+|[A-Za-z0-9._-]*\\.pendingset");

  /** Folders of Hadoop's file committer: {@code _temporary/0/_temporary/attempt_.../part-...}. */
  private static final Pattern TABLE_FOLDER =
      Pattern.compile("_temporary|[0-9]+|(attempt|task)_[A-Za-z0-9_]+");

  /** Folders of the magic and the manifest committer, whatever they contain. */
  private static final Pattern COMMITTER_FOLDER =
      Pattern.compile("__magic.*|manifest_.*|\\.spark-staging-.*");

  private static final Pattern HIDDEN =
      Pattern.compile("\\..+\\.crc|\\.status\\.json\\.tmp|\\.moved\\.json");

  private static final int LOOKS = 10;
  private static final long BETWEEN_LOOKS_MILLIS = 1000;

  private final FileSystem fileSystem;
  private final Path root;
  private Optional<MovedParts> moved = Optional.empty();

  private Strangers(FileSystem fileSystem, Path root) {
    this.fileSystem = fileSystem;
    this.root = root;
  }

  /**
   * Returns the relative path of the first foreign file in the folder of a run or an attempt; empty
   * if there is none. Cost: one listing per folder.
   */
  static Optional<String> in(FileSystem fileSystem, Path folder) throws IOException {
    return new Strangers(fileSystem, folder).amongParts(folder, "");
  }

  /**
   * The same on a store whose server may list uploads under names of its own until they are
   * complete, as S3Proxy does: a file that is gone a second later was one. Cost: a second if there
   * is a foreign file.
   */
  static Optional<String> staying(FileSystem fileSystem, Path folder) throws IOException {
    Optional<String> before = in(fileSystem, folder);
    for (int look = 0; look < LOOKS && before.isPresent(); look++) {
      try {
        Thread.sleep(BETWEEN_LOOKS_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return before;
      }
      Optional<String> now = in(fileSystem, folder);
      if (now.equals(before)) {
        return now;
      }
      before = now;
    }
    return before;
  }

  /** The same of the folder of an attempt that still has it, in which nothing is the user's. */
  static Optional<String> inAttempt(FileSystem fileSystem, Path folder) throws IOException {
    return new Strangers(fileSystem, folder).amongParts(folder, folder.getName() + "/");
  }

  private Optional<String> amongParts(Path folder, String prefix) throws IOException {
    for (FileStatus entry : sorted(folder)) {
      String name = entry.getPath().getName();
      Optional<Part> part = Part.named(name);
      Optional<String> stranger;
      if (part.isPresent() && TABLES.contains(part.get()) && entry.isDirectory()) {
        stranger = inTable(entry.getPath(), prefix + name + "/");
      } else if (name.equals(Part.MODEL_STEM)) {
        stranger =
            entry.isDirectory() ? inModel(entry.getPath(), prefix) : Optional.of(prefix + name);
      } else if (part.isPresent()) {
        boolean fits =
            !TABLES.contains(part.get())
                && !entry.isDirectory()
                && !maybeAnybodys(entry, name, prefix);
        stranger = fits ? Optional.empty() : Optional.of(prefix + name);
      } else if (AttemptFolder.possible(name) && entry.isDirectory() && prefix.isEmpty()) {
        stranger = amongParts(entry.getPath(), name + "/");
      } else {
        stranger = hidden(entry) ? Optional.empty() : Optional.of(prefix + name);
      }
      if (stranger.isPresent()) {
        return stranger;
      }
    }
    return Optional.empty();
  }

  /**
   * Before a manifest names it, a model outside of an attempt's folder may be the user's, unless an
   * attempt lists it as its own.
   */
  private boolean maybeAnybodys(FileStatus file, String path, String prefix) throws IOException {
    return prefix.isEmpty()
        && Part.named(path.split("/", 2)[0]).equals(Optional.of(Part.MODEL))
        && !path.startsWith(Part.MODEL.fileName())
        && !moved().include(path, file.getLen());
  }

  private MovedParts moved() throws IOException {
    if (moved.isEmpty()) {
      moved = Optional.of(MovedParts.of(fileSystem, root));
    }
    return moved.get();
  }

  private Optional<String> inModel(Path folder, String prefix) throws IOException {
    List<FileStatus> entries = sorted(folder);
    if (entries.isEmpty() && prefix.isEmpty()) {
      // An attempt moves its folder with everything in it.
      return Optional.of(Part.MODEL_STEM);
    }
    for (FileStatus entry : entries) {
      String path = Part.MODEL_STEM + "/" + entry.getPath().getName();
      boolean ours = Part.isModelFile(path) ? !maybeAnybodys(entry, path, prefix) : hidden(entry);
      if (entry.isDirectory() || !ours) {
        return Optional.of(prefix + path);
      }
    }
    return Optional.empty();
  }

  private Optional<String> inTable(Path folder, String prefix) throws IOException {
    for (FileStatus entry : sorted(folder)) {
      String name = entry.getPath().getName();
      Optional<String> stranger = Optional.of(prefix + name);
      if (entry.isDirectory()) {
        if (TABLE_FOLDER.matcher(name).matches()) {
          stranger = inTable(entry.getPath(), prefix + name + "/");
        } else if (COMMITTER_FOLDER.matcher(name).matches()) {
          stranger = Optional.empty();
        }
      } else if (TABLE_FILE.matcher(name).matches() || hidden(entry)) {
        stranger = Optional.empty();
      }
      if (stranger.isPresent()) {
        return stranger;
      }
    }
    return Optional.empty();
  }

  private static boolean hidden(FileStatus entry) {
    String name = entry.getPath().getName();
    return !entry.isDirectory()
        && (HIDDEN.matcher(name).matches()
            || TemporaryNames.matches(name)
            || FinishedFiles.isNote(name));
  }

  private List<FileStatus> sorted(Path folder) throws IOException {
    List<FileStatus> entries = new ArrayList<>(Locations.entries(fileSystem, folder));
    entries.sort(null);
    return entries;
  }
}
