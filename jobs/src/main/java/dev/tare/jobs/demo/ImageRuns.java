package dev.tare.jobs.demo;

import dev.tare.jobs.console.Console;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.input.RowChoice;
import dev.tare.jobs.run.AllStages;
import dev.tare.jobs.run.Outcome;
import dev.tare.jobs.run.OutputOptions;
import dev.tare.jobs.run.RunLoop;
import dev.tare.jobs.run.RunOptions;
import dev.tare.jobs.storage.IfFinished;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.spark.sql.SparkSession;

/** What the demos on images have in common. */
final class ImageRuns {

  private ImageRuns() {}

  /** All images of a folder, of which so many are calibrated on. */
  static DataOptions images(Path folder, int samples, int batchSize, ImageOptions preparation) {
    return new DataOptions(
        folder.toString(),
        DataFormat.IMAGES,
        Optional.empty(),
        Optional.empty(),
        OptionalInt.of(DataOptions.DEFAULT_MAX_LENGTH),
        OptionalInt.of(samples),
        RowChoice.SAMPLE,
        OptionalInt.empty(),
        batchSize,
        preparation,
        0);
  }

  /** Makes a run in a new folder; the demo prints its result. */
  static Outcome produce(SparkSession spark, Console console, Path folder, RunOptions run)
      throws IOException {
    return new RunLoop(new Console(console.progress(), console.progress()))
        .produce(
            spark,
            new OutputOptions(folder.toString(), Optional.empty(), IfFinished.FAIL),
            new AllStages(run));
  }
}
