package dev.tare.jobs.drift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.table.ObservedTables;
import dev.tare.testkit.Models;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the check prints, writes and refuses, on runs whose values a reader can see. */
@Tag("slow")
class DriftCheckTest {

  private static final float[] BEFORE = {0, 0, -1, 1};
  private static final float[] AFTER = {0, 1, 1, 1};
  private static final String MODEL = "ab".repeat(32);
  private static final DriftLimits WIDE = new DriftLimits(100, 1, 1, 1, 1);
  private static final DriftLimits NARROW = new DriftLimits(100, 1, .25, 1, 1);

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private void run(String name, String model, Map<String, float[]> tensors) throws IOException {
    ObservedTables.run(folder.resolve(name), model, tensors, ObservedTables.MoreParts.NONE);
  }

  private void moved() throws IOException {
    run("before", MODEL, Map.of("moved", BEFORE, "same", BEFORE));
    run("after", MODEL, Map.of("moved", AFTER, "same", BEFORE));
  }

  private ExitCode check(DriftLimits limits, Optional<String> json) throws IOException {
    DriftOptions options =
        new DriftOptions(
            folder.resolve("before").toString(),
            folder.resolve("after").toString(),
            Optional.empty(),
            limits,
            1,
            json);
    Console console =
        new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new DriftCheck(options, console).run(spark);
  }

  private ExitCode check(DriftLimits limits) throws IOException {
    return check(limits, Optional.empty());
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withinTheLimitsTheCheckSucceeds() throws IOException {
    moved();
    assertThat(check(WIDE)).isEqualTo(ExitCode.OK);
    assertThat(printed())
        .contains("drift: none; all 2 tensors are within the limits")
        .contains("... and 1 tensors that moved less; --rows shows more")
        .doesNotContain("same");
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("4 samples then, 4 now", "2 tensors compared");
  }

  @Test
  void aTensorBeyondALimitFailsTheGateAndTheFileNamesIt() throws IOException {
    moved();
    Path file = folder.resolve("drift.json");
    assertThat(check(NARROW, Optional.of(file.toString()))).isEqualTo(ExitCode.GATE_FAILED);
    assertThat(printed())
        .contains("drift: 1 of 2 tensors exceed a limit")
        .contains("ks 0.5000 > 0.2500");
    JsonNode tensors = new ObjectMapper().readTree(file.toFile()).path("tensors");
    assertThat(tensors.findValuesAsText("tensor")).containsExactly("moved", "same");
    assertThat(tensors.get(0).path("passed-limits").get(0).asText())
        .isEqualTo("ks 0.5000 > 0.2500");
    assertThat(tensors.get(1).path("passed-limits")).isEmpty();
  }

  @Test
  void runsOfTwoModelsAreRefusedWithBothHashes() throws IOException {
    String other = "cd".repeat(32);
    run("before", MODEL, Map.of("x", BEFORE));
    run("after", other, Map.of("x", AFTER));
    refused(() -> check(WIDE), "Cannot compare statistics of different models", MODEL, other);
  }

  @Test
  void runsWithoutACommonTensorAreRefused() throws IOException {
    run("before", MODEL, Map.of("x", BEFORE));
    run("after", MODEL, Map.of("y", BEFORE));
    refused(() -> check(WIDE), "The runs have no tensor in common");
    assertThat(printed()).isEmpty();
  }

  @Test
  void theBaselinesOwnPlanIsHeldAgainstBoth() throws IOException {
    ModelHandle model = model();
    planned(model, model.sha256(), Map.of("x", new float[] {-64, 0, 191}));
    run("after", model.sha256(), Map.of("x", new float[] {-64, 0, 191, 400}));
    DriftLimits clipped = new DriftLimits(100, 1, 1, .2, 1);
    assertThat(check(clipped)).isEqualTo(ExitCode.GATE_FAILED);
    assertThat(printed()).contains("clip 0.2500 > 0.2000", "0.0000%", "25.0000%");
  }

  @Test
  void aTensorWithAScaleThatWasNotObservedAgainIsRefused() throws IOException {
    ModelHandle model = model();
    planned(model, model.sha256(), Map.of("x", BEFORE, "y", BEFORE));
    run("after", model.sha256(), Map.of("y", BEFORE));
    refused(
        () -> check(WIDE),
        "Tensor 'x' has a published scale but is only in the baseline statistics",
        folder.resolve("after").toString());
  }

  @Test
  void aPlanForAnotherModelIsRefused() throws IOException {
    ModelHandle model = model();
    planned(model, MODEL, Map.of("x", BEFORE));
    run("after", MODEL, Map.of("x", BEFORE));
    refused(() -> check(WIDE), "is for another model: sha256 " + model.sha256(), MODEL);
  }

  private ModelHandle model() throws IOException {
    String file =
        Models.exported(13)
            .input("x", "batch", 2)
            .weight("w", 2, 3)
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 3)
            .write(folder.resolve("model.onnx"));
    return ModelHandle.open(file, SparkJobs.hadoop(spark));
  }

  /** A baseline of all stages: statistics, and the plan of a model that was selected from them. */
  private void planned(ModelHandle model, String observed, Map<String, float[]> tensors)
      throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    ObservedTables.run(
        folder.resolve("before"),
        observed,
        tensors,
        attempt -> {
          QuantPlan plan =
              new SelectJob(spark)
                  .run(
                      model,
                      RecipeText.open(RecipeOptions.of("int8"), hadoop),
                      attempt.path(Part.STATISTICS),
                      "of-statistics");
          attempt.write(Part.PLAN_JSON, QuantPlanJson.format(plan));
        });
  }

  private static void refused(ThrowingCallable call, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(words)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
