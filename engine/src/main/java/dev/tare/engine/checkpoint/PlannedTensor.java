package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor of the original, and whether it is quantized or copied.
 *
 * @param file the file that it is in
 * @param source what it is and where it is there
 */
public record PlannedTensor(String file, StoredTensor source, boolean quantized) {

  private static final int ALIGNMENT = 8;

  /**
   * What is written for it, in the order of the bytes: itself; or, of a weight [out, in] that is
   * packed, {@code weight_shape} I64 [2], {@code weight_packed} I32 [out, words], {@code
   * weight_zero_point} I32 [words, groups] if asymmetric, and {@code weight_scale} [out, groups] in
   * the type of the weight; else {@code weight} I8 or F8_E4M3 [out, in] and {@code weight_scale},
   * of blocks [blocks of rows, groups]. The integers come before the scales, so that a weight is
   * read once.
   */
  List<TensorSpec> outputs(WeightScheme scheme) {
    TensorSpec spec = source.spec();
    if (!quantized) {
      return List.of(spec);
    }
    long rows = spec.shape().dim(0);
    long columns = spec.shape().dim(1);
    long groups = scheme.groups(columns);
    String name = spec.name();
    List<TensorSpec> outputs = new ArrayList<>();
    if (scheme.packed()) {
      outputs.add(new TensorSpec(name + "_shape", ElementType.I64, Shape.of(2)));
      Shape packed = Shape.of(rows, WeightEncoder.rowBytes(scheme, columns) / 4);
      outputs.add(new TensorSpec(name + "_packed", ElementType.I32, packed));
      if (!scheme.symmetric()) {
        long words = (rows * scheme.bits() + 31) / 32;
        outputs.add(new TensorSpec(name + "_zero_point", ElementType.I32, Shape.of(words, groups)));
      }
    } else {
      ElementType type = scheme.type().isInteger() ? ElementType.I8 : ElementType.F8_E4M3;
      outputs.add(new TensorSpec(name, type, spec.shape()));
    }
    Shape scales = Shape.of(scheme.scaleRows(rows), groups);
    outputs.add(new TensorSpec(name + "_scale", spec.type(), scales));
    return outputs;
  }

  /** Bytes of what is written. */
  long bytes(WeightScheme scheme) {
    return outputs(scheme).stream().mapToLong(TensorSpec::bytes).sum();
  }

  /**
   * The largest of 8, 4, 2 and 1 that divides the bytes of every tensor that is written: those with
   * larger ones come first, so that odd sizes do not misalign what follows.
   */
  int alignment(WeightScheme scheme) {
    int alignment = ALIGNMENT;
    for (TensorSpec output : outputs(scheme)) {
      while (output.bytes() % alignment != 0) {
        alignment /= 2;
      }
    }
    return alignment;
  }
}
