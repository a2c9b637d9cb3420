package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.stage.Work;
import java.io.IOException;
import org.apache.hadoop.fs.Path;

/** Plans that a stage before selection measures; selection may take one of them as it is. */
final class TrialPlan {

  private TrialPlan() {}

  /** The plan that selection would make by this recipe from the statistics of this run. */
  static QuantPlan of(Work work, ModelHandle model, RecipeText recipe) throws IOException {
    Path statistics = work.attempt().path(Part.STATISTICS);
    // As SelectStage records them.
    String content =
        work.facts()
            .calibration()
            .filter(made -> SelectJob.needsStatistics(model, recipe))
            .map(made -> made.contentSha256())
            .orElse("");
    long samples = work.facts().calibration().map(CalibrationFacts::samples).orElse(0L);
    return new SelectJob(work.inputs().spark(), WeightRanges.of(work.attempt()))
        .run(model, recipe, statistics, content, samples);
  }
}
