package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.pass.GramInput;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.metrics.RunMetrics;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.table.StateRow;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * Runs samples through the float model and writes the statistics table.
 *
 * <p>Law: {@code content-sha256} of the table is a function of the multiset of samples and of what
 * is observed. It does not depend on partitions, batch size, order, retries or the size of the
 * cluster.
 */
public final class CalibrateJob {

  /** Samples that one task should run at most, so that a lost executor costs little. */
  private static final long SAMPLES_PER_TASK = 8192;

  private static final int NAMES_SHOWN = 3;

  private final SparkSession spark;
  private final Consumer<String> notices;

  /**
   * @param notices receives messages for the user before the job
   */
  public CalibrateJob(SparkSession spark, Consumer<String> notices) {
    this.spark = spark;
    this.notices = notices;
  }

  /** Where the tables of the kinds of states are written. */
  public record Folders(Path statistics, Path moments, Path folds, Path gram) {}

  /**
   * Runs the float model over the samples on the executors, merges what they counted and writes the
   * statistics table.
   *
   * @param samples rows of hash, encoded sample, and the file and row that it was read from; read
   *     several times
   * @param expected number of samples, checked against what the tasks ran
   * @param gram what the second pass reads; empty if no Gram matrices are collected
   * @param folders of the tables
   * @throws TareException (bad input) if nothing can be observed, or the model cannot run a sample;
   *     (usage) if the heap of a task is too small for what is kept
   */
  public CalibrateResult run(
      ModelHandle model,
      CalibrateOptions options,
      Dataset<Row> samples,
      long expected,
      Optional<GramJob.Input> gram,
      Folders folders,
      String runId) {
    ObserveOptions observe = options.observe();
    int batchSize = options.data().batchSize();
    List<ObservedTensor> tensors = Observations.resolve(model, observe);
    int threads = SparkJobs.taskCpus(spark);
    TaskHeap heap = SparkJobs.taskHeap(spark);

    SparkJobs.describe(spark, "calibrate: probe batches of " + batchSize);
    Probe probe = Probe.run(model, batchSize, samples, tensors, threads, heap);
    StatePlan plan =
        StatePlan.of(
            tensors, probe.channels(), observe.channels().mode(), observe.collect().ofFirstPass());
    plan.requireRoom(heap, probe.channels());
    KeptChannels kept = kept(observe, plan, probe);
    tellAboutRoom(heap, plan, probe);

    SparkJobs.describe(
        spark, "calibrate: run %d samples, observe %d tensors".formatted(expected, tensors.size()));
    CalibrateTask task =
        new CalibrateTask(model, plan, heap, probe.batchSize(), probe.batchBytes(), threads);
    Dataset<Row> merged =
        StateRow.merged(
                samples
                    .select(CalibrateTask.COLUMNS)
                    .repartition(
                        partitions(options.data().partitions(), expected), functions.col("hash"))
                    .mapPartitions(task, StateRow.encoder()))
            .persist(StorageLevel.MEMORY_AND_DISK());
    try {
      List<TaskReport> reports = reports(merged);
      checkEnvironments(model, reports);
      checkSamples(reports, expected);
      SparkJobs.describe(spark, "calibrate: write statistics");
      Dataset<Row> states = StateRow.ofKind(merged, StateKind.HISTOGRAM);
      StatisticsStore.Written written =
          StatisticsStore.write(states, folders.statistics(), runId, model.sha256());
      RunMetrics.registered().calibrated(expected, written.values(), written.nonFinite());
      Optional<StatisticsStore.Written> sums =
          beside(plan, StateKind.MOMENTS, merged, folders.moments(), runId, model);
      Optional<StatisticsStore.Written> folds =
          beside(plan, StateKind.FOLDS, merged, folders.folds(), runId, model);
      Optional<CalibrationFacts.Gram> products =
          gram.flatMap(input -> gram(model, observe.gram(), tensors, probe, input, folders, runId));
      return CalibrateResult.of(
          written,
          sums,
          folds,
          products,
          kept,
          reports,
          batchSize,
          probe.batchSize(),
          OptimizationLevel.ALL);
    } finally {
      merged.unpersist();
      SparkJobs.describe(spark, null);
    }
  }

  /** Writes another kind of states of the first pass, if it was collected. */
  private Optional<StatisticsStore.Written> beside(
      StatePlan plan,
      StateKind kind,
      Dataset<Row> merged,
      Path folder,
      String runId,
      ModelHandle model) {
    if (!plan.kinds().contains(kind)) {
      return Optional.empty();
    }
    SparkJobs.describe(spark, "calibrate: write " + Settings.word(kind));
    return Optional.of(
        StatisticsStore.write(kind, StateRow.ofKind(merged, kind), folder, runId, model.sha256()));
  }

  /** The second pass, if the model has inputs that it is for. */
  private Optional<CalibrationFacts.Gram> gram(
      ModelHandle model,
      GramOptions wanted,
      List<ObservedTensor> tensors,
      Probe probe,
      GramJob.Input input,
      Folders folders,
      String runId) {
    SortedMap<String, GramInput> inputs = GramPlan.inputs(model.prepared().graph(), tensors);
    if (inputs.isEmpty()) {
      notices.accept(
          "No Gram matrices: no observed tensor is the input of a MatMul, Gemm or Conv with a"
              + " constant weight");
      return Optional.empty();
    }
    SparkJobs.describe(spark, "calibrate: read the extremes of channels");
    GramPlan plan =
        GramPlan.read(spark, inputs, input.scales().orElse(folders.statistics()), notices)
            .fitting(SparkJobs.taskHeap(spark), wanted.memory(), notices);
    TreeSet<String> exposed = new TreeSet<>();
    tensors.forEach(tensor -> exposed.add(tensor.tensor()));
    StatisticsStore.Written written =
        new GramJob(spark)
            .run(model, exposed, plan, probe.batchSize(), input, folders.gram(), runId);
    return Optional.of(
        new CalibrationFacts.Gram(
            written.contentSha256(), input.count(), List.copyOf(plan.diagonal())));
  }

  private int partitions(OptionalInt wanted, long expected) {
    long tasks =
        Math.max(
            SparkJobs.parallelism(spark), (expected + SAMPLES_PER_TASK - 1) / SAMPLES_PER_TASK);
    return wanted.orElse((int) Math.min(tasks, Integer.MAX_VALUE));
  }

  private static KeptChannels kept(ObserveOptions observe, StatePlan plan, Probe probe) {
    boolean none = plan.mode() == ChannelMode.NONE;
    return new KeptChannels(
        plan.mode(),
        none ? new TreeSet<>() : probe.varying(),
        plan.bytes(),
        plan.describe(observe.channels().mode().isEmpty()));
  }

  /** Otherwise lost time would look like a slow machine. */
  private void tellAboutRoom(TaskHeap heap, StatePlan plan, Probe probe) {
    if (!probe.varying().isEmpty() && plan.mode() != ChannelMode.NONE) {
      notices.accept(
          "No channels for %d tensors whose channel axis differs in size between samples: %s"
              .formatted(probe.varying().size(), some(probe.varying())));
    }
    long together = heap.room() / plan.bytes();
    if (together < heap.tasks()) {
      notices.accept(
          "Memory is enough for %d of %d tasks at once, %s each; for all set %s"
              .formatted(
                  together,
                  heap.tasks(),
                  TaskHeap.text(plan.bytes()),
                  heap.settingFor(plan.bytes() * heap.tasks())));
    }
  }

  private static String some(SortedSet<String> names) {
    String first = names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "));
    return names.size() > NAMES_SHOWN ? first + ", ..." : first;
  }

  private static List<TaskReport> reports(Dataset<Row> merged) {
    List<TaskReport> reports = new ArrayList<>();
    for (Row row : StateRow.reports(merged).collectAsList()) {
      reports.add(TaskReport.decode(row.getAs(0)));
    }
    return reports;
  }

  private static void checkEnvironments(ModelHandle model, List<TaskReport> reports) {
    SortedSet<String> environments = new TreeSet<>();
    reports.forEach(r -> environments.add(r.runtime() + " on " + r.cpuFeatures()));
    if (environments.size() > 1) {
      String runtime = model.runtimeName() + " ";
      throw TareException.badInput(
          "Executors differ, so activations may differ in their last bits: "
              + runtime
              + String.join(" vs " + runtime, environments)
              + ". Use machines of one kind.");
    }
  }

  private static void checkSamples(List<TaskReport> reports, long expected) {
    long ran = reports.stream().mapToLong(TaskReport::samples).sum();
    if (ran != expected) {
      throw TareException.badInput(
          "The data changed while it was read: %d samples at first, %d in calibration"
              .formatted(expected, ran));
    }
  }
}
