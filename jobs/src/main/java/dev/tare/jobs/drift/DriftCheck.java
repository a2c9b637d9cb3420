package dev.tare.jobs.drift;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.table.PlanStore;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** {@code tare drift}: prints a table, writes a JSON file, and returns the exit code. */
public final class DriftCheck implements SparkWork<ExitCode> {

  private final DriftOptions options;
  private final Console console;

  public DriftCheck(DriftOptions options, Console console) {
    this.options = options;
    this.console = console;
  }

  /**
   * Compares the statistics of a run with those that the published scales were computed from.
   *
   * @return ok, or gate failed if a tensor exceeds a limit
   * @throws TareException (bad input) if the runs are of different models, have no tensor in
   *     common, or the current one lacks a tensor with a published scale
   */
  @Override
  public ExitCode run(SparkSession spark) throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    OpenedRuns opened = new OpenedRuns(hadoop);
    Lineage published = Lineage.of(options.baseline(), opened);
    FinishedRun baseline = statistics(published);
    FinishedRun current = statistics(Lineage.of(options.current(), opened));
    requireOneModel(baseline, current);
    Optional<QuantPlan> plan =
        plan(
            spark,
            options.plan().isPresent() ? Lineage.of(options.plan().get(), opened) : published,
            baseline);
    DriftResult result =
        new Progress(console.progress(), 1)
            .stage(
                "drift",
                "%d samples then, %d now".formatted(samples(baseline), samples(current)),
                () ->
                    new DriftJob(spark)
                        .run(
                            StatisticsCheck.verified(spark, baseline),
                            StatisticsCheck.verified(spark, current),
                            plan)
                        .with(new KindDriftJob(spark).run(baseline, current)),
                compared -> compared.tensors().size() + " tensors compared");
    requireCovered(result, plan, current);
    List<TensorDrift> moved =
        result.tensors().stream().filter(t -> !options.limits().exceeded(t).isEmpty()).toList();
    DriftTable.print(result, options.limits(), options.rows(), console.out());
    if (options.json().isPresent()) {
      write(
          options.json().get(),
          DriftJson.format(
              result,
              options.limits(),
              baseline.folder().path().toString(),
              current.folder().path().toString()),
          hadoop);
    }
    console
        .out()
        .printf(
            Locale.ROOT,
            "drift: %s%n",
            moved.isEmpty()
                ? "none; all %d tensors are within the limits".formatted(result.tensors().size())
                : "%d of %d tensors exceed a limit"
                    .formatted(moved.size(), result.tensors().size()));
    return moved.isEmpty() ? ExitCode.OK : ExitCode.GATE_FAILED;
  }

  private static void requireOneModel(FinishedRun baseline, FinishedRun current) {
    String before = baseline.calibration().modelSha256();
    String after = current.calibration().modelSha256();
    if (!before.equals(after)) {
      throw TareException.badInput(
          "Cannot compare statistics of different models: sha256 %s in %s vs %s in %s"
              .formatted(before, baseline.folder().path(), after, current.folder().path()));
    }
  }

  /** A published quantized run names the statistics that its scales were computed from. */
  private static FinishedRun statistics(Lineage lineage) {
    FinishedRun nearest = lineage.runs().get(0);
    FinishedRun run = lineage.holding(Part.STATISTICS).orElse(nearest);
    run.calibration();
    return run;
  }

  private static Optional<QuantPlan> plan(SparkSession spark, Lineage lineage, FinishedRun baseline)
      throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.PLAN_JSON);
    if (run.isEmpty()) {
      return Optional.empty();
    }
    QuantPlan plan = PlanStore.read(spark, run.get());
    String model = baseline.calibration().modelSha256();
    if (!plan.modelSha256().equals(model)) {
      throw TareException.badInput(
          "The plan in %s is for another model: sha256 %s, but the baseline's has %s"
              .formatted(run.get().folder().path(), plan.modelSha256(), model));
    }
    return Optional.of(plan);
  }

  /** A scale that was not compared must not look like one that still fits. */
  private static void requireCovered(
      DriftResult result, Optional<QuantPlan> plan, FinishedRun current) {
    if (result.tensors().isEmpty()) {
      throw TareException.badInput("The runs have no tensor in common; observe the same ones");
    }
    for (SmoothedInput input : plan.map(QuantPlan::smoothed).orElse(List.of())) {
      if (result.oneSided().containsKey(input.result())
          && !result.oneSided().containsKey(input.tensor())) {
        throw TareException.badInput(
            "Tensor '%s' has a published scale, but %s has no histograms of the channels of '%s', which it is made from; calibrate with --channels histogram"
                .formatted(
                    input.result(),
                    result.oneSided().get(input.result()).equals("baseline")
                        ? "run " + current.folder().path()
                        : "the baseline",
                    input.tensor()));
      }
    }
    for (String tensor : result.oneSided().keySet()) {
      if (plan.isPresent()
          && plan.get().tensors().stream()
              .anyMatch(t -> t.tensor().equals(tensor) && t.quantized())) {
        throw TareException.badInput(
            "Tensor '%s' has a published scale but is only in the %s statistics; calibrate %s with the same --observe"
                .formatted(tensor, result.oneSided().get(tensor), current.folder().path()));
      }
    }
  }

  private static long samples(FinishedRun run) {
    return run.calibration().samples();
  }

  private static void write(String location, String text, Configuration hadoop) throws IOException {
    Path path = Locations.qualified(location, hadoop);
    try (OutputStream stream = path.getFileSystem(hadoop).create(path, true)) {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException | UnsupportedOperationException e) {
      throw Locations.cannotWrite("the comparison", path, e);
    }
  }
}
