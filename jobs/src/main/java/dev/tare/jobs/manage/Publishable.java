package dev.tare.jobs.manage;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * A run whose quality gate passed, or that may be published without one.
 *
 * @param run whose every file is as its manifest says
 * @param evaluation a run of {@code tare evaluate} whose gate decided, if the run has none
 * @param gatePassed false if there is no gate
 */
public record Publishable(FinishedRun run, Optional<FinishedRun> evaluation, boolean gatePassed) {

  /** Says what stays as it is if a run is refused. */
  public interface Unchanged {
    String describe() throws IOException;
  }

  /**
   * Opens a run. Cost: one reading of the run, whose every file is compared with its manifest.
   *
   * @param location run folder or a name
   * @param gate an evaluation of that run, if the run has none of its own
   * @param ungated whether a run without a gate may be published
   * @throws TareException (gate failed) if a gate of the run failed; (usage) if it has none; (bad
   *     input) if the run is not finished or damaged, or the evaluation is one of another run
   */
  public static Publishable open(
      String location,
      Optional<String> gate,
      boolean ungated,
      Configuration hadoop,
      Unchanged unchanged)
      throws IOException {
    FinishedRun run = RunFolder.open(location, hadoop);
    Optional<FinishedRun> evaluation = Optional.empty();
    if (gate.isPresent()) {
      evaluation = Optional.of(RunFolder.open(gate.get(), hadoop));
      requireEvaluationOf(run, evaluation.get());
    }
    boolean passed = passed(run, unchanged);
    if (evaluation.isPresent()) {
      passed |= passed(evaluation.get(), unchanged);
    }
    if (!passed && !ungated) {
      throw TareException.usage(
          ("%s has no quality gate: name an evaluation of it by --gate (with --min-cosine,"
                  + " --min-sqnr-db or --min-channel-sqnr), or publish it by --ungated")
              .formatted(run.folder().path()));
    }
    run.verifyAll();
    return new Publishable(run, evaluation, passed);
  }

  /** What was measured, by the run itself or by its evaluation. */
  public Optional<Quality> quality() throws IOException {
    FinishedRun measured = run.has(Part.QUALITY) ? run : evaluation.orElse(run);
    return measured.has(Part.QUALITY) ? Optional.of(measured.quality()) : Optional.empty();
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

  private static boolean passed(FinishedRun gate, Unchanged unchanged) throws IOException {
    // Also where the gate passed: a damaged quality.json, or one that says otherwise, is refused.
    List<String> failures = gate.has(Part.QUALITY) ? gate.quality().gate().failures() : List.of();
    if (gate.manifest().gateFailed()) {
      throw new TareException(
          ExitCode.GATE_FAILED,
          "The quality gate of %s failed%s; %s"
              .formatted(
                  gate.folder().path(),
                  failures.isEmpty() ? "" : " (" + String.join("; ", failures) + ")",
                  unchanged.describe()));
    }
    return gate.manifest().gatePassed();
  }
}
