package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.drift.DriftCheck;
import dev.tare.jobs.drift.DriftLimits;
import dev.tare.jobs.drift.DriftOptions;
import dev.tare.jobs.run.Session;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tare drift}. */
@Command(
    name = "drift",
    description =
        "Compare the statistics of new data with those that a model was calibrated on: exit code 4"
            + " when a tensor exceeds a limit.",
    customSynopsis = "tare drift --baseline RUN --current RUN2 [OPTIONS]",
    footer = {
      "  tare drift --baseline runs/published --current runs/today",
      "",
      "Here runs/today was made by tare calibrate from the day's data."
    })
public final class DriftCommand extends TareCommand {
  @Option(
      names = "--baseline",
      required = true,
      paramLabel = "RUN",
      description = "Finished run with the statistics of the calibration, or a run made from them.")
  private String baseline;

  @Option(
      names = "--current",
      required = true,
      paramLabel = "RUN",
      description = "Finished run with the statistics of new data.")
  private String current;

  @Option(
      names = "--plan",
      paramLabel = "RUN",
      description =
          "Finished run with the plan whose scales are deployed (default: the baseline's, if it has one).")
  private String plan;

  @Option(
      names = "--max-psi",
      defaultValue = "0.2",
      paramLabel = "X",
      converter = Converters.Limit.class,
      description =
          "Maximum population stability index over the baseline's deciles (default:"
              + " ${DEFAULT-VALUE}).")
  private double maxPsi;

  @Option(
      names = "--max-js",
      defaultValue = "0.2",
      paramLabel = "X",
      converter = Converters.Limit.class,
      description = "Maximum Jensen-Shannon distance, 0 to 1 (default: ${DEFAULT-VALUE}).")
  private double maxJensenShannon;

  @Option(
      names = "--max-ks",
      defaultValue = "0.1",
      paramLabel = "X",
      converter = Converters.Limit.class,
      description = "Maximum Kolmogorov-Smirnov distance, 0 to 1 (default: ${DEFAULT-VALUE}).")
  private double maxKolmogorovSmirnov;

  @Option(
      names = "--max-clip-increase",
      defaultValue = "0.001",
      paramLabel = "X",
      converter = Converters.Limit.class,
      description =
          "Maximum increase of the share of values that the deployed scales clip (default: ${DEFAULT-VALUE}).")
  private double maxClipIncrease;

  @Option(
      names = "--max-non-finite",
      defaultValue = "0.0",
      paramLabel = "X",
      converter = Converters.Limit.class,
      description =
          "Maximum increase of the share of values that are NaN or infinite (default:"
              + " ${DEFAULT-VALUE}).")
  private double maxNonFinite;

  @Option(
      names = "--rows",
      defaultValue = "20",
      paramLabel = "N",
      converter = Converters.Million.class,
      description = "Rows of the table, tensors that moved most first (default: ${DEFAULT-VALUE}).")
  private int rows;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the figures of all tensors to this file, path or URI.")
  private String json;

  public DriftCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return Session.use("drift", Optional.of(current), console, new DriftCheck(options(), console));
  }

  DriftOptions options() {
    return new DriftOptions(
        baseline,
        current,
        Optional.ofNullable(plan),
        new DriftLimits(
            maxPsi, maxJensenShannon, maxKolmogorovSmirnov, maxClipIncrease, maxNonFinite),
        rows,
        Optional.ofNullable(json));
  }
}
