package dev.tare.jobs.quantize;

import dev.tare.engine.model.ModelSink;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.WeightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** From the table of quantized constants back to a float model. */
public final class DequantizeJob {

  private final SparkSession spark;

  public DequantizeJob(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * Writes the float model whose constants are the dequantized integers.
   *
   * @param plan the plan by which the weights were quantized
   * @param weights folder of the table of slices
   * @param files receives those of the model
   * @return how many constants were replaced
   * @throws TareException (bad input) if the plan was made for another model
   */
  public int run(ModelHandle model, QuantPlan plan, Path weights, ModelSink files)
      throws IOException {
    QuantizeJob.requireMadeFor(model, plan);
    List<TensorPlan> constants = new ArrayList<>(plan.quantized(Role.WEIGHT));
    constants.addAll(plan.quantized(Role.BIAS));
    SparkJobs.describe(spark, "dequantize: %d constants".formatted(constants.size()));
    try (ScratchFile scratch = new ScratchFile()) {
      Map<ConstantKey, ByteBuffer> codes =
          WeightStore.read(SparkJobs.hadoop(spark), weights, constants, scratch::allocate);
      SmoothedHandle.of(model, plan)
          .prepared()
          .dequantized(plan, constant -> codes.get(ConstantKey.of(constant)), scratch::allocate)
          .write(Part.MODEL_STEM, files);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
    SparkJobs.describe(spark, null);
    return constants.size();
  }
}
