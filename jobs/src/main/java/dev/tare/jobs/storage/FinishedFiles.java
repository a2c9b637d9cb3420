package dev.tare.jobs.storage;

import dev.tare.jobs.artifact.AttemptFolder;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Files of a model that a killed attempt finished. Beside each is a note that says what it was made
 * from, so that the next attempt can take it; notes are hidden and are not part of a run.
 */
public final class FinishedFiles {

  private static final String ENDING = ".finished.json";
  private static final Pattern NOTE = Pattern.compile("\\.[A-Za-z0-9._-]+\\.finished\\.json");

  private FinishedFiles() {}

  /** The name of the note beside a file. */
  public static String note(String fileName) {
    return "." + fileName + ENDING;
  }

  /** Whether a file may be a note. */
  public static boolean isNote(String fileName) {
    return NOTE.matcher(fileName).matches();
  }

  /**
   * Folders with files of a model that attempts at a run finished, and left. Cost: a listing of the
   * run's folder, and one for each attempt.
   */
  static List<Path> models(FileSystem fileSystem, Path run) throws IOException {
    List<Path> models = new ArrayList<>();
    for (Path attempt : attempts(fileSystem, run)) {
      if (in(fileSystem, attempt) > 0) {
        models.add(model(attempt));
      }
    }
    return models;
  }

  /** The attempt that finished the most files; empty if none finished one. */
  static Optional<Path> best(FileSystem fileSystem, Path run) throws IOException {
    Optional<Path> best = Optional.empty();
    long most = 0;
    for (Path attempt : attempts(fileSystem, run)) {
      long finished = in(fileSystem, attempt);
      if (finished > most) {
        most = finished;
        best = Optional.of(attempt);
      }
    }
    return best;
  }

  /** How many files of a model an attempt finished. */
  static long in(FileSystem fileSystem, Path attempt) throws IOException {
    return Locations.entries(fileSystem, model(attempt)).stream()
        .filter(file -> isNote(file.getPath().getName()))
        .count();
  }

  private static Path model(Path attempt) {
    return new Path(attempt, Part.MODEL_STEM);
  }

  private static List<Path> attempts(FileSystem fileSystem, Path run) throws IOException {
    return Locations.entries(fileSystem, run).stream()
        .filter(FileStatus::isDirectory)
        .map(FileStatus::getPath)
        .filter(path -> AttemptFolder.possible(path.getName()))
        .sorted(Comparator.naturalOrder())
        .toList();
  }
}
