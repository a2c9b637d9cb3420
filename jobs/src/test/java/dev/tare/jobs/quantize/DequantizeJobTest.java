package dev.tare.jobs.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights whose scales and integers a reader can compute, and the floats that come back. */
class DequantizeJobTest {

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();
  private final Configuration hadoop = SparkJobs.hadoop(spark);

  /** x[batch, 2] through one product. */
  private ModelHandle product(String name, float... weight) throws IOException {
    String file =
        Models.exported(13)
            .input("x", "batch", 2)
            .constant(Models.floats("w", weight, 2, 3))
            .node("MatMul", "product", List.of("x", "w"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 3)
            .write(folder.resolve(name));
    return ModelHandle.open(file, hadoop);
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private QuantPlan quantized(ModelHandle model) throws IOException {
    QuantPlan plan =
        new SelectJob(spark)
            .run(
                model,
                RecipeText.open(RecipeOptions.of("int8-weights"), hadoop),
                path("no-statistics"),
                "");
    new QuantizeJob(spark)
        .run(
            model,
            plan,
            Optional.empty(),
            path("tensors"),
            path("weights"),
            "run-1",
            file -> OutputStream.nullOutputStream());
    return plan;
  }

  private int dequantize(ModelHandle model, QuantPlan plan) throws IOException {
    Files.createDirectories(folder.resolve("back"));
    return new DequantizeJob(spark)
        .run(
            model,
            plan,
            path("weights"),
            file -> Files.newOutputStream(folder.resolve("back").resolve(file)));
  }

  private float[] weightBack() throws IOException {
    Tensor weight =
        ModelHandle.open(folder.resolve("back/model.onnx").toString(), hadoop)
            .prepared()
            .graph()
            .constant("w_dequantized");
    ByteBuffer bytes = weight.bytes().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  @Test
  void floatsComeBackAsMultiplesOfTheScaleOfTheirColumn() throws IOException {
    // Columns reach 127, 254 and 63.5, so their scales are 1, 2 and a half.
    ModelHandle model = product("model.onnx", 127, -254, 1.2f, -3.4f, 11.1f, 63.5f);
    assertThat(dequantize(model, quantized(model))).isEqualTo(1);
    assertThat(weightBack()).containsExactly(127, -254, 1, -3, 12, 63.5f);
    try (var files = Files.list(folder.resolve("back"))) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aPlanForAnotherModelIsRefusedAndNothingWritten() throws IOException {
    ModelHandle model = product("model.onnx", 1, 2, 3, 4, 5, 6);
    ModelHandle other = product("other.onnx", 1, 2, 3, 4, 5, 7);
    QuantPlan plan = quantized(model);
    assertThatThrownBy(() -> dequantize(other, plan))
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(model.sha256(), other.sha256())
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(folder.resolve("back")).isEmptyDirectory();
  }
}
