package dev.tare.jobs.run;

import dev.tare.jobs.Build;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Fingerprint;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.CalibrateOptions;
import dev.tare.jobs.cli.DemoOptions;
import dev.tare.jobs.cli.DequantizeOptions;
import dev.tare.jobs.cli.DriftOptions;
import dev.tare.jobs.cli.EvaluateOptions;
import dev.tare.jobs.cli.GcOptions;
import dev.tare.jobs.cli.InspectOptions;
import dev.tare.jobs.cli.MergeOptions;
import dev.tare.jobs.cli.OutputOptions;
import dev.tare.jobs.cli.PublishOptions;
import dev.tare.jobs.cli.QuantizeOptions;
import dev.tare.jobs.cli.ReportOptions;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.cli.RunsOptions;
import dev.tare.jobs.cli.SelectOptions;
import dev.tare.jobs.cli.StageOptions;
import dev.tare.jobs.cli.Stages;
import dev.tare.jobs.cli.VerifyOptions;
import dev.tare.jobs.report.ReportJob;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The subcommands on Spark. */
public final class SparkStages implements Stages {

  private final PrintStream out;
  private final PrintStream progress;

  /**
   * @param out where results go
   * @param progress where progress goes
   */
  public SparkStages(PrintStream out, PrintStream progress) {
    this.out = out;
    this.progress = progress;
  }

  @Override
  public ExitCode run(RunOptions options) throws IOException {
    List<String> read = new ArrayList<>(List.of(options.data().data()));
    options.evalData().ifPresent(read::add);
    OutputPlace.requireApart(options.output().output(), read);
    new EarlyLook(options.output())
        .at(options.model(), Optional.of(options.data()), Optional.of(options.recipe()));
    try (Session session = open("run", options.output())) {
      RunStage.Outcome outcome =
          Explained.run(
              () -> new RunStage(session.spark(), out, new Progress(progress, 4)).run(options));
      if (outcome.details().isPresent()) {
        progress.println();
        QualityTable.print(outcome.details().get().quality(), out);
        out.println(outcome.folder().path());
      }
      return outcome.exitCode();
    }
  }

  @Override
  public ExitCode calibrate(CalibrateOptions options) throws IOException {
    OutputPlace.requireApart(options.output().output(), List.of(options.data().data()));
    new EarlyLook(options.output())
        .at(options.model(), Optional.of(options.data()), Optional.empty());
    return single(options, "calibrate", held -> new CalibrateStage(held, options, oneStage()));
  }

  @Override
  public ExitCode select(SelectOptions options) throws IOException {
    new EarlyLook(options.output())
        .at(options.model(), Optional.empty(), Optional.of(options.recipe()));
    return single(options, "select", held -> new SelectStage(held, options, oneStage()));
  }

  @Override
  public ExitCode quantize(QuantizeOptions options) throws IOException {
    new EarlyLook(options.output()).at(options.model(), Optional.empty(), Optional.empty());
    return single(options, "quantize", held -> new QuantizeStage(held, options, oneStage()));
  }

  @Override
  public ExitCode dequantize(DequantizeOptions options) throws IOException {
    return single(options, "dequantize", held -> new DequantizeStage(held, options, oneStage()));
  }

  @Override
  public ExitCode evaluate(EvaluateOptions options) throws IOException {
    OutputPlace.requireApart(options.output().output(), List.of(options.data().data()));
    new EarlyLook(options.output())
        .at(options.model(), Optional.of(options.data()), Optional.empty());
    return single(options, "evaluate", held -> new EvaluateStage(held, options, oneStage(), out));
  }

  @Override
  public ExitCode merge(MergeOptions options) throws IOException {
    return single(options, "merge", held -> new MergeStage(held, options, oneStage()));
  }

  @Override
  public ExitCode drift(DriftOptions options) throws IOException {
    try (Session session = Session.open("drift", Optional.of(options.current()), progress)) {
      return Explained.run(() -> new DriftCheck(session.spark(), out, oneStage()).run(options));
    }
  }

  @Override
  public ExitCode publish(PublishOptions options) throws IOException {
    return new Publication(out).run(options);
  }

  @Override
  public ExitCode verify(VerifyOptions options) throws IOException {
    return new Housekeeping(out).verify(options);
  }

  @Override
  public ExitCode runs(RunsOptions options) throws IOException {
    return new Housekeeping(out).runs(options);
  }

  @Override
  public ExitCode gc(GcOptions options) throws IOException {
    return new Housekeeping(out).gc(options);
  }

  @Override
  public ExitCode inspect(InspectOptions options) throws IOException {
    new Inspection(out).run(options.target());
    return ExitCode.OK;
  }

  @Override
  public ExitCode report(ReportOptions options) throws IOException {
    try (Session session = Session.open("report", Optional.of(options.run()), progress)) {
      out.println(
          Explained.run(
              () ->
                  new ReportJob(session.spark())
                      .run(options.run(), options.compare(), options.out())));
      return ExitCode.OK;
    }
  }

  @Override
  public ExitCode demo(DemoOptions options) throws IOException {
    try (Session session = Session.open("demo", options.output(), progress)) {
      return Explained.run(
          () ->
              options.vision()
                  ? new VisionDemo(session.spark(), out, progress).run(options)
                  : new Demo(session.spark(), out, progress).run(options));
    }
  }

  private Progress oneStage() {
    return new Progress(progress, 1);
  }

  private Session open(String subcommand, OutputOptions output) {
    return Session.open(subcommand, Optional.of(output.runId().orElse(output.output())), progress);
  }

  private ExitCode single(
      StageOptions options, String subcommand, Function<HeldInputs, SingleStage> stages)
      throws IOException {
    try (Session session = open(subcommand, options.output());
        HeldInputs held = new HeldInputs(session.spark(), progress::println)) {
      return Explained.run(() -> produce(session, held, stages.apply(held)));
    }
  }

  private ExitCode produce(Session session, HeldInputs held, SingleStage stage) throws IOException {
    RunFolder folder =
        RunFolder.at(
            stage.options().output().output(),
            stage.options().output().runId(),
            SparkJobs.hadoop(session.spark()));
    folder.requireWritable(stage.options().output().atomicity());
    Optional<ExitCode> reused =
        folder.reusable(stage.options().output().ifFinished(), () -> fingerprint(stage));
    if (reused.isPresent()) {
      out.println("Reused the finished run " + folder.path());
      return reused.get();
    }
    Atomicity atomicity = stage.options().output().atomicity();
    Committers.require(session.spark(), folder, atomicity);
    FinishedRun run =
        folder.produce(
            atomicity,
            attempt ->
                Explained.run(
                    () -> {
                      RunFacts facts = stage.write(attempt);
                      held.requireUnchanged();
                      return Manifest.draft(
                          folder.runId(),
                          List.of(stage.name()),
                          stage.inputs(),
                          stage.options().configuration(),
                          facts.with(held.warnings()));
                    }));
    out.println(run.folder().path());
    return Pipeline.exitCode(run);
  }

  private static Fingerprint fingerprint(SingleStage stage) {
    try {
      return Fingerprint.of(
          Build.current().version(),
          List.of(stage.name()),
          stage.inputs(),
          stage.options().configuration());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
