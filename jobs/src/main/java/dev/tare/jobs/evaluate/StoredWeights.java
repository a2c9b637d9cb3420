package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.WeightStore;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;

/**
 * The integers that quantization wrote, for models that are made of the same ones with other
 * scales: those of weights by GPTQ would not come out again in a task.
 */
public final class StoredWeights implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String folder;
  private final HadoopSettings hadoop;
  private final ArrayList<byte[]> tensors = new ArrayList<>();

  /** Biases that take up what GPTQ does to the mean, which is not in the float ones. */
  private final TreeSet<String> shifted = new TreeSet<>();

  /**
   * @param folder the table of weights
   * @param plan by which it was written
   */
  public StoredWeights(Path folder, HadoopSettings hadoop, QuantPlan plan) {
    this.folder = folder.toString();
    this.hadoop = hadoop;
    plan.tensors().stream()
        .filter(tensor -> tensor.quantized() && tensor.role() != Role.ACTIVATION)
        .forEach(tensor -> tensors.add(PlanCodec.encode(tensor)));
    plan.gptq().ifPresent(gptq -> gptq.weights().forEach(weight -> shifted.add(weight.bias())));
  }

  /** The integers of all constants; costs a reading of the table. */
  Map<ConstantKey, ByteBuffer> read() {
    List<TensorPlan> constants = tensors.stream().map(PlanCodec::decode).toList();
    try {
      return WeightStore.read(
          hadoop.configuration(), new Path(folder), constants, ByteBuffer::allocate);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read weights in " + folder, e);
    }
  }

  /**
   * Whether the integers of a constant are those of the table in every plan: all but biases that
   * come out again from their float ones. These may be corrected otherwise under the same name.
   */
  boolean has(TensorPlan constant) {
    return constant.role() == Role.WEIGHT || shifted.contains(constant.tensor());
  }
}
