package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.table.StatisticsStore;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The result of a calibration.
 *
 * @param contentSha256 identity of the statistics
 * @param momentsSha256 identity of the moments; empty if none were collected
 * @param foldsSha256 identity of the folds; empty if none were collected
 * @param gram of the Gram matrices; empty if none were collected
 * @param tensors names of the observed tensors
 * @param kept what was kept of their channels
 * @param samples samples run
 * @param batches batches run
 * @param batchSize requested batch size
 * @param safeBatchSize batch size used: 1 where larger ones change bits
 * @param runNanos time inside ONNX Runtime, summed over tasks
 * @param observeNanos time spent on counting, summed over tasks
 * @param runtime version of ONNX Runtime, the same on every executor
 * @param cpuModels processors
 * @param cpuFeatures their feature set, the same on every executor
 * @param jvms processes that ran tasks
 * @param optimizationLevel graph optimization of the float model
 */
public record CalibrateResult(
    String contentSha256,
    Optional<String> momentsSha256,
    Optional<String> foldsSha256,
    Optional<CalibrationFacts.Gram> gram,
    SortedSet<String> tensors,
    KeptChannels kept,
    long samples,
    long batches,
    int batchSize,
    int safeBatchSize,
    long runNanos,
    long observeNanos,
    SortedSet<String> runtime,
    SortedSet<String> cpuModels,
    SortedSet<String> cpuFeatures,
    SortedSet<String> jvms,
    OptimizationLevel optimizationLevel) {

  static CalibrateResult of(
      StatisticsStore.Written written,
      Optional<StatisticsStore.Written> moments,
      Optional<StatisticsStore.Written> folds,
      Optional<CalibrationFacts.Gram> gram,
      KeptChannels kept,
      List<TaskReport> reports,
      int batchSize,
      int safeBatchSize,
      OptimizationLevel level) {
    return new CalibrateResult(
        written.contentSha256(),
        moments.map(StatisticsStore.Written::contentSha256),
        folds.map(StatisticsStore.Written::contentSha256),
        gram,
        new TreeSet<>(written.tensors()),
        kept,
        reports.stream().mapToLong(TaskReport::samples).sum(),
        reports.stream().mapToLong(TaskReport::batches).sum(),
        batchSize,
        safeBatchSize,
        reports.stream().mapToLong(TaskReport::runNanos).sum(),
        reports.stream().mapToLong(TaskReport::observeNanos).sum(),
        distinct(reports.stream().map(TaskReport::runtime).toList()),
        distinct(reports.stream().map(TaskReport::cpuModel).toList()),
        distinct(reports.stream().map(TaskReport::cpuFeatures).toList()),
        distinct(reports.stream().map(TaskReport::jvm).toList()),
        level);
  }

  /** Summarizes the result in one line. */
  String summary() {
    return "%s, %s, %s, %s, content %s"
        .formatted(
            Amounts.counted(samples, "sample"),
            Amounts.counted(tensors.size(), "tensor"),
            kept.description(),
            Amounts.counted(jvms.size(), "executor"),
            contentSha256.substring(0, 16));
  }

  /** Returns the facts for the manifest. */
  CalibrationFacts facts(ModelHandle model, ObserveOptions observe) {
    return new CalibrationFacts(
        contentSha256,
        momentsSha256,
        foldsSha256,
        gram,
        model.sha256(),
        samples,
        Optional.of(observe.observe()),
        Optional.of(List.copyOf(tensors)),
        new CalibrationFacts.Channels(
            Optional.of(kept.mode().name().toLowerCase(Locale.ROOT)),
            kept.mode() == ChannelMode.HISTOGRAM
                ? OptionalInt.of(observe.channelBits())
                : OptionalInt.empty(),
            List.copyOf(kept.varying()),
            Optional.of(kept.description())),
        new CalibrationFacts.Conditions(
            List.copyOf(runtime), Optional.of(optimizationLevel.name()), List.copyOf(cpuFeatures)),
        List.copyOf(cpuModels),
        Optional.of(
            new CalibrationFacts.Effort(
                safeBatchSize,
                OptionalLong.of(kept.bytes()),
                List.copyOf(jvms),
                runNanos / 1e9,
                observeNanos / 1e9)),
        OptionalInt.empty(),
        List.of());
  }

  private static SortedSet<String> distinct(List<String> values) {
    return new TreeSet<>(values);
  }
}
