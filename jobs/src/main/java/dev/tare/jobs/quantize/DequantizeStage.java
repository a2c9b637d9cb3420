package dev.tare.jobs.quantize;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.DequantizationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/** {@code tare dequantize}: converts quantized weights back to float, exactly. */
public record DequantizeStage(DequantizeOptions options) implements Stage {

  @Override
  public String name() {
    return "dequantize";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    FinishedRun quantized = quantized(inputs);
    List<InputRef> all = new ArrayList<>(model(inputs, quantized).files().asInputs());
    all.add(quantized.asInput("quantized"));
    return all;
  }

  @Override
  public Work run(Work work) throws IOException {
    Inputs inputs = work.inputs();
    FinishedRun quantized = quantized(inputs);
    ModelHandle model = model(inputs, quantized);
    EarlierRuns.requireQuantizedFrom(quantized, model);
    QuantPlan plan = plan(inputs, quantized);
    int constants =
        work.progress()
            .stage(
                name(),
                "integers back to float weights",
                () ->
                    new DequantizeJob(inputs.spark())
                        .run(
                            model,
                            plan,
                            quantized.verified(Part.WEIGHTS),
                            work.attempt()::createModel),
                count -> count + " constants");
    return work.with(work.facts().with(new DequantizationFacts(constants)));
  }

  private FinishedRun quantized(Inputs inputs) throws IOException {
    FinishedRun run = inputs.runs().open(options.quantized());
    if (!run.has(Part.WEIGHTS)) {
      throw TareException.badInput(
          "Run %s has no quantized weights; it was made by: %s"
              .formatted(run.folder().path(), String.join(", ", run.manifest().stages())));
    }
    return run;
  }

  private ModelHandle model(Inputs inputs, FinishedRun quantized) throws IOException {
    String place =
        options.model().isPresent()
            ? options.model().get()
            : ModelFiles.placeOf(quantized).toString();
    return inputs.model(place);
  }

  /** A run of all stages has its own plan; a run of only this stage names the run that has it. */
  private QuantPlan plan(Inputs inputs, FinishedRun quantized) throws IOException {
    FinishedRun planned =
        Lineage.of(options.quantized(), inputs.runs())
            .require(
                Part.PLAN_JSON,
                "The plan of run %s is not there".formatted(quantized.folder().path()));
    return PlanStore.read(inputs.spark(), planned);
  }
}
