package dev.tare.jobs.manage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunName;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
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
    FinishedRun run = RunFolder.open(location, hadoop);
    List<FinishedRun> gates = new ArrayList<>(List.of(run));
    if (gate.isPresent()) {
      FinishedRun evaluation = RunFolder.open(gate.get(), hadoop);
      requireEvaluationOf(run, evaluation);
      gates.add(evaluation);
    }
    RunName name = RunName.at(alias, hadoop);
    requireGate(gates, ungated, name);
    run.verifyAll();
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

  private static void requireEvaluationOf(FinishedRun run, FinishedRun evaluation) {
    List<InputRef> quantized =
        evaluation.manifest().inputs().stream()
            .filter(input -> input.name().equals("quantized"))
            .toList();
    if (quantized.size() != 1 || !evaluation.has(Part.QUALITY)) {
      throw TareException.badInput(
          "%s is no evaluation of a quantized run; it was made by: %s"
              .formatted(
                  evaluation.folder().path(), String.join(", ", evaluation.manifest().stages())));
    }
    String evaluated = quantized.get(0).sha256().orElse("none");
    if (!evaluated.equals(run.manifestDigest().sha256())) {
      throw TareException.badInput(
          "%s evaluated another run: %s with manifest sha256 %s, but %s has %s"
              .formatted(
                  evaluation.folder().path(),
                  quantized.get(0).uri(),
                  evaluated,
                  run.folder().path(),
                  run.manifestDigest().sha256()));
    }
  }

  private static void requireGate(List<FinishedRun> gates, boolean ungated, RunName name)
      throws IOException {
    boolean passed = false;
    for (FinishedRun gate : gates) {
      List<String> failures = gate.has(Part.QUALITY) ? gate.quality().gate().failures() : List.of();
      if (gate.manifest().gateFailed()) {
        throw new TareException(
            ExitCode.GATE_FAILED,
            "The quality gate of %s failed%s; %s"
                .formatted(
                    gate.folder().path(),
                    failures.isEmpty() ? "" : " (" + String.join("; ", failures) + ")",
                    stays(name)));
      }
      passed |= gate.manifest().gatePassed();
    }
    if (!passed && !ungated) {
      throw TareException.usage(
          ("%s has no quality gate: name an evaluation of it by --gate (with --min-cosine,"
                  + " --min-sqnr-db or --min-channel-sqnr), or publish it by --ungated")
              .formatted(gates.get(0).folder().path()));
    }
  }

  private static String stays(RunName name) throws IOException {
    return name.target()
        .map(target -> "%s still points to %s".formatted(name.path(), target.run()))
        .orElseGet(() -> "nothing was published as " + name.path());
  }
}
