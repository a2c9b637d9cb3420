package dev.tare.jobs.run;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.cli.RecordedCommands;
import dev.tare.jobs.evaluate.EvaluateOptions;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.StageData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;

/** The samples that a stage would read. */
public final class StageSamples {

  private StageSamples() {}

  /** The samples of a command line of {@code tare evaluate}, in the order of their hashes. */
  public static List<Sample> of(List<String> arguments) throws IOException {
    EvaluateOptions evaluate = RecordedCommands.evaluate(arguments);
    DataOptions options = evaluate.data();
    ModelHandle model = ModelHandle.open(evaluate.model(), SparkJobs.hadoop(CommandLine.spark()));
    try (StageData data = StageData.open(CommandLine.spark(), model, options)) {
      data.check(options.maxBadRows());
      List<Sample> samples = new ArrayList<>();
      for (Row row : data.select(Rows.ALL, options.samples()).orderBy("hash").collectAsList()) {
        samples.add(Sample.decode(row.getAs("sample")));
      }
      return samples;
    }
  }
}
