package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.util.ArrayList;
import java.util.List;

/** Keeps the options that it is called with. */
final class RecordingStages implements Stages {
  final List<Object> calls = new ArrayList<>();
  private RuntimeException failure;
  private ExitCode result = ExitCode.OK;

  RecordingStages failing(RuntimeException with) {
    failure = with;
    return this;
  }

  RecordingStages returning(ExitCode code) {
    result = code;
    return this;
  }

  private ExitCode record(Object options) {
    calls.add(options);
    if (failure != null) {
      throw failure;
    }
    return result;
  }

  @Override
  public ExitCode run(RunOptions options) {
    return record(options);
  }

  @Override
  public ExitCode calibrate(CalibrateOptions options) {
    return record(options);
  }

  @Override
  public ExitCode select(SelectOptions options) {
    return record(options);
  }

  @Override
  public ExitCode quantize(QuantizeOptions options) {
    return record(options);
  }

  @Override
  public ExitCode dequantize(DequantizeOptions options) {
    return record(options);
  }

  @Override
  public ExitCode evaluate(EvaluateOptions options) {
    return record(options);
  }

  @Override
  public ExitCode merge(MergeOptions options) {
    return record(options);
  }

  @Override
  public ExitCode drift(DriftOptions options) {
    return record(options);
  }

  @Override
  public ExitCode publish(PublishOptions options) {
    return record(options);
  }

  @Override
  public ExitCode verify(VerifyOptions options) {
    return record(options);
  }

  @Override
  public ExitCode runs(RunsOptions options) {
    return record(options);
  }

  @Override
  public ExitCode gc(GcOptions options) {
    return record(options);
  }

  @Override
  public ExitCode inspect(InspectOptions options) {
    return record(options);
  }

  @Override
  public ExitCode report(ReportOptions options) {
    return record(options);
  }

  @Override
  public ExitCode demo(DemoOptions options) {
    return record(options);
  }
}
