package dev.tare.jobs.merge;

import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.stage.WeightRanges;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunAttempt;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.StateRow;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Merges the statistics of runs.
 *
 * <p>Law: merging the runs over parts of a data set gives the statistics of the run over all of it.
 * That needs equal conditions, which are checked: model, observed tensors, kind of channels,
 * version and optimization level of ONNX Runtime, and CPU features.
 */
public final class MergeJob {

  /**
   * A condition that must be equal in all runs.
   *
   * @param key its name among the facts
   */
  private record Condition(String key, Function<CalibrationFacts, Object> value) {}

  /**
   * Conditions that no option can override: otherwise the merged statistics would be meaningless.
   */
  private static final List<Condition> ESSENTIAL =
      List.of(
          new Condition(CalibrationFacts.MODEL_SHA256, CalibrationFacts::modelSha256),
          new Condition(CalibrationFacts.Channels.MODE, facts -> facts.channels().mode()),
          new Condition(CalibrationFacts.Channels.BITS, facts -> facts.channels().bits()),
          new Condition(CalibrationFacts.Channels.WITHOUT, facts -> facts.channels().without()));

  /** Conditions for bit-exact merging. */
  private static final List<Condition> EXACT =
      List.of(
          new Condition(CalibrationFacts.TENSORS, CalibrationFacts::tensors),
          new Condition(CalibrationFacts.Conditions.RUNTIME, facts -> facts.conditions().runtime()),
          new Condition(
              CalibrationFacts.Conditions.OPTIMIZATION_LEVEL,
              facts -> facts.conditions().optimizationLevel()),
          new Condition(
              CalibrationFacts.Conditions.CPU_FEATURES, facts -> facts.conditions().cpuFeatures()));

  private final SparkSession spark;
  private final List<FinishedRun> runs;
  private final boolean allowMixed;
  private final Consumer<String> notices;

  /**
   * @param notices receives messages for the user
   */
  MergeJob(
      SparkSession spark, List<FinishedRun> runs, boolean allowMixed, Consumer<String> notices) {
    this.spark = spark;
    this.runs = List.copyOf(runs);
    this.allowMixed = allowMixed;
    this.notices = notices;
  }

  /**
   * Checks the runs, merges their statistics and writes the result.
   *
   * @return facts of the merged statistics
   * @throws TareException (bad input) if the runs were made under different conditions
   */
  CalibrationFacts run(RunAttempt attempt) throws IOException {
    refuseTwice();
    List<CalibrationFacts> facts = runs.stream().map(FinishedRun::calibration).toList();
    List<String> mixed = differences(facts);
    long samples = 0;
    for (CalibrationFacts each : facts) {
      samples = sum(samples, each.samples());
    }
    StatisticsStore.Written written = added(StateKind.HISTOGRAM, "add up", attempt);
    carryWeights(attempt);
    Optional<StatisticsStore.Written> moments = ofAll(StateKind.MOMENTS, "Moments", attempt);
    Optional<StatisticsStore.Written> folds = ofAll(StateKind.FOLDS, "Folds", attempt);
    TreeSet<String> diagonals = new TreeSet<>();
    facts.forEach(each -> diagonals.addAll(diagonals(each)));
    Optional<CalibrationFacts.Gram> gram =
        ofAll(StateKind.GRAM, "Gram matrices", attempt)
            .map(
                sum ->
                    new CalibrationFacts.Gram(
                        sum.contentSha256(), gramSamples(facts), List.copyOf(diagonals)));
    if (gram.isPresent() && facts.stream().map(MergeJob::diagonals).distinct().count() > 1) {
      notices.accept(
          "Some runs have only the diagonals of some Gram matrices, and so has their sum: the"
              + " manifest names them (gram-diagonal)");
    }
    return merged(facts, samples, written, moments, folds, gram, mixed);
  }

  /** They are of the model, which is the same; those of another version would not be used. */
  private void carryWeights(RunAttempt attempt) throws IOException {
    for (int last = runs.size() - 1; last >= 0; last--) {
      Optional<String> ranges = WeightRanges.current(runs.get(last));
      if (ranges.isPresent()) {
        attempt.write(Part.WEIGHT_RANGES, ranges.get());
        return;
      }
    }
  }

  /** The Gram matrices of which a run, and so the sum, has only the diagonal. */
  private static List<String> diagonals(CalibrationFacts facts) {
    return facts.gram().map(CalibrationFacts.Gram::diagonal).orElse(List.of());
  }

  private static long gramSamples(List<CalibrationFacts> facts) {
    long samples = 0;
    for (CalibrationFacts each : facts) {
      samples = sum(samples, each.gram().map(CalibrationFacts.Gram::samples).orElse(0L));
    }
    return samples;
  }

  /**
   * Merges the states of a kind, if all runs have them.
   *
   * @param name what messages call them, at the beginning of a sentence
   */
  private Optional<StatisticsStore.Written> ofAll(StateKind kind, String name, RunAttempt attempt)
      throws IOException {
    List<FinishedRun> having =
        runs.stream().filter(run -> run.has(StatisticsStore.part(kind))).toList();
    if (having.size() < runs.size()) {
      if (!having.isEmpty()) {
        notices.accept(
            "%s are left out: %d of %d runs have none"
                .formatted(name, runs.size() - having.size(), runs.size()));
      }
      return Optional.empty();
    }
    if (kind == StateKind.GRAM && !haveTheSameMatrices()) {
      notices.accept("%s are left out: runs have them of different inputs".formatted(name));
      return Optional.empty();
    }
    String what = name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1);
    return Optional.of(added(kind, "add up the " + what + " of", attempt));
  }

  /**
   * A run whose heap was small has fewer. Otherwise the sum of a matrix over some of the runs would
   * count as one over all of them.
   */
  private boolean haveTheSameMatrices() {
    return runs.stream()
            .map(run -> GramTable.sizes(spark, run.path(Part.GRAM)).keySet())
            .distinct()
            .count()
        == 1;
  }

  /** Checks the tables of one kind, merges their states and writes the result. */
  private StatisticsStore.Written added(StateKind kind, String what, RunAttempt attempt)
      throws IOException {
    Dataset<Row> states = null;
    for (FinishedRun run : runs) {
      Path folder = StatisticsCheck.verified(kind, spark, run);
      Dataset<Row> own = StatisticsStore.readStates(kind, spark, folder);
      states = states == null ? own : states.union(own);
    }
    Dataset<Row> merged = StateRow.merged(states).persist(StorageLevel.MEMORY_AND_DISK());
    // The checks above describe their own jobs; merging begins after this line.
    SparkJobs.describe(spark, "merge: %s %d runs".formatted(what, runs.size()));
    try {
      return StatisticsStore.write(
          kind,
          merged,
          attempt.path(StatisticsStore.part(kind)),
          attempt.folder().runId(),
          runs.get(0).calibration().modelSha256());
    } finally {
      merged.unpersist();
      SparkJobs.describe(spark, null);
    }
  }

  /** Returns the facts of the first run, adjusted for the merged statistics. */
  private static CalibrationFacts merged(
      List<CalibrationFacts> facts,
      long samples,
      StatisticsStore.Written written,
      Optional<StatisticsStore.Written> moments,
      Optional<StatisticsStore.Written> folds,
      Optional<CalibrationFacts.Gram> gram,
      List<String> mixed) {
    CalibrationFacts first = facts.get(0);
    // Marks of an earlier merge also apply to this one.
    LinkedHashSet<String> marks = new LinkedHashSet<>();
    facts.forEach(each -> marks.addAll(each.mixed()));
    marks.addAll(mixed);
    return new CalibrationFacts(
        written.contentSha256(),
        moments.map(StatisticsStore.Written::contentSha256),
        folds.map(StatisticsStore.Written::contentSha256),
        gram,
        first.modelSha256(),
        samples,
        first.observe(),
        Optional.of(List.copyOf(new TreeSet<>(written.tensors()))),
        first.channels(),
        new CalibrationFacts.Conditions(
            union(facts, each -> each.conditions().runtime()),
            first.conditions().optimizationLevel(),
            union(facts, each -> each.conditions().cpuFeatures())),
        union(facts, CalibrationFacts::cpus),
        Optional.empty(),
        OptionalInt.of(facts.size()),
        List.copyOf(marks));
  }

  private static long sum(long some, long more) {
    try {
      return Math.addExact(some, more);
    } catch (ArithmeticException e) {
      throw TareException.badInput(
          "Cannot merge runs of %d and %d samples: their sum overflows".formatted(some, more), e);
    }
  }

  /** A run counted twice would double its samples silently. */
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

  private List<String> differences(List<CalibrationFacts> facts) {
    List<String> mixed = new ArrayList<>();
    for (int run = 1; run < facts.size(); run++) {
      for (Condition condition : ESSENTIAL) {
        difference(facts, run, condition).ifPresent(text -> refuse(text, false, ""));
      }
      for (Condition condition : EXACT) {
        difference(facts, run, condition)
            .ifPresent(
                text -> {
                  refuse(text, allowMixed, "; --allow-mixed accepts it and marks the result");
                  mixed.add(text);
                });
      }
    }
    return mixed;
  }

  private Optional<String> difference(List<CalibrationFacts> facts, int run, Condition condition) {
    CalibrationFacts first = facts.get(0);
    CalibrationFacts other = facts.get(run);
    return condition.value().apply(first).equals(condition.value().apply(other))
        ? Optional.empty()
        : Optional.of(
            "%s: %s in %s vs %s in %s"
                .formatted(
                    condition.key(),
                    first.toJson().path(condition.key()),
                    runs.get(0).folder().path(),
                    other.toJson().path(condition.key()),
                    runs.get(run).folder().path()));
  }

  private static void refuse(String text, boolean allowed, String advice) {
    if (!allowed) {
      throw TareException.badInput(
          "Cannot merge statistics made under different conditions, " + text + advice);
    }
  }

  private static List<String> union(
      List<CalibrationFacts> facts, Function<CalibrationFacts, List<String>> values) {
    TreeSet<String> union = new TreeSet<>();
    facts.forEach(each -> union.addAll(values.apply(each)));
    return List.copyOf(union);
  }
}
