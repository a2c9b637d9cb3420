package dev.tare.jobs.run;

import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.calibrate.CalibrateResult;
import dev.tare.jobs.cli.CalibrateOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** {@code tare calibrate}. */
record CalibrateStage(HeldInputs held, CalibrateOptions options, Progress progress)
    implements SingleStage {

  @Override
  public String name() {
    return "calibrate";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    return RunStage.inputs(model(), data(), Optional.empty());
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    ModelHandle model = model();
    Pipeline pipeline = new Pipeline(held.spark(), progress::line);
    StageData data = data();
    progress.stage(
        name(),
        "run the float model and count",
        () -> calibrate(attempt, model, pipeline, data),
        Summaries::calibration);
    return pipeline.facts().with(data.facts());
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
    return held.model(options.model());
  }

  private StageData data() throws IOException {
    return held.data(model(), options.data());
  }
}
