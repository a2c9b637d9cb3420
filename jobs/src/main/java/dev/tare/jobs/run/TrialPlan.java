package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.Quantizable;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** Plans that a stage before selection measures; selection may take one of them as it is. */
final class TrialPlan {

  private TrialPlan() {}

  /** The plan that selection would make by this recipe from the statistics of this run. */
  static QuantPlan of(Work work, ModelHandle model, RecipeText recipe) throws IOException {
    return job(work).run(model, recipe, table(work), content(work, model, recipe), samples(work));
  }

  /** The same; nothing where nothing would be quantized. */
  static Optional<QuantPlan> ifAny(Work work, ModelHandle model, RecipeText recipe)
      throws IOException {
    return Quantizable.any(model, recipe)
        ? job(work)
            .runIfAny(model, recipe, table(work), content(work, model, recipe), samples(work))
        : Optional.empty();
  }

  private static SelectJob job(Work work) throws IOException {
    return new SelectJob(work.inputs().spark(), WeightRanges.of(work.attempt()));
  }

  private static Path table(Work work) {
    return work.attempt().path(Part.STATISTICS);
  }

  /** As SelectStage records it. */
  private static String content(Work work, ModelHandle model, RecipeText recipe) {
    return work.facts()
        .calibration()
        .filter(made -> Quantizable.needsStatistics(model, recipe))
        .map(made -> made.contentSha256())
        .orElse("");
  }

  private static long samples(Work work) {
    return work.facts().calibration().map(CalibrationFacts::samples).orElse(0L);
  }
}
