package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.RecipeException;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.console.SensitivityLines;
import dev.tare.jobs.evaluate.GroupJob;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.SensitivityTable;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;

/**
 * {@code tare sensitivity}: the measured error of quantizing each group alone, at every level that
 * the target allows. Weights are rounded to nearest; with GPTQ, which comes after, errors are
 * smaller.
 */
public record SensitivityStage(SensitivityOptions options) implements Stage {

  /** Samples of the lowest hashes that are measured if the user names no number. */
  private static final int SAMPLES = 64;

  /** A scale is a float. */
  private static final int SCALE_BYTES = 4;

  @Override
  public String name() {
    return "sensitivity";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model()).with(options.data()).withRecipe(options.recipe());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    ModelHandle model = inputs.model(options.model());
    List<InputRef> all = new ArrayList<>(model.files().asInputs());
    all.addAll(inputs.data(model, options.data()).inputs("data"));
    if (options.statistics().isPresent()) {
      all.add(inputs.runs().open(options.statistics().get()).asInput("statistics"));
    }
    inputs.recipe(options.recipe(), model).asInput(inputs.hadoop()).ifPresent(all::add);
    return all;
  }

  @Override
  public Work run(Work work) throws IOException {
    ModelHandle model = work.inputs().model(options.model());
    StageData data = work.inputs().data(model, options.data());
    SensitivityTable.Measured measured =
        work.progress()
            .stage(
                name(),
                "groups quantized one at a time",
                () -> measure(work, model, data),
                SensitivityLines::outcome);
    SensitivityLines.lines(measured).forEach(line -> work.progress().line("        " + line));
    SensitivityTable.write(
        work.inputs().spark(),
        measured,
        work.attempt().path(Part.SENSITIVITY),
        work.attempt().folder().runId());
    return work.with(work.facts().with(data.facts()));
  }

  private SensitivityTable.Measured measure(Work work, ModelHandle model, StageData data)
      throws IOException {
    Inputs inputs = work.inputs();
    data.check(options.data().maxBadRows());
    RecipeText recipe = inputs.recipe(options.recipe(), model);
    SortedMap<WeightLevel, QuantPlan> plans = plans(inputs, model, recipe);
    List<GroupJob.Variant> variants = new ArrayList<>();
    plans.forEach(
        (level, plan) -> {
          variants.add(new GroupJob.Variant(level, ""));
          of(level, plan)
              .forEach(weight -> variants.add(new GroupJob.Variant(level, weight.tensor())));
        });
    int most = options.data().samples().orElse(SAMPLES);
    GroupJob.Measured measured =
        new GroupJob(inputs.spark())
            .run(model, plans, variants, data.select(Rows.ALL, OptionalInt.of(most)));
    List<GroupError> errors = new ArrayList<>();
    plans.forEach((level, plan) -> errors.addAll(errors(level, plan, measured.scores())));
    return new SensitivityTable.Measured(
        model.sha256(),
        recipe.name(),
        recipe.targetName(),
        measured.samples(),
        measured.output(),
        measured.pooled(),
        errors);
  }

  /** A plan of the whole model for each level that anything can have. */
  private SortedMap<WeightLevel, QuantPlan> plans(
      Inputs inputs, ModelHandle model, RecipeText recipe) throws IOException {
    SelectJob job = new SelectJob(inputs.spark());
    SortedSet<String> weights = LevelledRecipe.weights(model, recipe);
    if (weights.isEmpty()) {
      SelectJob.requireCandidates(model, recipe);
    }
    Optional<FinishedRun> statistics = Optional.empty();
    if (options.statistics().isPresent()) {
      statistics = Optional.of(inputs.runs().open(options.statistics().get()));
      EarlierRuns.requireSameModel(statistics.get(), model);
    }
    SortedMap<WeightLevel, QuantPlan> plans = new TreeMap<>();
    for (WeightLevel level : WeightLevel.QUANTIZED) {
      SortedMap<String, WeightLevel> all = new TreeMap<>();
      weights.forEach(weight -> all.put(weight, level));
      RecipeText levelled = LevelledRecipe.of(recipe, all);
      if (!allowed(model, levelled)) {
        continue;
      }
      boolean needed = SelectJob.needsRanges(model, levelled);
      if (needed && statistics.isEmpty()) {
        throw TareException.usage(
            "Recipe '%s' needs statistics: give --statistics RUN".formatted(recipe.name()));
      }
      Path folder =
          needed ? StatisticsCheck.verified(inputs.spark(), statistics.get()) : new Path("none");
      QuantPlan plan =
          job.run(
              model,
              levelled,
              folder,
              needed ? statistics.get().calibration().contentSha256() : "",
              needed ? statistics.get().calibration().samples() : 0);
      if (!of(level, plan).isEmpty()) {
        plans.put(level, plan);
      }
    }
    return plans;
  }

  private static boolean allowed(ModelHandle model, RecipeText levelled) {
    try {
      return SelectJob.hasCandidates(model, levelled);
    } catch (RecipeException e) {
      // The target refuses such weights altogether.
      return false;
    }
  }

  /** The weights that really have a level: rules of the recipe may give some another one. */
  private static List<TensorPlan> of(WeightLevel level, QuantPlan plan) {
    return plan.quantized(Role.WEIGHT).stream()
        .filter(weight -> weight.type().dtype().bits() == level.bits())
        .toList();
  }

  private static List<GroupError> errors(
      WeightLevel level, QuantPlan plan, SortedMap<GroupJob.Variant, Sensitivity.Score> scores) {
    List<GroupError> errors = new ArrayList<>();
    long elements = 0;
    long bytes = 0;
    for (TensorPlan weight : of(level, plan)) {
      Sensitivity.Score score = scores.get(new GroupJob.Variant(level, weight.tensor()));
      long size = weight.shape().orElseThrow().size();
      long stored = bytes(size, weight);
      elements += size;
      bytes += stored;
      errors.add(
          new GroupError(
              Optional.of(weight.tensor()),
              level,
              weight.consumers(),
              size,
              size * Float.BYTES,
              stored,
              score.sqnrDb(),
              score.cosineMean()));
    }
    Sensitivity.Score together = scores.get(new GroupJob.Variant(level, ""));
    errors.add(
        0,
        new GroupError(
            Optional.empty(),
            level,
            List.of(),
            elements,
            elements * Float.BYTES,
            bytes,
            together.sqnrDb(),
            together.cosineMean()));
    return errors;
  }

  /** Values, scales and zero points. */
  private static long bytes(long elements, TensorPlan weight) {
    int bits = weight.type().dtype().bits();
    long scales = weight.channels().size();
    return (elements * bits + 7) / 8 + scales * SCALE_BYTES + (scales * bits + 7) / 8;
  }
}
