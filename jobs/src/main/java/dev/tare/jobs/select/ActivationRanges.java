package dev.tare.jobs.select;

import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Decides about activations from statistics.
 *
 * @param statistics folder of their table; not read where nothing is asked
 * @param unchecked the run that they are of, if nobody has checked them yet
 */
record ActivationRanges(SparkSession spark, Path statistics, Optional<FinishedRun> unchecked) {

  /**
   * Decides about the inputs of operators.
   *
   * @param candidates what the recipe quantizes
   * @param smoothed inputs whose channels are rescaled
   * @throws TareException (bad input) if the statistics lack one of them
   */
  List<TensorPlan> of(
      RecipeText recipeText, Recipe recipe, Candidates candidates, List<SmoothedInput> smoothed) {
    SortedMap<String, TensorQuery> wanted = candidates.activations();
    if (wanted.isEmpty()) {
      return List.of();
    }
    SelectActivations select = new SelectActivations(recipeText, wanted, smoothed);
    List<byte[]> made =
        unchecked.isPresent()
            ? whileChecking(unchecked.get(), select)
            : ofChecked(recipe, wanted, smoothed, select);
    List<TensorPlan> planned = made.stream().map(PlanCodec::decode).toList();
    requireObserved(recipe, wanted, planned);
    return planned;
  }

  /** One reading of the table serves the check and the decisions. */
  private List<byte[]> whileChecking(FinishedRun run, SelectActivations select) {
    try {
      try {
        return StatisticsCheck.readBytes(spark, run, select);
      } catch (Exception e) {
        // Of statistics that are not those of the run, say that rather than where it shows.
        StatisticsCheck.verified(spark, run);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<byte[]> ofChecked(
      Recipe recipe,
      SortedMap<String, TensorQuery> wanted,
      List<SmoothedInput> smoothed,
      SelectActivations select) {
    Dataset<Row> needed =
        SelectActivations.needed(
            StatisticsStore.readChecked(spark, statistics), recipe, wanted, smoothed);
    return StatisticsStore.groupedBy(functions.col("tensor"), needed)
        .flatMapGroups(select, Encoders.BINARY())
        .collectAsList();
  }

  /** Refuses statistics that lack an input which gets a range ahead of time. */
  private static void requireObserved(
      Recipe recipe, SortedMap<String, TensorQuery> wanted, List<TensorPlan> planned) {
    TreeSet<String> missing = new TreeSet<>(wanted.keySet());
    planned.forEach(plan -> missing.remove(plan.tensor()));
    if (!missing.isEmpty()) {
      throw TareException.badInput(
          "The statistics lack %d tensors that recipe '%s' needs: %s. Calibrate with --observe all-supported, or another --observe that covers them."
              .formatted(missing.size(), recipe.name(), String.join(", ", missing)));
    }
  }
}
