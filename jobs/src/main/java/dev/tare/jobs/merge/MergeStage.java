package dev.tare.jobs.merge;

import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** {@code tare merge}: merges the statistics of several runs. */
public record MergeStage(MergeOptions options) implements Stage {

  @Override
  public String name() {
    return "merge";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    return runs(inputs).stream().map(run -> run.asInput("statistics")).toList();
  }

  @Override
  public Work run(Work work) throws IOException {
    Inputs inputs = work.inputs();
    warnAboutOverlap(inputs);
    MergeJob job =
        new MergeJob(inputs.spark(), runs(inputs), options.allowMixed(), work.progress()::line);
    CalibrationFacts sum =
        work.progress()
            .stage(
                name(),
                options.runs().size() + " runs",
                () -> job.run(work.attempt()),
                MergeStage::summary);
    return work.with(work.facts().with(sum));
  }

  private static String summary(CalibrationFacts sum) {
    return "%d samples, %d tensors, content %s"
        .formatted(
            sum.samples(),
            sum.tensors().map(List::size).orElse(0),
            sum.contentSha256().substring(0, 16));
  }

  /**
   * Reading the same rows twice does not make a larger sample, but it may be intended, so this only
   * warns.
   */
  private void warnAboutOverlap(Inputs inputs) throws IOException {
    Map<InputRef, FinishedRun> first = new HashMap<>();
    for (FinishedRun run : runs(inputs)) {
      List<InputRef> again =
          run.manifest().inputs().stream()
              .filter(input -> input.name().equals("data") && first.containsKey(input))
              .toList();
      if (!again.isEmpty()) {
        inputs.warn(
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

  private List<FinishedRun> runs(Inputs inputs) throws IOException {
    List<FinishedRun> runs = new ArrayList<>();
    for (String run : options.runs()) {
      runs.add(inputs.runs().open(run));
    }
    return runs;
  }
}
