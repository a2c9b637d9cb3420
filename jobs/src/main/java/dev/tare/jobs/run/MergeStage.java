package dev.tare.jobs.run;

import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.cli.MergeOptions;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code tare merge}. */
record MergeStage(HeldInputs held, MergeOptions options, Progress progress) implements SingleStage {

  @Override
  public String name() {
    return "merge";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    return runs().stream().map(run -> run.asInput("statistics")).toList();
  }

  @Override
  public RunFacts write(RunAttempt attempt) throws IOException {
    warnAboutOverlap();
    RunMerger merger = new RunMerger(held.spark(), runs(), options.allowMixed());
    return RunFacts.NONE.with(
        progress.stage(
            name(), options.runs().size() + " runs", () -> merger.run(attempt), Summaries::merged));
  }

  /** The same rows twice are no larger sample; that may be meant, so it is said only. */
  private void warnAboutOverlap() throws IOException {
    Map<InputRef, FinishedRun> first = new HashMap<>();
    for (FinishedRun run : runs()) {
      List<InputRef> again =
          run.manifest().inputs().stream()
              .filter(input -> input.name().equals("data") && first.containsKey(input))
              .toList();
      if (!again.isEmpty()) {
        held.warn(
            "%s and %s are calibrated on the same data, which counts twice: %s%s"
                .formatted(
                    first.get(again.get(0)).folder().path(),
                    run.folder().path(),
                    again.get(0).uri(),
                    again.size() > 1 ? " and %d more".formatted(again.size() - 1) : ""));
      }
      run.manifest().inputs().forEach(input -> first.putIfAbsent(input, run));
    }
  }

  private List<FinishedRun> runs() throws IOException {
    List<FinishedRun> runs = new ArrayList<>();
    for (String run : options.runs()) {
      runs.add(held.runs().open(run));
    }
    return runs;
  }
}
