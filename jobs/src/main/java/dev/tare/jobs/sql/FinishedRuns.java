package dev.tare.jobs.sql;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunTree;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** The finished runs below roots. A manifest never changes, so it is read once. */
final class FinishedRuns {

  private final Map<Path, Known> known = new ConcurrentHashMap<>();

  private static final Pattern BETWEEN_ROOTS = Pattern.compile("(?<!\\\\),");

  private record Known(long length, long modified, FinishedRun run) {}

  /**
   * All runs, by id and place.
   *
   * @param key the setting with the roots, for messages
   * @param roots paths or URIs, separated by commas; a comma in a path is escaped by a backslash
   * @throws TareException (usage) if no root is given; (bad input) if one does not exist, or a
   *     manifest cannot be read
   */
  List<FinishedRun> below(SparkSession spark, String key, String roots) {
    List<String> locations =
        Stream.of(BETWEEN_ROOTS.split(roots, -1))
            .map(root -> root.trim().replace("\\,", ","))
            .toList();
    if (roots.isBlank() || locations.contains("")) {
      throw TareException.usage(
          "Set %s to the folder of the runs, or to several by comma; it is '%s'"
              .formatted(key, roots));
    }
    Configuration hadoop = SparkJobs.hadoop(spark);
    List<RunFolder> folders = new ArrayList<>();
    for (String location : locations) {
      try {
        folders.addAll(RunTree.below(location, hadoop).runs());
      } catch (TareException e) {
        throw TareException.badInput(
            "Cannot list the runs of %s: %s".formatted(key, e.getMessage()), e);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return Concurrently.map(folders, folder -> finished(folder, hadoop)).stream()
        .flatMap(Optional::stream)
        .sorted(
            Comparator.comparing((FinishedRun run) -> run.manifest().runId())
                .thenComparing(run -> run.folder().path().toString()))
        .toList();
  }

  private Optional<FinishedRun> finished(RunFolder folder, Configuration hadoop) {
    try {
      Path manifest = new Path(folder.path(), Part.MANIFEST.fileName());
      FileStatus status = manifest.getFileSystem(hadoop).getFileStatus(manifest);
      Known seen = known.get(folder.path());
      if (seen == null
          || seen.length != status.getLen()
          || seen.modified != status.getModificationTime()) {
        seen = new Known(status.getLen(), status.getModificationTime(), folder.open());
        known.put(folder.path(), seen);
      }
      return Optional.of(seen.run);
    } catch (FileNotFoundException e) {
      // Not finished: an attempt is running, has failed or was killed.
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The sha256 of the run's model; empty if its manifest has none. */
  static Optional<String> model(FinishedRun run) {
    return run.manifest().inputs().stream()
        .filter(input -> input.name().equals("model"))
        .findFirst()
        .flatMap(InputRef::sha256)
        .or(() -> run.facts().calibration().map(CalibrationFacts::modelSha256));
  }
}
