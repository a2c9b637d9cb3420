package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.table.MergeStates;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Adds up the statistics of runs.
 *
 * <p>Law: merging the runs over parts of a data set gives the statistics of the run over all of it.
 * That needs equal conditions, which are checked: model, observed tensors, kind of channels,
 * version and optimization level of ONNX Runtime, and CPU features.
 */
final class RunMerger {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Conditions that no option can overrule: the sum would mean nothing. */
  private static final List<String> ESSENTIAL =
      List.of(Pipeline.MODEL_SHA256, "channels", "channel-bits", Pipeline.WITHOUT_CHANNELS);

  /** Conditions under which the law holds to the bit. */
  private static final List<String> EXACT =
      List.of("tensors", Pipeline.RUNTIME, "optimization-level", Pipeline.CPU_FEATURES);

  private final SparkSession spark;
  private final List<FinishedRun> runs;
  private final boolean allowMixed;
  private final ObjectNode properties = MAPPER.createObjectNode();

  RunMerger(SparkSession spark, List<FinishedRun> runs, boolean allowMixed) {
    this.spark = spark;
    this.runs = List.copyOf(runs);
    this.allowMixed = allowMixed;
  }

  /**
   * Writes the sum.
   *
   * @return what was done, for people
   * @throws TareException (bad input) if the runs were made under different conditions
   */
  String run(RunAttempt attempt) throws IOException {
    refuseTwice();
    List<String> mixed = differences();
    JsonNode first = Facts.calibration(runs.get(0));
    Dataset<Row> states = null;
    long samples = 0;
    for (FinishedRun run : runs) {
      Dataset<Row> own = StatisticsStore.readStates(spark, StatisticsCheck.verified(spark, run));
      states = states == null ? own : states.union(own);
      samples = sum(samples, Facts.calibration(run).path("samples").asLong());
    }
    Dataset<Row> merged =
        states
            .groupByKey((MapFunction<Row, String>) row -> row.getString(0), Encoders.STRING())
            .flatMapGroups(new MergeStates(), StatisticsStore.stateEncoder())
            .persist(StorageLevel.MEMORY_AND_DISK());
    StatisticsStore.Written written;
    // The checks above describe their own jobs, and nothing is summed before this line.
    SparkJobs.describe(spark, "merge: add up %d runs".formatted(runs.size()));
    try {
      written =
          StatisticsStore.write(
              merged,
              attempt.path(Part.STATISTICS),
              attempt.folder().runId(),
              first.path(Pipeline.MODEL_SHA256).asText());
    } finally {
      merged.unpersist();
      SparkJobs.describe(spark, null);
    }
    ObjectNode node = properties.putObject(Pipeline.CALIBRATION);
    node.setAll((ObjectNode) first.deepCopy());
    node.remove(List.of("executors", "run-seconds", "observe-seconds", "batch-size", "task-bytes"));
    node.put(Pipeline.CONTENT_SHA256, written.contentSha256());
    node.put("samples", samples);
    node.put("merged-runs", runs.size());
    for (String key : List.of(Pipeline.RUNTIME, Pipeline.CPU_FEATURES, "cpus", "tensors")) {
      union(node, key);
    }
    if (!mixed.isEmpty()) {
      ArrayNode marks = node.putArray("mixed");
      mixed.forEach(marks::add);
    }
    return "%d samples, %d tensors, content %s"
        .formatted(samples, written.tensors().size(), written.contentSha256().substring(0, 16));
  }

  private static long sum(long some, long more) {
    try {
      return Math.addExact(some, more);
    } catch (ArithmeticException e) {
      throw TareException.badInput(
          "Cannot merge runs of %d and %d samples: more than can be counted".formatted(some, more),
          e);
    }
  }

  /** A run counted twice would double its samples without a word. */
  private void refuseTwice() {
    List<String> seen = new ArrayList<>();
    for (FinishedRun run : runs) {
      String place = run.folder().path().toString();
      if (seen.contains(place)) {
        throw TareException.usage("Cannot merge run %s with itself".formatted(place));
      }
      seen.add(place);
    }
  }

  private List<String> differences() {
    List<String> mixed = new ArrayList<>();
    FinishedRun first = runs.get(0);
    for (FinishedRun run : runs) {
      for (String key : ESSENTIAL) {
        difference(first, run, key).ifPresent(text -> refuse(text, false, ""));
      }
      for (String key : EXACT) {
        difference(first, run, key)
            .ifPresent(
                text -> {
                  refuse(text, allowMixed, "; --allow-mixed accepts it and marks the result");
                  mixed.add(text);
                });
      }
    }
    return mixed;
  }

  private static java.util.Optional<String> difference(FinishedRun a, FinishedRun b, String key) {
    JsonNode left = Facts.calibration(a).path(key);
    JsonNode right = Facts.calibration(b).path(key);
    return left.equals(right)
        ? java.util.Optional.empty()
        : java.util.Optional.of(
            "%s: %s in %s vs %s in %s"
                .formatted(key, left, a.folder().path(), right, b.folder().path()));
  }

  private static void refuse(String text, boolean allowed, String advice) {
    if (!allowed) {
      throw TareException.badInput(
          "Cannot merge statistics made under different conditions, " + text + advice);
    }
  }

  private void union(ObjectNode node, String key) {
    TreeSet<String> values = new TreeSet<>();
    for (FinishedRun run : runs) {
      Facts.calibration(run).path(key).forEach(value -> values.add(value.asText()));
    }
    ArrayNode array = node.putArray(key);
    values.forEach(array::add);
  }

  ObjectNode properties() {
    return properties;
  }
}
