package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import java.io.IOException;

/**
 * What the subcommands do.
 *
 * <p>Each method returns how it ended; a failure that the user can mend is a {@link
 * dev.tare.jobs.TareException}, anything else is reported as a bug. Called at most once per run of
 * the command line, so an implementation starts what it needs (a Spark session) on the call and
 * stops it before it returns.
 */
public interface Stages {
  /** All four stages into one run folder. */
  ExitCode run(RunOptions options) throws IOException;

  ExitCode calibrate(CalibrateOptions options) throws IOException;

  ExitCode select(SelectOptions options) throws IOException;

  ExitCode quantize(QuantizeOptions options) throws IOException;

  ExitCode dequantize(DequantizeOptions options) throws IOException;

  ExitCode evaluate(EvaluateOptions options) throws IOException;

  ExitCode merge(MergeOptions options) throws IOException;

  ExitCode drift(DriftOptions options) throws IOException;

  /** Moves a name to a finished run whose gate passed. */
  ExitCode publish(PublishOptions options) throws IOException;

  /** Compares every file of a run with its manifest. */
  ExitCode verify(VerifyOptions options) throws IOException;

  /** Lists the runs below a folder. */
  ExitCode runs(RunsOptions options) throws IOException;

  /** Removes what abandoned runs left. */
  ExitCode gc(GcOptions options) throws IOException;

  ExitCode inspect(InspectOptions options) throws IOException;

  /** One page about a run. */
  ExitCode report(ReportOptions options) throws IOException;

  ExitCode demo(DemoOptions options) throws IOException;
}
