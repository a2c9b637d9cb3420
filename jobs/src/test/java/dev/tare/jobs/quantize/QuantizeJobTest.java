package dev.tare.jobs.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.WeightStore;
import dev.tare.jobs.table.WeightTables;
import dev.tare.testkit.Models;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The integers that executors make of slices are those that the engine makes of the whole. */
class QuantizeJobTest {

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();
  private final Configuration hadoop = SparkJobs.hadoop(spark);

  /** x[batch, rows] through one product whose weight has even deviates of a seed. */
  private ModelHandle product(String name, int rows, int columns, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    float[] weight = new float[rows * columns];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (random.nextDouble() - .5);
    }
    String file =
        Models.exported(13)
            .input("x", "batch", rows)
            .constant(Models.floats("w", weight, rows, columns))
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", columns)
            .write(folder.resolve(name));
    return ModelHandle.open(file, hadoop);
  }

  private QuantPlan plan(ModelHandle model, String recipe) throws IOException {
    return new SelectJob(spark)
        .run(model, RecipeText.open(RecipeOptions.of(recipe), hadoop), path("no-statistics"), "");
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private QuantizeJob.Result quantize(
      ModelHandle model, QuantPlan plan, Map<String, ByteArrayOutputStream> parts)
      throws IOException {
    return new QuantizeJob(spark)
        .run(
            model,
            plan,
            Optional.empty(),
            path("tensors"),
            path("weights"),
            "run-1",
            file -> {
              ByteArrayOutputStream stream = new ByteArrayOutputStream();
              parts.put(file, stream);
              return stream;
            });
  }

  private byte[] written(TensorPlan weight) throws IOException {
    return WeightStore.read(
            SparkJobs.hadoop(spark), path("weights"), List.of(weight), ByteBuffer::allocate)
        .get(ConstantKey.of(weight))
        .array();
  }

  private static byte[] whole(ModelHandle model, TensorPlan weight) {
    Tensor quantized =
        Quantizer.quantize(
            model.prepared().graph().constant(weight.tensor()),
            weight.params(),
            weight.granularity(),
            weight.limits(),
            Rounding.DIVISION);
    byte[] bytes = new byte[quantized.bytes().remaining()];
    quantized.bytes().get(bytes);
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"int8-weights", "int8-weights-b32", "int4-weights", "int4-weights-b32"})
  void anOddWeightIsQuantizedAsTheEngineDoesIt(String recipe) throws IOException {
    ModelHandle model = product("model.onnx", 37, 5, 1);
    QuantPlan plan = plan(model, recipe);
    TensorPlan weight = plan.find("w", Role.WEIGHT).orElseThrow();
    Map<String, ByteArrayOutputStream> parts = new TreeMap<>();
    QuantizeJob.Result result = quantize(model, plan, parts);
    assertThat(written(weight)).isEqualTo(whole(model, weight));
    assertThat(result.constants()).isEqualTo(1);
    assertThat(result.weightBytes()).isEqualTo((37 * 5 * weight.type().dtype().bits() + 7) / 8);
    assertThat(result.modelBytes()).isEqualTo(Files.size(folder.resolve("model.onnx")));
    assertThat(parts).hasSize(1);
  }

  @Test
  @Tag("slow")
  void slicesThatEndWithinARowAndAScaleAreThoseOfTheWhole() throws IOException {
    ModelHandle model = product("model.onnx", 2053, 4099, 2);
    QuantPlan plan = plan(model, "int8-weights");
    TensorPlan weight = plan.find("w", Role.WEIGHT).orElseThrow();
    assertThat(weight.scales()).hasSize(4099);
    assertThat(WeightTables.MAX_SLICE_BYTES % 4099).isNotZero();
    quantize(model, plan, new TreeMap<>());
    List<Row> slices =
        spark
            .read()
            .parquet(folder.resolve("weights").toString())
            .select("slice", "offset")
            .orderBy("slice")
            .collectAsList();
    assertThat(slices)
        .extracting(row -> row.getLong(1))
        .containsExactly(0L, (long) WeightTables.MAX_SLICE_BYTES);
    assertThat(written(weight)).isEqualTo(whole(model, weight));
  }

  @Test
  void aPlanForAnotherModelIsRefusedWithBothHashes() throws IOException {
    ModelHandle model = product("model.onnx", 4, 3, 3);
    ModelHandle other = product("other.onnx", 4, 3, 4);
    QuantPlan plan = plan(model, "int8-weights");
    assertThatThrownBy(() -> quantize(other, plan, new TreeMap<>()))
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(
            "The plan was made for another model: sha256 " + model.sha256(), other.sha256())
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(folder.resolve("weights")).doesNotExist();
  }

  @Test
  void aPlanThatTheWeightContradictsIsRefusedByTheTensor() throws IOException {
    QuantPlan plan = plan(product("model.onnx", 4, 3, 3), "int8-weights");
    ModelHandle other = product("other.onnx", 4, 3, 4);
    QuantPlan forged =
        new QuantPlan(plan.recipe(), other.sha256(), plan.statisticsSha256(), plan.tensors());
    Map<String, ByteArrayOutputStream> parts = new TreeMap<>();
    assertThatThrownBy(() -> quantize(other, forged, parts))
        .hasStackTraceContaining("Cannot quantize tensor 'w' by its plan: ");
    assertThat(parts).isEmpty();
  }
}
