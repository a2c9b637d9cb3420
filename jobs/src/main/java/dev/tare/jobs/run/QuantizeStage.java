package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.QuantizeOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;

/** {@code tare quantize}. */
record QuantizeStage(HeldInputs held, QuantizeOptions options, Progress progress)
    implements SingleStage {

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    List<InputRef> inputs = held.model(options.model()).files().asInputs();
    inputs.add(held.runs().open(options.plan()).asInput("plan"));
    return inputs;
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    ModelHandle model = held.model(options.model());
    QuantPlan plan = Facts.plan(held.runs().open(options.plan()));
    Pipeline pipeline = new Pipeline(held.spark());
    progress.stage(
        name(),
        "weights to integers",
        () -> pipeline.quantize(attempt, model, plan),
        Summaries::quantization);
    return pipeline.facts();
  }
}
