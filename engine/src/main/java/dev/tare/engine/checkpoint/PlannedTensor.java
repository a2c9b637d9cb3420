package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of the original, and whether it is quantized or copied.
 *
 * @param file the file that it is in
 * @param source what it is and where it is there
 * @param scheme how it is quantized; empty if it is copied
 */
public record PlannedTensor(String file, StoredTensor source, Optional<WeightScheme> scheme) {

  private static final int ALIGNMENT = 8;

  /** Whether it becomes another type. */
  public boolean quantized() {
    return scheme.isPresent();
  }

  /**
   * What is written for it, in the order of the bytes: itself; or, of a weight [out, in] that is
   * packed, {@code weight_shape} I64 [2], {@code weight_packed} I32 [out, words], {@code
   * weight_zero_point} I32 [words, groups] if asymmetric, and {@code weight_scale} [out, groups] in
   * the type of the weight; else {@code weight} I8 or F8_E4M3 [out, in] and {@code weight_scale},
   * of blocks [blocks of rows, groups]; of MXFP4 {@code weight_packed} U8 [out, in / 2] and {@code
   * weight_scale} U8 [out, groups]; of NVFP4 {@code weight_global_scale} F32 [1], and these with
   * scales F8_E4M3. The codes come before the scales, so that a weight is read once.
   */
  List<TensorSpec> outputs() {
    return scheme.map(this::outputs).orElseGet(() -> List.of(source.spec()));
  }

  private List<TensorSpec> outputs(WeightScheme scheme) {
    TensorSpec spec = source.spec();
    long rows = spec.shape().dim(0);
    long columns = spec.shape().dim(1);
    long groups = scheme.groups(columns);
    String name = spec.name();
    List<TensorSpec> outputs = new ArrayList<>();
    long rowBytes = WeightEncoder.rowBytes(scheme, columns);
    switch (scheme.format()) {
      case PACK_QUANTIZED -> {
        outputs.add(new TensorSpec(name + "_shape", ElementType.I64, Shape.of(2)));
        outputs.add(
            new TensorSpec(name + "_packed", ElementType.I32, Shape.of(rows, rowBytes / 4)));
        if (!scheme.symmetric()) {
          Shape zeros = Shape.of((rows * scheme.bits() + 31) / 32, groups);
          outputs.add(new TensorSpec(name + "_zero_point", ElementType.I32, zeros));
        }
      }
      case INT_QUANTIZED -> outputs.add(new TensorSpec(name, ElementType.I8, spec.shape()));
      case FLOAT_QUANTIZED -> outputs.add(new TensorSpec(name, ElementType.F8_E4M3, spec.shape()));
      case MXFP4_PACK_QUANTIZED ->
          outputs.add(new TensorSpec(name + "_packed", ElementType.U8, Shape.of(rows, rowBytes)));
      case NVFP4_PACK_QUANTIZED -> {
        outputs.add(new TensorSpec(name + "_global_scale", ElementType.F32, Shape.of(1)));
        outputs.add(new TensorSpec(name + "_packed", ElementType.U8, Shape.of(rows, rowBytes)));
      }
    }
    Shape scales = Shape.of(scheme.scaleRows(rows), groups);
    outputs.add(new TensorSpec(name + "_scale", scheme.scaleType(spec.type()), scales));
    return outputs;
  }

  /** Bytes of what is written. */
  long bytes() {
    return outputs().stream().mapToLong(TensorSpec::bytes).sum();
  }

  /**
   * The largest of 8, 4, 2 and 1 that divides the bytes of every tensor that is written: those with
   * larger ones come first, so that odd sizes do not misalign what follows.
   */
  int alignment() {
    int alignment = ALIGNMENT;
    for (TensorSpec output : outputs()) {
      while (output.bytes() % alignment != 0) {
        alignment /= 2;
      }
    }
    return alignment;
  }
}
