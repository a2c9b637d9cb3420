package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.DequantizationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.DequantizeOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.quantize.DequantizeJob;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.storage.StoredPlace;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** {@code tare dequantize}. */
record DequantizeStage(HeldInputs held, DequantizeOptions options, Progress progress)
    implements SingleStage {

  @Override
  public String name() {
    return "dequantize";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    FinishedRun quantized = quantized();
    List<InputRef> inputs = model(quantized).files().asInputs();
    inputs.add(quantized.asInput("quantized"));
    return inputs;
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    FinishedRun quantized = quantized();
    ModelHandle model = model(quantized);
    Facts.requireQuantizedFrom(quantized, model);
    QuantPlan plan = plan(quantized);
    int constants =
        progress.stage(
            name(),
            "integers back to float weights",
            () ->
                new DequantizeJob(held.spark())
                    .run(model, plan, quantized.verified(Part.WEIGHTS), attempt::create),
            count -> count + " constants");
    return RunFacts.NONE.with(new DequantizationFacts(constants));
  }

  private FinishedRun quantized() throws IOException {
    FinishedRun run = held.runs().open(options.quantized());
    if (!run.has(Part.WEIGHTS)) {
      throw TareException.badInput(
          "Run %s has no quantized weights; it was made by: %s"
              .formatted(run.folder().path(), String.join(", ", run.manifest().stages())));
    }
    return run;
  }

  private ModelHandle model(FinishedRun quantized) throws IOException {
    String place =
        options.model().isPresent() ? options.model().get() : modelOf(quantized).toString();
    return held.model(place);
  }

  private static Path modelOf(FinishedRun quantized) {
    return quantized.manifest().inputs().stream()
        .filter(input -> input.name().equals(ModelFiles.MODEL))
        .findFirst()
        .map(
            input ->
                StoredPlace.of(
                    input.uri(),
                    quantized.folder().path(),
                    "Give the model by --model: run %s names".formatted(quantized.folder().path())))
        .orElseThrow(
            () ->
                TareException.badInput(
                    "Run %s names no model among its inputs; give it by --model"
                        .formatted(quantized.folder().path())));
  }

  /** A run of all stages has its plan; one of that stage alone names the run that has it. */
  private QuantPlan plan(FinishedRun quantized) throws IOException {
    FinishedRun planned =
        Lineage.of(options.quantized(), held.runs())
            .require(
                Part.PLAN_JSON,
                "The plan of run %s is not there".formatted(quantized.folder().path()));
    return Facts.plan(planned);
  }
}
