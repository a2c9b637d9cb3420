package dev.tare.jobs.run;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.Tare;
import dev.tare.jobs.cli.DataOptions;
import dev.tare.jobs.cli.EvaluateOptions;
import dev.tare.jobs.cli.Stages;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;

/** The samples that a stage would read. */
public final class StageSamples {

  private StageSamples() {}

  /** The samples of a command line of {@code tare evaluate}, in the order of their hashes. */
  public static List<Sample> of(List<String> arguments) throws IOException {
    List<EvaluateOptions> parsed = new ArrayList<>();
    Stages stages =
        (Stages)
            Proxy.newProxyInstance(
                Stages.class.getClassLoader(),
                new Class<?>[] {Stages.class},
                (proxy, method, values) -> {
                  parsed.add((EvaluateOptions) values[0]);
                  return ExitCode.OK;
                });
    StringWriter messages = new StringWriter();
    PrintWriter out = new PrintWriter(messages, true);
    new Tare(stages, out, out).run(arguments.toArray(String[]::new));
    if (parsed.isEmpty()) {
      throw new IllegalArgumentException(messages.toString());
    }
    DataOptions options = parsed.get(0).data();
    ModelHandle model =
        ModelHandle.open(parsed.get(0).model(), SparkJobs.hadoop(CommandLine.spark()));
    try (StageData data = StageData.open(CommandLine.spark(), model, options)) {
      data.check(options.maxBadRows());
      List<Sample> samples = new ArrayList<>();
      for (Row row :
          data.select(Optional.empty(), options.samples()).orderBy("hash").collectAsList()) {
        samples.add(Sample.decode(row.getAs("sample")));
      }
      return samples;
    }
  }
}
