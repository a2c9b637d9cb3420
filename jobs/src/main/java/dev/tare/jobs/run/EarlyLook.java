package dev.tare.jobs.run;

import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Finds mistyped names of local files and recipes before Spark starts, which takes ten seconds. A
 * run refused here records it in its folder like any other.
 */
final class EarlyLook {

  private final Configuration hadoop = HadoopSettings.ofDriver();
  private final OutputOptions output;

  EarlyLook(OutputOptions output) {
    this.output = output;
  }

  /**
   * Like {@link #check}, unless Spark was already started elsewhere, with settings that may differ;
   * then begins to read local models.
   */
  void at(Places places) throws IOException {
    if (!places.equals(Places.NONE) && SparkSession.getDefaultSession().isEmpty()) {
      check(places);
      for (String model : places.models()) {
        ReadAhead.begin(
            () -> {
              if (local(model)) {
                ReadAhead.read(model, hadoop, places.recipe().isPresent());
              }
              return null;
            });
      }
    }
  }

  /**
   * Checks the files that a command names.
   *
   * @throws TareException (bad input) if a local file is missing or is not a file; (usage) if the
   *     recipe is unknown or wrong
   */
  void check(Places places) throws IOException {
    if (!local(output.output())) {
      return;
    }
    RunFolder folder = RunFolder.at(output.output(), output.runId(), hadoop);
    folder.requireWritable(output.atomicity());
    if (folder.state() == RunFolder.State.FINISHED) {
      return;
    }
    try {
      look(places);
    } catch (TareException e) {
      folder.produce(
          output.atomicity(),
          attempt -> {
            throw e;
          });
    }
  }

  /**
   * Records a failure of the platform in a local folder that does not tell of it yet: Spark may end
   * before the run has begun there. What prevents that is added to the failure.
   */
  void record(TareException failure) {
    try {
      if (!local(output.output())) {
        return;
      }
      RunFolder folder = RunFolder.at(output.output(), output.runId(), hadoop);
      if (folder.state() == RunFolder.State.ABSENT) {
        folder.produce(
            output.atomicity(),
            attempt -> {
              throw failure;
            });
      }
    } catch (IOException | RuntimeException e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  private void look(Places places) throws IOException {
    for (List<String> files : List.of(places.models(), places.files())) {
      for (String file : files) {
        Locations.requireFile(file, hadoop);
      }
    }
    for (String data : places.data()) {
      requireThere(data);
    }
    // Which one the graph chooses is known when the model is read; the rest is checked with any.
    Optional<RecipeOptions> recipe =
        places
            .recipe()
            .map(each -> each.automatic() ? each.named(RecipeText.SHIPPED.get(0)) : each);
    if (recipe.isPresent()
        && (RecipeText.SHIPPED.contains(recipe.get().recipe()) || local(recipe.get().recipe()))) {
      RecipeText.open(recipe.get(), hadoop);
    }
  }

  /** Globs are checked when they are listed. */
  private void requireThere(String data) throws IOException {
    if (local(data) && !data.matches(".*[*?{\\[\\\\].*")) {
      Path path = Locations.qualified(data, hadoop);
      if (!path.getFileSystem(hadoop).exists(path)
          && !java.nio.file.Files.isSymbolicLink(java.nio.file.Path.of(path.toUri().getPath()))) {
        throw TareException.badInput("Cannot read " + data + ": no such file or folder");
      }
    }
  }

  private boolean local(String location) throws IOException {
    return "file".equals(Locations.qualified(location, hadoop).toUri().getScheme());
  }
}
