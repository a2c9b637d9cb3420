package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Linear layers of a checkpoint whose integers and scales are those of a plan for a graph: {@code
 * int-quantized} with static scales of inputs, or {@code pack-quantized} with inputs as they are.
 *
 * @param weights by the names of parameters
 * @param inputs whether inputs are quantized: of all layers or of none
 * @param left paths of the other modules with a matrix, sorted
 */
public record LinearLayers(
    SortedMap<String, LinearWeight> weights, boolean inputs, List<String> left) {

  private static final String WEIGHT = ".weight";

  /**
   * @throws IllegalArgumentException if there is no weight, or inputs are quantized of some alone
   */
  public LinearLayers {
    weights = new TreeMap<>(weights);
    left = List.copyOf(left);
    if (weights.isEmpty()) {
      throw new IllegalArgumentException("no weight of the plan is a parameter of the checkpoint");
    }
    boolean each = inputs;
    weights.forEach(
        (name, weight) -> {
          if (weight.input().isPresent() != each) {
            throw new IllegalArgumentException(
                "Inputs of '%s' are %s, and those of others are%s"
                    .formatted(name, each ? "float" : "quantized", each ? " quantized" : " not"));
          }
        });
  }

  CompressionFormat format() {
    return inputs ? CompressionFormat.INT_QUANTIZED : CompressionFormat.PACK_QUANTIZED;
  }

  /** Whether the zero points of all inputs are 0, and are not stored. */
  boolean symmetricInputs() {
    return weights.values().stream().allMatch(weight -> weight.inputZeroPoint() == 0);
  }

  /**
   * What is written for a weight: with inputs {@code weight} I8 [out, in], {@code weight_scale} F32
   * [out, 1], {@code input_scale} F32 [1] and, if any is not 0, {@code input_zero_point} I8 [1];
   * else {@code weight_packed} I32 [out, words], {@code weight_scale} and {@code weight_shape} I64
   * [2].
   */
  public List<TensorSpec> outputs(String parameter) {
    LinearWeight weight = weights.get(parameter);
    long rows = weight.rows();
    long columns = weight.columns();
    String module = module(parameter);
    List<TensorSpec> outputs = new ArrayList<>();
    if (inputs) {
      outputs.add(new TensorSpec(parameter, ElementType.I8, Shape.of(rows, columns)));
      outputs.add(new TensorSpec(module + ".input_scale", ElementType.F32, Shape.of(1)));
      if (!symmetricInputs()) {
        outputs.add(new TensorSpec(module + ".input_zero_point", ElementType.I8, Shape.of(1)));
      }
    } else {
      outputs.add(
          new TensorSpec(
              parameter + "_packed", ElementType.I32, Shape.of(rows, (columns + 3) / 4)));
      outputs.add(new TensorSpec(parameter + "_shape", ElementType.I64, Shape.of(2)));
    }
    outputs.add(new TensorSpec(parameter + "_scale", ElementType.F32, Shape.of(rows, 1)));
    return outputs;
  }

  /**
   * The bytes of one of these.
   *
   * @param codes integers of the weight in the order of the graph
   */
  public ByteBuffer bytes(String parameter, TensorSpec output, ByteBuffer codes) {
    LinearWeight weight = weights.get(parameter);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.toIntExact(output.bytes())).order(ByteOrder.LITTLE_ENDIAN);
    String kind = output.name().substring(module(parameter).length() + 1);
    switch (kind) {
      case "input_scale" -> bytes.putFloat(weight.input().orElseThrow().channels().scale(0));
      case "input_zero_point" -> bytes.put((byte) weight.inputZeroPoint());
      case "weight_shape" -> bytes.putLong(weight.rows()).putLong(weight.columns());
      case "weight_scale" -> {
        for (float scale : weight.scales()) {
          bytes.putFloat(scale);
        }
      }
      case "weight_packed" -> pack(weight, codes, bytes);
      default -> {
        for (int row = 0; row < weight.rows(); row++) {
          bytes.put(weight.row(codes, row));
        }
      }
    }
    return bytes.rewind();
  }

  /** Words of four integers, each with 128 added, the first in the low bits. */
  private static void pack(LinearWeight weight, ByteBuffer codes, ByteBuffer bytes) {
    int rowBytes = (weight.columns() + 3) / 4 * 4;
    for (int row = 0; row < weight.rows(); row++) {
      byte[] values = weight.row(codes, row);
      for (int i = 0; i < rowBytes; i++) {
        bytes.put((byte) (i < values.length ? values[i] + 128 : 0));
      }
    }
  }

  private static String module(String parameter) {
    return parameter.substring(0, parameter.length() - WEIGHT.length());
  }
}
