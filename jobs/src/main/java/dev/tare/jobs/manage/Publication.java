package dev.tare.jobs.manage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunName;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** {@code tare publish}; needs no Spark. */
public final class Publication {

  private final PrintStream out;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  public Publication(PrintStream out) {
    this.out = out;
  }

  /**
   * Points a name to a run.
   *
   * @param location run folder or another name
   * @param alias the name to move
   * @param gate an evaluation of that run, if the run has none of its own
   * @param ungated whether a run without a gate may be published
   * @param atomicity whether a file system that cannot publish in one step is accepted Cost: one
   *     reading of the run, whose every file is compared with its manifest.
   * @throws TareException (gate failed) if a gate of the run failed; (usage) if it has none; (bad
   *     input) if the run is not finished or damaged, or the evaluation is one of another run
   */
  public ExitCode run(
      String location, String alias, Optional<String> gate, boolean ungated, Atomicity atomicity)
      throws IOException {
    RunName name = RunName.at(alias, hadoop);
    FinishedRun run = Publishable.open(location, gate, ungated, hadoop, () -> stays(name)).run();
    RunName.Publication publication = name.publish(run, atomicity);
    out.printf(
        publication.added()
            ? "%s points to %s (entry %d)%n"
            : "%s points to %s already (entry %d)%n",
        name.path(),
        run.folder().path(),
        publication.number());
    return ExitCode.OK;
  }

  private static String stays(RunName name) throws IOException {
    return name.target()
        .map(target -> "%s still points to %s".formatted(name.path(), target.run()))
        .orElseGet(() -> "nothing was published as " + name.path());
  }
}
