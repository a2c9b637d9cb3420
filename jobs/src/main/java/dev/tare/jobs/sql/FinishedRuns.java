package dev.tare.jobs.sql;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.InputRef;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.Part;
import dev.tare.jobs.storage.RunFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The finished runs below roots: folders with a manifest, at most {@value #LEVELS} levels down.
 *
 * <p>Names that begin with a dot or an underscore are not looked into, nor is what lies inside a
 * run. A manifest never changes, so it is read once.
 */
final class FinishedRuns {

  private static final int LEVELS = 4;

  private final Map<String, Known> known = new ConcurrentHashMap<>();

  private record Known(long length, long modified, FinishedRun run) {}

  /**
   * All runs, by id and place.
   *
   * @param key the setting that holds the roots, for messages
   * @param roots paths or URIs, by comma
   * @throws TareException (usage) if no root is given; (bad input) if one does not exist, or a
   *     manifest cannot be read
   */
  List<FinishedRun> below(SparkSession spark, String key, String roots) {
    List<String> locations = Stream.of(roots.split(",", -1)).map(String::trim).toList();
    if (roots.isBlank() || locations.contains("")) {
      throw TareException.usage(
          "Set %s to the folder that holds the runs, or to several by comma; it is '%s'"
              .formatted(key, roots));
    }
    Configuration hadoop = SparkJobs.hadoop(spark);
    List<FileStatus> manifests = new ArrayList<>();
    for (String location : locations) {
      try {
        Path root = Locations.qualified(location, hadoop);
        collect(root, root.getFileSystem(hadoop), LEVELS, manifests);
      } catch (FileNotFoundException e) {
        throw TareException.badInput("%s names no folder: %s".formatted(key, location), e);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return Concurrently.map(manifests, manifest -> open(manifest, hadoop)).stream()
        .sorted(
            Comparator.comparing((FinishedRun run) -> run.manifest().runId())
                .thenComparing(run -> run.folder().path().toString()))
        .toList();
  }

  private static void collect(Path folder, FileSystem files, int levels, List<FileStatus> manifests)
      throws IOException {
    List<FileStatus> entries = Arrays.asList(files.listStatus(folder));
    for (FileStatus entry : entries) {
      if (entry.isFile() && entry.getPath().getName().equals(Part.MANIFEST.fileName())) {
        manifests.add(entry);
        return;
      }
    }
    for (FileStatus entry : entries) {
      String name = entry.getPath().getName();
      if (levels > 0 && entry.isDirectory() && !name.startsWith(".") && !name.startsWith("_")) {
        collect(entry.getPath(), files, levels - 1, manifests);
      }
    }
  }

  private FinishedRun open(FileStatus manifest, Configuration hadoop) {
    String place = manifest.getPath().getParent().toString();
    Known seen = known.get(place);
    if (seen == null
        || seen.length != manifest.getLen()
        || seen.modified != manifest.getModificationTime()) {
      try {
        FinishedRun run = RunFolder.open(place, hadoop);
        seen = new Known(manifest.getLen(), manifest.getModificationTime(), run);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      known.put(place, seen);
    }
    return seen.run;
  }

  /** The model that a run is about; empty if its manifest does not tell. */
  static String model(FinishedRun run) {
    return run.manifest().inputs().stream()
        .filter(input -> input.name().equals("model"))
        .findFirst()
        .flatMap(InputRef::sha256)
        .orElseGet(
            () -> run.manifest().properties().path("calibration").path("model-sha256").asText(""));
  }
}
