package dev.tare.jobs.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.table.ObservedTables;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Distances between two tables that a reader can compute from their values. */
class DriftJobTest {

  private static final float[] BEFORE = {0, 0, -1, 1};
  private static final float[] AFTER = {0, 1, 1, 1};

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();

  @BeforeEach
  void tables() {
    ObservedTables.write(
        folder.resolve("baseline"),
        2,
        Map.of("moved", BEFORE, "same", BEFORE, "gone", BEFORE, "x", new float[] {-64, 0, 191}));
    ObservedTables.write(
        folder.resolve("current"),
        3,
        Map.of(
            "moved",
            AFTER,
            "same",
            new float[] {0, 0, -1, 1, 0, 0, -1, 1},
            "new",
            AFTER,
            "x",
            new float[] {-64, 0, 191, 400}));
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private DriftResult compare(Optional<QuantPlan> plan) {
    return new DriftJob(spark).run(path("baseline"), path("current"), plan);
  }

  private static TensorDrift find(DriftResult result, String tensor) {
    return result.tensors().stream()
        .filter(t -> t.tensor().equals(tensor))
        .findFirst()
        .orElseThrow();
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }

  @Test
  void figuresAreThoseOfHandComputedShares() {
    TensorDrift moved = find(compare(Optional.empty()), "moved");
    // Shares of -1, 0 and 1: 1/4, 1/2, 1/4 and 0, 1/4, 3/4; none counts as 1e-4 for the index.
    double psi =
        (1e-4 - .25) * Math.log(1e-4 / .25)
            + (.25 - .5) * Math.log(.25 / .5)
            + (.75 - .25) * Math.log(.75 / .25);
    double divergence =
        .5 * (.25 * log2(.25 / .125) + .5 * log2(.5 / .375) + .25 * log2(.25 / .5))
            + .5 * (.25 * log2(.25 / .375) + .75 * log2(.75 / .5));
    assertThat(moved.drift().psi()).isCloseTo(psi, within(1e-12));
    assertThat(moved.drift().jensenShannon()).isCloseTo(Math.sqrt(divergence), within(1e-12));
    assertThat(moved.drift().kolmogorovSmirnov()).isCloseTo(.5, within(1e-12));
    assertThat(moved.drift().nonFiniteIncrease()).isZero();
    assertThat(moved.baselineCount()).isEqualTo(4);
    assertThat(moved.currentCount()).isEqualTo(4);
    assertThat(moved.fit()).isEmpty();
  }

  @Test
  void theFarthestComeFirstAndTensorsOfOneSideAreTold() {
    DriftResult result = compare(Optional.empty());
    assertThat(result.tensors())
        .extracting(TensorDrift::tensor)
        .startsWith("moved")
        .endsWith("same");
    assertThat(result.tensors()).hasSize(3);
    assertThat(result.oneSided())
        .containsExactly(entry("gone", "baseline"), entry("new", "current"));
    TensorDrift same = find(result, "same");
    assertThat(same.drift().psi()).isCloseTo(0, within(1e-12));
    assertThat(same.currentCount()).isEqualTo(8);
  }

  @Test
  void aPublishedScaleClipsWhatLiesBeyondItsRange() throws IOException {
    DriftResult result = compare(Optional.of(planOfX()));
    TensorDrift.Fit fit = find(result, "x").fit().orElseThrow();
    // The scale covers -64 to 191: all of the baseline, and all but 400 of the four values now.
    assertThat(fit.baselineClipped()).isZero();
    assertThat(fit.currentClipped()).isCloseTo(.25, within(1e-12));
    assertThat(fit.clipIncrease()).isCloseTo(.25, within(1e-12));
    assertThat(fit.currentSqnrDb()).isLessThan(fit.baselineSqnrDb());
    assertThat(find(result, "moved").fit()).isEmpty();
  }

  @Test
  void limitsAreExceededByTheFiguresThatAreGreater() {
    TensorDrift moved = find(compare(Optional.empty()), "moved");
    assertThat(new DriftLimits(10, 1, .5001, 0, 0).exceeded(moved)).isEmpty();
    assertThat(new DriftLimits(10, 1, .25, 0, 0).exceeded(moved))
        .containsExactly("ks 0.5000 > 0.2500");
  }

  private QuantPlan planOfX() throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    String model =
        Models.exported(13)
            .input("x", "batch", 2)
            .weight("w", 2, 3)
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 3)
            .write(folder.resolve("model.onnx"));
    return new SelectJob(spark)
        .run(
            ModelHandle.open(model, hadoop),
            RecipeText.open(RecipeOptions.of("int8"), hadoop),
            path("baseline"),
            "of-statistics");
  }
}
