package dev.tare.jobs.manage;

import dev.tare.engine.export.PlanExport;
import dev.tare.engine.plan.PlanDocument;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.LooseFile;
import dev.tare.jobs.storage.OpenedRuns;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/** {@code tare export}; needs no Spark. */
public final class Export {

  private final PrintStream out;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  public Export(PrintStream out) {
    this.out = out;
  }

  /**
   * Writes a file for another tool from the plan of a run, or of the run that it was made from, and
   * prints its path.
   *
   * @param file the file to write; empty for its usual name in the working folder
   * @throws TareException (bad input) if there is no plan, or it is not one for this format;
   *     (usage) if the file cannot be written, or would go into a run's folder
   */
  public ExitCode run(String location, PlanExport format, Optional<String> file)
      throws IOException {
    LooseFile written = LooseFile.at("export", file.orElse(format.fileName()), hadoop);
    Lineage lineage = Lineage.of(location, new OpenedRuns(hadoop));
    FinishedRun run =
        lineage.require(Part.PLAN_JSON, "There is no plan to export in run " + location);
    String text = text(lineage, run, format);
    written.write(writer -> writer.write(text));
    out.println(written.path());
    return ExitCode.OK;
  }

  private static String text(Lineage lineage, FinishedRun run, PlanExport format)
      throws IOException {
    OptionalLong samples =
        lineage
            .holding(Part.STATISTICS)
            .map(statistics -> OptionalLong.of(statistics.calibration().samples()))
            .orElse(OptionalLong.empty());
    try {
      PlanDocument plan = QuantPlanJson.document(run.verifiedText(Part.PLAN_JSON));
      return format.text(plan, samples);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot export the plan of run %s: %s".formatted(run.folder().path(), e.getMessage()), e);
    }
  }
}
