package dev.tare.jobs.run;

import dev.tare.engine.recipe.QuantPlan;
import dev.tare.jobs.Build;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.cli.CalibrateOptions;
import dev.tare.jobs.cli.DemoOptions;
import dev.tare.jobs.cli.EvaluateOptions;
import dev.tare.jobs.cli.InspectOptions;
import dev.tare.jobs.cli.MergeOptions;
import dev.tare.jobs.cli.OutputOptions;
import dev.tare.jobs.cli.QuantizeOptions;
import dev.tare.jobs.cli.RunOptions;
import dev.tare.jobs.cli.SelectOptions;
import dev.tare.jobs.cli.Stages;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.storage.Fingerprint;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.InputRef;
import dev.tare.jobs.storage.Manifest;
import dev.tare.jobs.storage.Part;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.apache.spark.sql.SparkSession;

/** The subcommands on Spark. */
public final class SparkStages implements Stages {

  private static final String MODEL = "model";

  private final PrintStream out;
  private final PrintStream progress;

  /**
   * @param out where results go
   * @param progress where progress goes
   */
  public SparkStages(PrintStream out, PrintStream progress) {
    this.out = out;
    this.progress = progress;
  }

  /** What a subcommand reads, known before it works. */
  private interface Inputs {
    List<InputRef> list() throws IOException;
  }

  @Override
  public ExitCode run(RunOptions options) throws IOException {
    try (Session session = Session.open("tare run")) {
      RunStage.Outcome outcome =
          new RunStage(session.spark(), out, new Progress(progress, 4)).run(options);
      if (outcome.details().isPresent()) {
        progress.println();
        Summaries.table(outcome.details().get().quality(), out);
        out.println(outcome.folder().path());
      }
      return outcome.exitCode();
    }
  }

  @Override
  public ExitCode calibrate(CalibrateOptions options) throws IOException {
    try (Session session = Session.open("tare calibrate")) {
      SparkSession spark = session.spark();
      List<String> stages = List.of("calibrate");
      Inputs inputs =
          () -> {
            try (StageData data =
                StageData.open(spark, open(spark, options.model()), options.data())) {
              return RunStage.inputs(open(spark, options.model()), data, Optional.empty());
            }
          };
      return produce(
          spark,
          options.output(),
          stages,
          options.configuration(),
          inputs,
          (folder, attempt) -> {
            ModelHandle model = open(spark, options.model());
            Pipeline pipeline = new Pipeline(spark);
            try (StageData data = StageData.open(spark, model, options.data())) {
              new Progress(progress, 1)
                  .stage(
                      "calibrate",
                      "run the float model and count",
                      () -> {
                        data.check(options.data().maxBadRows());
                        var result =
                            pipeline.calibrate(
                                attempt,
                                model,
                                options.observe(),
                                options.data(),
                                data.select(Optional.empty(), options.data().samples()));
                        data.requireUnchanged();
                        return result;
                      },
                      Summaries::calibration);
              data.describe(pipeline.properties().putObject("data"));
              return Manifest.draft(
                  folder.runId(),
                  stages,
                  RunStage.inputs(model, data, Optional.empty()),
                  options.configuration(),
                  pipeline.properties());
            }
          });
    }
  }

  @Override
  public ExitCode select(SelectOptions options) throws IOException {
    try (Session session = Session.open("tare select")) {
      SparkSession spark = session.spark();
      List<String> stages = List.of("select");
      Inputs inputs =
          () -> {
            List<InputRef> all = new ArrayList<>();
            all.add(open(spark, options.model()).ref().asInput(MODEL));
            all.add(source(spark, options.statistics()).asInput("statistics"));
            RecipeText.open(options.recipe(), SparkJobs.hadoop(spark))
                .asInput(SparkJobs.hadoop(spark))
                .ifPresent(all::add);
            return all;
          };
      return produce(
          spark,
          options.output(),
          stages,
          options.configuration(),
          inputs,
          (folder, attempt) -> {
            ModelHandle model = open(spark, options.model());
            FinishedRun statistics = source(spark, options.statistics());
            RecipeText recipe = RecipeText.open(options.recipe(), SparkJobs.hadoop(spark));
            String contentSha256 = Facts.contentSha256(statistics);
            Facts.requireSameModel(statistics, model);
            Pipeline pipeline = new Pipeline(spark);
            new Progress(progress, 1)
                .stage(
                    "select",
                    "ranges by recipe " + recipe.name(),
                    () ->
                        pipeline.select(
                            attempt,
                            model,
                            recipe,
                            statistics.verified(Part.STATISTICS),
                            contentSha256),
                    Summaries::plan);
            return Manifest.draft(
                folder.runId(),
                stages,
                inputs.list(),
                options.configuration(),
                pipeline.properties());
          });
    }
  }

  @Override
  public ExitCode quantize(QuantizeOptions options) throws IOException {
    try (Session session = Session.open("tare quantize")) {
      SparkSession spark = session.spark();
      List<String> stages = List.of("quantize");
      Inputs inputs =
          () ->
              List.of(
                  open(spark, options.model()).ref().asInput(MODEL),
                  source(spark, options.plan()).asInput("plan"));
      return produce(
          spark,
          options.output(),
          stages,
          options.configuration(),
          inputs,
          (folder, attempt) -> {
            ModelHandle model = open(spark, options.model());
            FinishedRun source = source(spark, options.plan());
            QuantPlan plan = Facts.plan(source);
            Pipeline pipeline = new Pipeline(spark);
            new Progress(progress, 1)
                .stage(
                    "quantize",
                    "weights to integers",
                    () -> pipeline.quantize(attempt, model, plan),
                    Summaries::quantization);
            return Manifest.draft(
                folder.runId(),
                stages,
                inputs.list(),
                options.configuration(),
                pipeline.properties());
          });
    }
  }

  @Override
  public ExitCode evaluate(EvaluateOptions options) throws IOException {
    try (Session session = Session.open("tare evaluate")) {
      SparkSession spark = session.spark();
      List<String> stages = List.of("evaluate");
      Inputs inputs =
          () -> {
            ModelHandle model = open(spark, options.model());
            try (StageData data = StageData.open(spark, model, options.data())) {
              List<InputRef> all = new ArrayList<>(RunStage.inputs(model, data, Optional.empty()));
              all.add(source(spark, options.quantized()).asInput("quantized"));
              return all;
            }
          };
      return produce(
          spark,
          options.output(),
          stages,
          options.configuration(),
          inputs,
          (folder, attempt) -> {
            ModelHandle model = open(spark, options.model());
            FinishedRun source = source(spark, options.quantized());
            Facts.requireQuantizedFrom(source, model);
            ModelHandle quantized =
                ModelHandle.openUnchecked(
                    source.verified(Part.MODEL).toString(), SparkJobs.hadoop(spark));
            Pipeline pipeline = new Pipeline(spark);
            try (StageData data = StageData.open(spark, model, options.data())) {
              var quality =
                  new Progress(progress, 1)
                      .stage(
                          "evaluate",
                          "float and quantized model side by side",
                          () -> {
                            data.check(options.data().maxBadRows());
                            return pipeline.evaluate(
                                attempt,
                                model,
                                quantized,
                                data.select(Optional.empty(), options.data().samples()),
                                options.data().batchSize(),
                                options.gate(),
                                "data of its own: " + options.data().data());
                          },
                          Summaries::quality);
              Summaries.table(quality, out);
              data.describe(pipeline.properties().putObject("data"));
              return Manifest.draft(
                  folder.runId(),
                  stages,
                  inputs.list(),
                  options.configuration(),
                  pipeline.properties());
            }
          });
    }
  }

  @Override
  public ExitCode merge(MergeOptions options) throws IOException {
    try (Session session = Session.open("tare merge")) {
      SparkSession spark = session.spark();
      List<String> stages = List.of("merge");
      Inputs inputs =
          () -> {
            List<InputRef> all = new ArrayList<>();
            for (String run : options.runs()) {
              all.add(source(spark, run).asInput("statistics"));
            }
            return all;
          };
      return produce(
          spark,
          options.output(),
          stages,
          options.configuration(),
          inputs,
          (folder, attempt) -> {
            List<FinishedRun> runs = new ArrayList<>();
            for (String run : options.runs()) {
              runs.add(source(spark, run));
            }
            MergeStage merge = new MergeStage(spark, runs, options.allowMixed());
            new Progress(progress, 1)
                .stage("merge", runs.size() + " runs", () -> merge.run(attempt), text -> text);
            return Manifest.draft(
                folder.runId(), stages, inputs.list(), options.configuration(), merge.properties());
          });
    }
  }

  @Override
  public ExitCode inspect(InspectOptions options) throws IOException {
    new Inspection(out).run(options.target());
    return ExitCode.OK;
  }

  @Override
  public ExitCode demo(DemoOptions options) throws IOException {
    try (Session session = Session.open("tare demo")) {
      return new Demo(session.spark(), out, progress).run(options);
    }
  }

  private interface StageWork {
    Manifest write(RunFolder folder, dev.tare.jobs.storage.RunAttempt attempt) throws IOException;
  }

  private ExitCode produce(
      SparkSession spark,
      OutputOptions output,
      List<String> stages,
      SortedMap<String, String> configuration,
      Inputs inputs,
      StageWork work)
      throws IOException {
    RunFolder folder = RunFolder.at(output.output(), output.runId(), SparkJobs.hadoop(spark));
    Optional<ExitCode> reused =
        folder.reusable(output.ifFinished(), () -> fingerprint(stages, configuration, inputs));
    if (reused.isPresent()) {
      out.println("Reused the finished run " + folder.path());
      return reused.get();
    }
    FinishedRun run = folder.produce(attempt -> Explained.run(() -> work.write(folder, attempt)));
    out.println(run.folder().path());
    return Pipeline.exitCode(run);
  }

  private static Fingerprint fingerprint(
      List<String> stages, SortedMap<String, String> configuration, Inputs inputs) {
    try {
      return Fingerprint.of(Build.current().version(), stages, inputs.list(), configuration);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ModelHandle open(SparkSession spark, String location) throws IOException {
    return ModelHandle.open(location, SparkJobs.hadoop(spark));
  }

  private static FinishedRun source(SparkSession spark, String location) throws IOException {
    return RunFolder.open(location, SparkJobs.hadoop(spark));
  }
}
