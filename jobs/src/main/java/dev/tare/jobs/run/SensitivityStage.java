package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.MixedError;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.console.SensitivityLines;
import dev.tare.jobs.evaluate.GroupJob;
import dev.tare.jobs.evaluate.SureScore;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.Frontier;
import dev.tare.jobs.select.Quantizable;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.table.SensitivityTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * {@code tare sensitivity}: the measured error of quantizing each group alone, at every level that
 * the target allows, and of some models in which levels are mixed. Weights are rounded to nearest;
 * with GPTQ, which comes after, errors are smaller.
 */
public record SensitivityStage(SensitivityOptions options) implements Stage {

  /** Samples of the lowest hashes that are measured if the user names no number. */
  private static final int SAMPLES = 64;

  /** Samples of equal error, below which lower ends of confidence say little. */
  private static final double FEWEST = 10;

  /** Models along the frontier that are measured too. */
  private static final int MIXTURES = 8;

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
    LevelledPlans maker = LevelledPlans.of(inputs, model, recipe, options.statistics());
    SortedMap<WeightLevel, QuantPlan> plans = plans(maker);
    SortedMap<String, QuantPlan> named = new TreeMap<>();
    List<GroupJob.Variant> variants = new ArrayList<>();
    plans.forEach(
        (level, plan) -> {
          named.put(level.word(), plan);
          variants.add(new GroupJob.Variant(level.word(), ""));
          of(level, plan)
              .forEach(weight -> variants.add(new GroupJob.Variant(level.word(), weight.tensor())));
        });
    GroupJob job = new GroupJob(inputs.spark());
    List<byte[]> samples =
        GroupJob.samples(
            data.select(Rows.ALL, OptionalInt.of(options.data().samples().orElse(SAMPLES))));
    GroupJob.Measured measured = job.run(model, named, variants, samples);
    List<GroupError> errors = new ArrayList<>();
    SortedSet<String> weights = LevelledRecipe.weights(model, recipe);
    plans.forEach((level, plan) -> errors.addAll(errors(level, plan, weights, measured.scores())));
    return new SensitivityTable.Measured(
        model.sha256(),
        recipe.name(),
        recipe.targetName(),
        measured.samples(),
        measured.output(),
        measured.pooled(),
        errors,
        mixed(maker, job, samples, Frontier.mixtures(errors, MIXTURES)));
  }

  /** The error of models along the frontier, which says how far groups interact. */
  private static List<MixedError> mixed(
      LevelledPlans maker, GroupJob job, List<byte[]> samples, List<Frontier.Mixture> mixtures)
      throws IOException {
    SortedMap<String, QuantPlan> plans = new TreeMap<>();
    SortedMap<String, Long> bytes = new TreeMap<>();
    for (Frontier.Mixture mixture : mixtures) {
      // A target may refuse together what it allows alone.
      Optional<QuantPlan> plan = maker.of(mixture.levels());
      if (plan.isPresent()) {
        String name = Long.toString(mixture.bytes());
        plans.put(name, plan.get());
        bytes.put(name, mixture.bytes());
      }
    }
    if (plans.isEmpty()) {
      return List.of();
    }
    List<GroupJob.Variant> whole =
        plans.keySet().stream().map(name -> new GroupJob.Variant(name, "")).toList();
    List<MixedError> mixed = new ArrayList<>();
    SortedMap<GroupJob.Variant, SureScore> scores =
        job.run(maker.model(), plans, whole, samples).scores();
    double effective =
        scores.values().stream().mapToDouble(SureScore::effective).min().orElseThrow();
    if (effective < FEWEST) {
      maker
          .inputs()
          .warn(
              String.format(
                  Locale.ROOT,
                  "A few samples have most of the error: they tell as much as %.1f of equal error,"
                      + " and others may have more than select --budget predicts; measure on more"
                      + " samples",
                  effective));
    }
    scores.forEach(
        (variant, score) ->
            mixed.add(
                new MixedError(
                    bytes.get(variant.plan()),
                    score.sqnrDb(),
                    score.cosineMean(),
                    score.sqnrDbLow(),
                    score.cosineLow())));
    mixed.sort(Comparator.comparingLong(MixedError::bytes).reversed());
    return mixed;
  }

  /** A plan of the whole model for each level that anything can have. */
  private static SortedMap<WeightLevel, QuantPlan> plans(LevelledPlans maker) throws IOException {
    SortedSet<String> weights = LevelledRecipe.weights(maker.model(), maker.recipe());
    if (weights.isEmpty()) {
      Quantizable.requireCandidates(maker.model(), maker.recipe());
    }
    SortedMap<WeightLevel, QuantPlan> plans = new TreeMap<>();
    for (WeightLevel level : WeightLevel.QUANTIZED) {
      SortedMap<String, WeightLevel> all = new TreeMap<>();
      weights.forEach(weight -> all.put(weight, level));
      Optional<QuantPlan> plan = maker.of(all).filter(made -> !of(level, made).isEmpty());
      plan.ifPresent(made -> plans.put(level, made));
    }
    return plans;
  }

  /** The weights that really have a level: rules of the recipe may give some another one. */
  private static List<TensorPlan> of(WeightLevel level, QuantPlan plan) {
    return plan.quantized(Role.WEIGHT).stream()
        .filter(weight -> weight.type().dtype().bits() == level.bits())
        .toList();
  }

  private static List<GroupError> errors(
      WeightLevel level,
      QuantPlan plan,
      SortedSet<String> weights,
      SortedMap<GroupJob.Variant, SureScore> scores) {
    List<GroupError> errors = new ArrayList<>();
    long elements = 0;
    long bytes = 0;
    for (TensorPlan weight : of(level, plan)) {
      SureScore score = scores.get(new GroupJob.Variant(level.word(), weight.tensor()));
      long size = weight.shape().orElseThrow().size();
      long stored = bytes(size, weight);
      elements += size;
      bytes += stored;
      errors.add(
          new GroupError(
              Optional.of(LevelledRecipe.original(weights, weight.tensor())),
              level,
              weight.consumers(),
              size,
              size * Float.BYTES,
              stored,
              score.sqnrDb(),
              score.cosineMean()));
    }
    SureScore together = scores.get(new GroupJob.Variant(level.word(), ""));
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
