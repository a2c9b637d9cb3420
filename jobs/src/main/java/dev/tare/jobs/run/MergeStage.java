package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.cli.MergeOptions;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.InputRef;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** {@code tare merge}. */
record MergeStage(SparkSession spark, MergeOptions options, Progress progress, OpenedRuns opened)
    implements SingleStage {

  MergeStage(SparkSession spark, MergeOptions options, Progress progress) {
    this(spark, options, progress, new OpenedRuns(SparkJobs.hadoop(spark)));
  }

  @Override
  public String name() {
    return "merge";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    return runs().stream().map(run -> run.asInput("statistics")).toList();
  }

  @Override
  public ObjectNode write(RunAttempt attempt) throws IOException {
    RunMerger merger = new RunMerger(spark, runs(), options.allowMixed());
    progress.stage(
        name(), options.runs().size() + " runs", () -> merger.run(attempt), text -> text);
    return merger.properties();
  }

  private List<FinishedRun> runs() throws IOException {
    List<FinishedRun> runs = new ArrayList<>();
    for (String run : options.runs()) {
      runs.add(opened.open(run));
    }
    return runs;
  }
}
