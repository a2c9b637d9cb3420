package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.cli.CalibrateOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.InputRef;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** {@code tare calibrate}. */
record CalibrateStage(SparkSession spark, CalibrateOptions options, Progress progress)
    implements SingleStage {

  @Override
  public String name() {
    return "calibrate";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    ModelHandle model = model();
    try (StageData data = StageData.open(spark, model, options.data())) {
      return RunStage.inputs(model, data, Optional.empty());
    }
  }

  @Override
  public ObjectNode write(RunAttempt attempt) throws IOException {
    ModelHandle model = model();
    Pipeline pipeline = new Pipeline(spark, progress::line);
    try (StageData data = StageData.open(spark, model, options.data())) {
      progress.stage(
          name(),
          "run the float model and count",
          () -> calibrate(attempt, model, pipeline, data),
          Summaries::calibration);
      data.describe(pipeline.properties().putObject("data"));
      return pipeline.properties();
    }
  }

  private CalibrateResult calibrate(
      RunAttempt attempt, ModelHandle model, Pipeline pipeline, StageData data) throws IOException {
    data.check(options.data().maxBadRows());
    CalibrateResult result =
        pipeline.calibrate(
            attempt,
            model,
            options.observe(),
            options.data(),
            data.select(Optional.empty(), options.data().samples()));
    data.requireUnchanged();
    return result;
  }

  private ModelHandle model() throws IOException {
    return ModelHandle.open(options.model(), SparkJobs.hadoop(spark));
  }
}
