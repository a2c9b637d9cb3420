package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.recipe.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.cli.QuantizeOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.InputRef;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.storage.RunAttempt;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** {@code tare quantize}. */
record QuantizeStage(
    SparkSession spark, QuantizeOptions options, Progress progress, OpenedRuns opened)
    implements SingleStage {

  QuantizeStage(SparkSession spark, QuantizeOptions options, Progress progress) {
    this(spark, options, progress, new OpenedRuns(SparkJobs.hadoop(spark)));
  }

  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public List<InputRef> inputs() throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    List<InputRef> inputs = ModelHandle.open(options.model(), hadoop).files().asInputs();
    inputs.add(opened.open(options.plan()).asInput("plan"));
    return inputs;
  }

  @Override
  public ObjectNode write(RunAttempt attempt) throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    ModelHandle model = ModelHandle.open(options.model(), hadoop);
    QuantPlan plan = Facts.plan(opened.open(options.plan()));
    Pipeline pipeline = new Pipeline(spark);
    progress.stage(
        name(),
        "weights to integers",
        () -> pipeline.quantize(attempt, model, plan),
        Summaries::quantization);
    return pipeline.properties();
  }
}
