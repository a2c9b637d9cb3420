package dev.tare.jobs;

import dev.tare.jobs.cli.CalibrateOptions;
import dev.tare.jobs.cli.DemoOptions;
import dev.tare.jobs.cli.EvaluateOptions;
import dev.tare.jobs.cli.InspectOptions;
import dev.tare.jobs.cli.MergeOptions;
import dev.tare.jobs.cli.QuantizeOptions;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.cli.SelectOptions;
import dev.tare.jobs.cli.Stages;

/** Holds the place of the stages. */
final class UnbuiltStages implements Stages {
  private static ExitCode unbuilt(String stage) {
    throw new TareException(ExitCode.INTERNAL, "Stage '%s' is not built yet".formatted(stage));
  }

  @Override
  public ExitCode run(RunOptions options) {
    return unbuilt("run");
  }

  @Override
  public ExitCode calibrate(CalibrateOptions options) {
    return unbuilt("calibrate");
  }

  @Override
  public ExitCode select(SelectOptions options) {
    return unbuilt("select");
  }

  @Override
  public ExitCode quantize(QuantizeOptions options) {
    return unbuilt("quantize");
  }

  @Override
  public ExitCode evaluate(EvaluateOptions options) {
    return unbuilt("evaluate");
  }

  @Override
  public ExitCode merge(MergeOptions options) {
    return unbuilt("merge");
  }

  @Override
  public ExitCode inspect(InspectOptions options) {
    return unbuilt("inspect");
  }

  @Override
  public ExitCode demo(DemoOptions options) {
    return unbuilt("demo");
  }
}
