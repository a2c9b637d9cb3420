package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * {@code tare quantize --recipe}: the weights of a checkpoint as integers, without a graph and
 * without data. Not thread-safe; confined to the driver.
 */
public final class CheckpointStage implements Stage {

  /** What loads the result; the word in its own configuration. */
  static final String TARGET = "compressed-tensors";

  private final CheckpointOptions options;
  private final long mostShardBytes;
  private Optional<CheckpointFolder> source = Optional.empty();

  public CheckpointStage(CheckpointOptions options) {
    this(options, CheckpointPlan.MOST_SHARD_BYTES);
  }

  /** A stage whose files end after so many bytes. */
  CheckpointStage(CheckpointOptions options, long mostShardBytes) {
    this.options = options;
    this.mostShardBytes = mostShardBytes;
  }

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  /** The folder is data: it must exist, and the run must not be written into it. */
  @Override
  public Places places() {
    return new Places(
        List.of(),
        List.of(),
        Stream.concat(Stream.of(options.model()), options.importance().stream()).toList(),
        Optional.empty());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    CheckpointFolder folder = source(inputs.hadoop());
    List<InputRef> all = new ArrayList<>();
    folder.shards().values().forEach(file -> all.add(file.asInput("checkpoint")));
    all.add(folder.configInput());
    all.addAll(folder.others());
    CheckpointRecipes.open(options.recipe(), inputs.hadoop())
        .asInput(inputs.hadoop())
        .ifPresent(all::add);
    for (String file : options.importance()) {
      all.add(Locations.input("importance", file, inputs.hadoop()));
    }
    return all;
  }

  private CheckpointFolder source(Configuration hadoop) throws IOException {
    if (source.isEmpty()) {
      source = Optional.of(CheckpointFolder.open(options.model(), hadoop));
    }
    return source.get();
  }

  @Override
  public Work run(Work work) throws IOException {
    Inputs inputs = work.inputs();
    CheckpointFolder folder = source(inputs.hadoop());
    CheckpointRecipeText recipe = CheckpointRecipes.open(options.recipe(), inputs.hadoop());
    CheckpointPlan plan = CheckpointJob.plan(folder, recipe, mostShardBytes);
    if (!folder.left().isEmpty()) {
      work.progress().line("Not carried over: " + String.join(", ", folder.left()));
    }
    new PlanNotes(plan, mostShardBytes).tell(work);
    SortedMap<String, float[]> importance =
        ImportanceFiles.read(options.importance(), plan, inputs);
    Path target = new Path(work.attempt().path(Part.MODEL).getParent(), Part.MODEL_STEM);
    CheckpointJob.Result result =
        work.progress()
            .stage(
                name(),
                "%s of %s".formatted(counted(plan), Amounts.size(folder.bytes())),
                () ->
                    new CheckpointJob(inputs.spark())
                        .run(
                            folder,
                            recipe,
                            plan,
                            importance,
                            target,
                            work.attempt().finishedModels(),
                            name -> work.attempt().createModel(Part.MODEL_STEM + "/" + name)),
                CheckpointStage::summary);
    result
        .files()
        .forEach((name, digest) -> work.attempt().wrote(Part.MODEL_STEM + "/" + name, digest));
    return work.with(
        work.facts()
            .with(
                new QuantizationFacts(
                    TARGET, result.weights().size(), result.weightBytes(), folder.bytes())));
  }

  private static String counted(CheckpointPlan plan) {
    return Amounts.counted(plan.modules().size(), "weight");
  }

  private static String summary(CheckpointJob.Result result) {
    CheckpointJob.Weight worst = result.weights().get(0);
    return String.format(
        Locale.ROOT,
        "%s, %s in %s%s; least exact %s, %.1f dB",
        Amounts.counted(result.weights().size(), "weight"),
        Amounts.size(result.bytes()),
        Amounts.counted(result.files().size(), "file"),
        result.taken() == 0 ? "" : ", %d of them from an attempt before".formatted(result.taken()),
        worst.tensor(),
        worst.sqnrDb());
  }
}
