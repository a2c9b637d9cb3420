package dev.tare.jobs.cli;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.catalog.CatalogTables;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.manage.Publication;
import dev.tare.jobs.manage.Publishable;
import dev.tare.jobs.registry.MlflowRegistry;
import dev.tare.jobs.registry.RegisteredName;
import dev.tare.jobs.report.ReportJob;
import dev.tare.jobs.run.Session;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
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
    customSynopsis = "tare publish RUN [--as NAME] [OPTIONS]",
    footer = {
      "  tare publish runs/first --as runs/current",
      "  tare inspect runs/current",
      "  tare publish runs/quantized --gate runs/quality --as runs/current",
      "  tare publish runs/first --as minilm@champion --mlflow http://mlflow:5000",
      "  tare publish runs/first --tables prod.quantization"
    })
public final class PublishCommand extends TareCommand {
  @Parameters(paramLabel = "RUN", description = "Finished run, or another name, path or URI.")
  private String run;

  @Option(
      names = "--as",
      paramLabel = "NAME",
      description =
          "Name to move, path or URI; it contains the pointer, not a copy. With --mlflow a registered"
              + " model and an alias, MODEL@ALIAS. Required without --tables.")
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

  @Option(
      names = "--mlflow",
      paramLabel = "URI",
      description =
          "Register the model at this MLflow server as a version of MODEL, with parameters, metrics,"
              + " report and plan; ALIAS (default: current) points to it if the gate passed.")
  private String mlflow;

  @Option(
      names = "--tables",
      paramLabel = "DATABASE",
      description =
          "Append statistics, plan and quality to tables of CATALOG.DATABASE (Iceberg or Delta),"
              + " also if the gate failed; a table that has the run already stays as it is.")
  private String tables;

  @Mixin private OutputFlags.IfNotAtomic atomicity;

  public PublishCommand(Console console) {
    super(console);
  }

  @Override
  protected ExitCode execute(Console console) throws IOException {
    if (name == null && (tables == null || mlflow != null)) {
      throw TareException.usage("Missing required option: '--as=NAME'");
    }
    if (name == null && (gate != null || ungated)) {
      throw TareException.usage(
          "%s decides about --as, which is missing: tables get runs whatever their gate says"
              .formatted(gate != null ? "--gate" : "--ungated"));
    }
    if (tables != null) {
      CatalogTables job = new CatalogTables(run, tables);
      Session.use("publish", Optional.of(run), console, job).forEach(console.out()::println);
    }
    if (mlflow != null) {
      register(console);
    } else if (name != null) {
      new Publication(console.out())
          .run(run, name, Optional.ofNullable(gate), ungated, atomicity.atomicity());
    }
    return ExitCode.OK;
  }

  private void register(Console console) throws IOException {
    Configuration hadoop = HadoopSettings.ofDriver();
    MlflowRegistry registry = new MlflowRegistry(mlflow, hadoop);
    RegisteredName registered = RegisteredName.parse(name);
    Publishable publishable =
        Publishable.open(
            run, Optional.ofNullable(gate), ungated, hadoop, () -> registry.unchanged(registered));
    Path folder = Files.createTempDirectory("tare-report");
    Path page = folder.resolve("report.html");
    try {
      // The page of an evaluation is also about the run that it evaluated.
      ReportJob report =
          new ReportJob(gate == null ? run : gate, Optional.empty(), page.toString());
      registry
          .register(
              publishable,
              registered,
              () -> Session.use("publish", Optional.of(run), console, report))
          .forEach(console.out()::println);
    } finally {
      Files.deleteIfExists(page);
      Files.delete(folder);
    }
  }
}
