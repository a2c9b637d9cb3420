package dev.tare.jobs.run;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.Build;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Fingerprint;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.console.Progress;
import dev.tare.jobs.console.QualityTable;
import dev.tare.jobs.console.Verdict;
import dev.tare.jobs.lineage.LineageEvents;
import dev.tare.jobs.lineage.LineageJob;
import dev.tare.jobs.metrics.RunMetrics;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.Stages;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * Produces a run from any stages: checks early, reuses a finished run, lets the stages write,
 * checks that the inputs have not changed, and publishes.
 */
public final class RunLoop {

  private final Console console;
  private final LineageEvents lineage;

  /**
   * @param console receives results and progress
   */
  public RunLoop(Console console) {
    this(console, LineageEvents.ofEnvironment(console::line));
  }

  /**
   * @param lineage is told of every run that begins, and of how it ends
   */
  public RunLoop(Console console, LineageEvents lineage) {
    this.console = console;
    this.lineage = lineage;
  }

  /**
   * Produces a run in a new Spark session and prints its location.
   *
   * @return ok, or gate failed
   * @throws dev.tare.jobs.TareException (usage) if the output cannot be written; (already finished)
   *     if it contains another finished run; and what the stages throw
   */
  public ExitCode produce(OutputOptions output, Stages stages) throws IOException {
    OutputPlace.requireApart(output.output(), stages.places().data());
    EarlyLook early = new EarlyLook(output);
    early.at(stages.places());
    try {
      return inNewSession(output, stages);
    } catch (TareException e) {
      if (e.exitCode() == ExitCode.PLATFORM) {
        early.record(e);
      }
      throw e;
    }
  }

  private ExitCode inNewSession(OutputOptions output, Stages stages) throws IOException {
    String run = output.runId().orElse(output.output());
    return Session.use(
        stages.name(),
        Optional.of(run),
        console,
        spark -> {
          Outcome outcome = produce(spark, output, stages);
          if (outcome.made().isPresent()) {
            show(outcome.made().get());
          }
          return outcome.exitCode();
        });
  }

  /** Produces a run in an existing session; prints no result. */
  public Outcome produce(SparkSession spark, OutputOptions output, Stages stages)
      throws IOException {
    try (Inputs inputs = new Inputs(spark, console::line)) {
      return produce(inputs, output, stages);
    }
  }

  /** Produces a run from inputs that stay open for the caller; prints no result. */
  public Outcome produce(Inputs inputs, OutputOptions output, Stages stages) throws IOException {
    RunFolder folder = RunFolder.at(output.output(), output.runId(), inputs.hadoop());
    Atomicity atomicity = output.atomicity();
    folder.requireWritable(atomicity);
    Optional<ExitCode> reused =
        folder.reusable(output.ifFinished(), () -> fingerprint(stages, inputs));
    if (reused.isPresent()) {
      console.out().println("Reused the finished run " + folder.path());
      return new Outcome(reused.get(), folder, Optional.empty());
    }
    Committers.require(inputs.spark(), folder, atomicity);
    FinishedRun run = told(folder, atomicity, stages, inputs);
    ExitCode exitCode = run.manifest().gateFailed() ? ExitCode.GATE_FAILED : ExitCode.OK;
    return new Outcome(exitCode, folder, Optional.of(run));
  }

  /** Produces a run that OpenLineage is told of. */
  private FinishedRun told(RunFolder folder, Atomicity atomicity, Stages stages, Inputs inputs)
      throws IOException {
    SparkSession spark = inputs.spark();
    LineageJob job = lineage.start(stages.name(), folder.uri(), spark.version());
    FinishedRun run;
    try {
      run =
          folder.produce(atomicity, attempt -> Explained.run(() -> write(attempt, stages, inputs)));
    } catch (Throwable e) {
      // All exceptions: Spark throws checked ones that no signature declares.
      job.failed(e);
      throw e;
    }
    job.finished(run, new SessionTables(spark));
    return run;
  }

  private Manifest write(RunAttempt attempt, Stages stages, Inputs inputs) throws IOException {
    List<Stage> inOrder = stages.inOrder(inputs);
    Progress progress = new Progress(console.progress(), inOrder.size());
    Work work = stages.prepare(Work.begin(attempt, inputs, progress));
    RunMetrics metrics = RunMetrics.registered();
    for (Stage stage : inOrder) {
      long start = System.nanoTime();
      work = stage.run(work);
      metrics.took(stage.name(), (System.nanoTime() - start) / 1e9);
    }
    work.plan().ifPresent(plan -> metrics.clipped(clippedShare(plan)));
    inputs.requireUnchanged();
    return Manifest.draft(
        attempt.folder().runId(),
        names(inOrder),
        stages.inputs(inputs),
        stages.configuration(),
        work.facts().with(inputs.warnings()));
  }

  private static double clippedShare(QuantPlan plan) {
    return plan.quantized(Role.ACTIVATION).stream()
        // Inputs whose scale is found at run time have none in the plan.
        .filter(tensor -> !tensor.channels().isEmpty())
        .mapToDouble(tensor -> tensor.channels().clippedShare(0))
        .filter(share -> !Double.isNaN(share))
        .average()
        .orElse(Double.NaN);
  }

  private static Fingerprint fingerprint(Stages stages, Inputs inputs) {
    try {
      return Fingerprint.of(
          Build.current().version(),
          names(stages.inOrder(inputs)),
          stages.inputs(inputs),
          stages.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(List<Stage> stages) {
    return stages.stream().map(Stage::name).toList();
  }

  private void show(FinishedRun run) throws IOException {
    Optional<Quality> quality = Optional.empty();
    if (run.has(Part.QUALITY)) {
      console.progress().println();
      quality = Optional.of(run.quality());
      QualityTable.print(quality.get(), console.out());
    }
    console.out().println(run.folder().path());
    Ending.of(run, quality).forEach(console.progress()::println);
    Optional<PlacementTrials> trials =
        run.has(Part.PLACEMENTS) ? Optional.of(run.placements()) : Optional.empty();
    Optional<SelectionFacts> selection = run.facts().selection();
    Verdict.of(quality, trials, selection).ifPresent(console.progress()::println);
    Verdict.ofGate(quality, selection).ifPresent(console.progress()::println);
  }
}
