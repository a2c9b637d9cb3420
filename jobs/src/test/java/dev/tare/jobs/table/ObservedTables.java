package dev.tare.jobs.table;

import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;

/** Tables of statistics of values that a test names. */
public final class ObservedTables {

  private ObservedTables() {}

  /**
   * Observes each tensor's values as a whole and writes the table.
   *
   * @param partitions how many tasks write it
   * @return its content hash
   */
  public static String write(
      java.nio.file.Path folder, int partitions, Map<String, float[]> tensors) {
    return write(new Path(folder.toUri()), partitions, "ab", tensors);
  }

  /**
   * A finished run with such a table.
   *
   * @param model sha256 of the model that the values are of
   * @param more writes further parts
   */
  public static FinishedRun run(
      java.nio.file.Path folder, String model, Map<String, float[]> tensors, MoreParts more)
      throws IOException {
    Configuration hadoop = SparkJobs.hadoop(LocalSpark.spark());
    return RunFolder.at(folder.toString(), Optional.empty(), hadoop)
        .produce(
            attempt -> {
              String content = write(attempt.path(Part.STATISTICS), 1, model, tensors);
              more.write(attempt);
              return Manifest.draft(
                  attempt.folder().runId(),
                  List.of("calibrate"),
                  List.of(),
                  Map.of(),
                  RunFacts.NONE.with(facts(content, model, tensors.keySet())));
            });
  }

  /** Writes parts of a run. */
  public interface MoreParts {
    /** None. */
    MoreParts NONE = attempt -> {};

    void write(RunAttempt attempt) throws IOException;
  }

  private static CalibrationFacts facts(String content, String model, Set<String> tensors) {
    return new CalibrationFacts(
        content,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        model,
        4,
        Optional.of("all"),
        Optional.of(List.copyOf(new TreeSet<>(tensors))),
        new CalibrationFacts.Channels(
            Optional.of("none"), OptionalInt.empty(), List.of(), Optional.empty()),
        new CalibrationFacts.Conditions(List.of("1"), Optional.of("ALL"), List.of("avx")),
        List.of("a processor"),
        Optional.empty(),
        OptionalInt.empty(),
        List.of());
  }

  /** Writes the table of statistics that a test has made, in one task. */
  public static void write(java.nio.file.Path folder, List<TensorStatistics> tensors) {
    write(tensors, new Path(folder.toUri()), 1, "ab");
  }

  private static String write(
      Path folder, int partitions, String model, Map<String, float[]> tensors) {
    List<TensorStatistics> all = new ArrayList<>();
    tensors.forEach(
        (name, values) ->
            all.add(observed(name, ObserverOptions.ofWhole(), Shape.of(values.length), values)));
    return write(all, folder, partitions, model);
  }

  /** Statistics of values. */
  public static TensorStatistics observed(
      String tensor, ObserverOptions options, Shape shape, float... values) {
    Observer observer = Observer.create(tensor, options);
    observer.observe(FloatBuffer.wrap(values), shape);
    return observer.statistics();
  }

  private static String write(
      List<TensorStatistics> tensors, Path folder, int partitions, String model) {
    List<Row> rows = new ArrayList<>();
    for (TensorStatistics tensor : tensors) {
      for (StatisticsBlock block : tensor.toBlocks()) {
        rows.add(StateRow.of(block));
      }
    }
    return StatisticsStore.write(
            LocalSpark.spark().createDataFrame(rows, StateRow.SCHEMA).repartition(partitions),
            folder,
            "run-1",
            model)
        .contentSha256();
  }
}
