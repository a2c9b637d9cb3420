package dev.tare.jobs.quantize;

import dev.tare.engine.export.CalibrationCaches;
import dev.tare.engine.export.TensorRtCache;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.table.PlanStore;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.hadoop.fs.Path;

/** {@code tare quantize}: applies a plan to the weights of its model. */
public record QuantizeStage(QuantizeOptions options) implements Stage {

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    List<InputRef> all = new ArrayList<>(inputs.model(options.model()).files().asInputs());
    if (options.plan().isPresent()) {
      all.add(inputs.runs().open(options.plan().get()).asInput("plan"));
    }
    return all;
  }

  @Override
  public Work run(Work work) throws IOException {
    ModelHandle model = work.inputs().model(options.model());
    QuantPlan plan =
        options.plan().isPresent()
            ? PlanStore.read(work.inputs().spark(), work.inputs().runs().open(options.plan().get()))
            : work.plan().orElseThrow();
    requireTarget(plan);
    QuantizeJob.Result result =
        work.progress()
            .stage(
                name(),
                "weights to integers",
                () -> quantize(work, model, plan),
                QuantizeStage::summary);
    Optional<TensorRtCache> cache = CalibrationCaches.of(plan.target(), plan.tensors());
    if (cache.isPresent()) {
      work.attempt().write(Part.CALIBRATION_CACHE, cache.get().format());
    }
    return work.with(
        work.facts()
            .with(
                new QuantizationFacts(
                    plan.target(), result.constants(), result.weightBytes(), result.modelBytes())));
  }

  /**
   * The Gram matrices that the plan was made from: those of its run, or of the run whose statistics
   * it was selected from.
   *
   * @throws TareException (bad input) if they are not there, or are others
   */
  private Path gram(Work work, GptqPlan plan) throws IOException {
    if (options.plan().isEmpty()) {
      return work.attempt().path(Part.GRAM);
    }
    FinishedRun run =
        Lineage.of(options.plan().get(), work.inputs().runs())
            .require(
                Part.GRAM,
                "The plan of run %s rounds weights by Gram matrices, which are not there"
                    .formatted(options.plan().get()));
    Optional<String> sha256 = run.calibration().gram().map(CalibrationFacts.Gram::sha256);
    if (!sha256.equals(Optional.of(plan.gramSha256()))) {
      throw TareException.badInput(
          "The plan rounds weights by Gram matrices with sha256 %s, but run %s has %s"
              .formatted(plan.gramSha256(), run.folder().path(), sha256.orElse("none")));
    }
    return StatisticsCheck.verified(StateKind.GRAM, work.inputs().spark(), run);
  }

  /** The decisions of a plan are valid for one target only. */
  private void requireTarget(QuantPlan plan) {
    options
        .target()
        .filter(wanted -> !wanted.equals(plan.target()))
        .ifPresent(
            wanted -> {
              throw TareException.usage(
                  "The plan is for target %s, not %s: select again with --target %s"
                      .formatted(plan.target(), wanted, wanted));
            });
  }

  private QuantizeJob.Result quantize(Work work, ModelHandle model, QuantPlan plan)
      throws IOException {
    Optional<Path> gram =
        plan.gptq().isPresent() ? Optional.of(gram(work, plan.gptq().get())) : Optional.empty();
    return new QuantizeJob(work.inputs().spark())
        .run(
            model,
            plan,
            gram,
            work.attempt().path(Part.TENSORS),
            work.attempt().path(Part.WEIGHTS),
            work.attempt().folder().runId(),
            work.attempt()::createModel);
  }

  private static String summary(QuantizeJob.Result result) {
    return "%s, %s of integers"
        .formatted(
            Amounts.counted(result.constants(), "constant"),
            Amounts.megabytes(result.weightBytes()));
  }
}
