package dev.tare.jobs.calibrate;

import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.stage.Rows;
import dev.tare.jobs.stage.Stage;
import dev.tare.jobs.stage.StageData;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.stage.Work;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.StatisticsCheck;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * {@code tare calibrate}: data through the float model, and the statistics of its tensors.
 *
 * @param rows which rows of the data are run
 */
public record CalibrateStage(CalibrateOptions options, Rows rows) implements Stage {

  @Override
  public String name() {
    return "calibrate";
  }

  @Override
  public SortedMap<String, String> configuration() {
    return options.configuration();
  }

  @Override
  public Places places() {
    return Places.ofModel(options.model()).with(options.data());
  }

  @Override
  public List<InputRef> inputs(Inputs inputs) throws IOException {
    ModelHandle model = inputs.model(options.model());
    List<InputRef> all = new ArrayList<>(model.files().asInputs());
    all.addAll(inputs.data(model, options.data()).inputs("data"));
    if (options.observe().gram().scales().isPresent()) {
      all.add(inputs.runs().open(options.observe().gram().scales().get()).asInput("gram-scales"));
    }
    return all;
  }

  @Override
  public Work run(Work work) throws IOException {
    ModelHandle model = work.inputs().model(options.model());
    StageData data = work.inputs().data(model, options.data());
    CalibrateResult result =
        work.progress()
            .stage(
                name(),
                "run the float model and count",
                () -> calibrate(work, model, data),
                CalibrateResult::summary);
    return work.with(work.facts().with(result.facts(model, options.observe())).with(data.facts()));
  }

  private CalibrateResult calibrate(Work work, ModelHandle model, StageData data)
      throws IOException {
    data.check(options.data().maxBadRows());
    Dataset<Row> samples = data.select(rows, options.data().samples());
    Optional<GramJob.Input> gram =
        options.observe().collect().kinds().contains(StateKind.GRAM)
            ? Optional.of(gram(work, model, data))
            : Optional.empty();
    CalibrateResult result =
        new CalibrateJob(work.inputs().spark(), work.progress()::line)
            .run(
                model,
                options,
                samples,
                data.count(rows, options.data().samples()),
                gram,
                new CalibrateJob.Folders(
                    work.attempt().path(Part.STATISTICS),
                    work.attempt().path(Part.MOMENTS),
                    work.attempt().path(Part.FOLDS),
                    work.attempt().path(Part.GRAM)),
                work.attempt().folder().runId());
    data.requireUnchanged();
    WeightRanges.write(work.inputs().spark(), model, work.attempt());
    return result;
  }

  private GramJob.Input gram(Work work, ModelHandle model, StageData data) throws IOException {
    GramOptions wanted = options.observe().gram();
    int most = wanted.samples().orElse(GramOptions.SAMPLES);
    int count = Math.min(most, options.data().samples().orElse(Integer.MAX_VALUE));
    Dataset<Row> some = data.select(rows, OptionalInt.of(count));
    if (wanted.scales().isEmpty()) {
      return new GramJob.Input(some, data.count(rows, OptionalInt.of(count)), Optional.empty());
    }
    FinishedRun run = work.inputs().runs().open(wanted.scales().get());
    EarlierRuns.requireSameModel(run, model);
    return new GramJob.Input(
        some,
        data.count(rows, OptionalInt.of(count)),
        Optional.of(StatisticsCheck.verified(work.inputs().spark(), run)));
  }
}
