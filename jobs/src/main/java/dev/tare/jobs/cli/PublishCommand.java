package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Publication;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tare publish}. */
@Command(
    name = "publish",
    description =
        "Point a name to a finished run whose quality gate passed; whoever reads the name gets the"
            + " run.",
    customSynopsis = "tare publish RUN --as NAME [OPTIONS]",
    footer = {
      "  tare publish runs/first --as runs/current",
      "  tare inspect runs/current",
      "  tare publish runs/quantized --gate runs/quality --as runs/current"
    })
public final class PublishCommand extends TareCommand {
  @Parameters(paramLabel = "RUN", description = "Finished run, or another name, path or URI.")
  private String run;

  @Option(
      names = "--as",
      required = true,
      paramLabel = "NAME",
      description = "Name to move, path or URI; it contains the pointer, not a copy.")
  private String name;

  @Option(
      names = "--gate",
      paramLabel = "EVALUATION",
      description =
          "Run of 'tare evaluate' whose gate decides, for a run without its own evaluation.")
  private String gate;

  @Option(
      names = "--ungated",
      description =
          "Publish a run without a gate; a run whose gate failed is still refused (default: ${DEFAULT-VALUE}).")
  private boolean ungated;

  @Mixin private OutputFlags.IfNotAtomic atomicity;

  public PublishCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    return new Publication(console.out())
        .run(run, name, Optional.ofNullable(gate), ungated, atomicity.atomicity());
  }
}
