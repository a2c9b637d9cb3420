package dev.tare.jobs.run;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.EvaluateOptions;
import dev.tare.jobs.evaluate.EvaluateJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code tare evaluate}; the table of results goes to {@code out}. */
record EvaluateStage(HeldInputs held, EvaluateOptions options, Progress progress, PrintStream out)
    implements SingleStage {

  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    ModelHandle model = held.model(options.model());
    StageData data = held.data(model, options.data());
    List<InputRef> inputs = new ArrayList<>(RunStage.inputs(model, data, Optional.empty()));
    inputs.add(held.runs().open(options.quantized()).asInput("quantized"));
    return inputs;
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    ModelHandle model = held.model(options.model());
    FinishedRun source = held.runs().open(options.quantized());
    Facts.requireQuantizedFrom(source, model);
    ModelHandle quantized = held.quantizedModel(source);
    EvaluateJob.require(model, options.classesOrAuto());
    Pipeline pipeline = new Pipeline(held.spark());
    StageData data = held.data(model, options.data());
    Quality quality =
        progress.stage(
            name(),
            "float and quantized model side by side",
            () -> evaluate(attempt, model, quantized, pipeline, data),
            Summaries::quality);
    QualityTable.print(quality, out);
    return pipeline.facts().with(data.facts());
  }

  private Quality evaluate(
      RunAttempt attempt,
      ModelHandle model,
      ModelHandle quantized,
      Pipeline pipeline,
      StageData data)
      throws IOException {
    data.check(options.data().maxBadRows());
    return pipeline.evaluate(
        attempt,
        model,
        quantized,
        data.select(Optional.empty(), options.data().samples()),
        options.data().batchSize(),
        options.gate(),
        options.classesOrAuto(),
        measured(),
        "data of its own: " + options.data().data());
  }

  /**
   * The plan behind the quantized model, where operators are to be measured.
   *
   * @throws TareException (bad input) if it cannot be found
   */
  private Optional<Pipeline.Measured> measured() throws IOException {
    if (options.sensitivity().isEmpty()) {
      return Optional.empty();
    }
    FinishedRun planned =
        Lineage.of(options.quantized(), held.runs())
            .require(
                Part.PLAN_JSON,
                "--sensitivity needs the plan of run %s, which is not there"
                    .formatted(options.quantized()));
    return Optional.of(
        new Pipeline.Measured(Facts.plan(planned), options.sensitivity().getAsInt()));
  }
}
