package dev.tare.engine.checkpoint;

import dev.tare.engine.recipe.Words;
import dev.tare.engine.safetensors.ElementType;
import java.util.OptionalInt;

/**
 * How the weight of a linear layer, of shape [out, in], is quantized.
 *
 * @param type what values become
 * @param symmetric whether zero points are 0 and not stored
 * @param groupSize values of a row that share a scale; empty where the whole row does
 * @param groupRows rows that share it too: 1, or, of float8, the height of a block
 * @param gridSteps N, if the range of each group is the fraction k / N of its extremes with the
 *     least squared error, for k from N / 2 to N; empty if it is the extremes
 * @param inputs what becomes of the layer's inputs
 */
public record WeightScheme(
    WeightType type,
    boolean symmetric,
    OptionalInt groupSize,
    int groupRows,
    OptionalInt gridSteps,
    Inputs inputs) {

  /** What becomes of the inputs of a quantized layer. */
  public enum Inputs {
    /** They stay as they are. */
    FLOAT,
    /** They become of the weights' type, symmetric, with a scale per token found at run time. */
    DYNAMIC_TOKEN,
    /** The same with a scale per token and so many of its values as a group of a row has. */
    DYNAMIC_GROUP
  }

  private static final int MOST_GROUP_ROWS = 1024;

  /**
   * @throws IllegalArgumentException if runtimes do not load what this says
   */
  public WeightScheme {
    int fixed = type.fixedGroupSize();
    if (fixed > 0
        && (!symmetric
            || groupSize.orElse(0) != fixed
            || groupRows > 1
            || inputs != Inputs.FLOAT)) {
      throw new IllegalArgumentException(
          "weights of %s are symmetric, in groups of %d, and inputs stay float"
              .formatted(Words.of(type), fixed));
    }
    if (type == WeightType.FLOAT8E4M3FN
        && (!symmetric || (groupSize.isPresent() && groupRows == 1))) {
      throw new IllegalArgumentException(
          "weights of float8 are symmetric, and per-channel or per-group with group-rows");
    }
    if (groupSize.isPresent() && (groupSize.getAsInt() < 8 || groupSize.getAsInt() % 8 != 0)) {
      throw new IllegalArgumentException(
          "group-size is a multiple of 8, not " + groupSize.getAsInt());
    }
    if (groupRows != 1 && (groupRows < 8 || groupRows % 8 != 0 || groupRows > MOST_GROUP_ROWS)) {
      throw new IllegalArgumentException(
          "group-rows is 1 or a multiple of 8 up to %d, not %d"
              .formatted(MOST_GROUP_ROWS, groupRows));
    }
    if (groupRows > 1 && (type.isInteger() || groupSize.isEmpty())) {
      throw new IllegalArgumentException("group-rows is for weights of float8 with a group-size");
    }
    if ((groupRows > 1) != (inputs == Inputs.DYNAMIC_GROUP)) {
      throw new IllegalArgumentException(
          "weights with group-rows need inputs = dynamic-group, and those such weights");
    }
    if (gridSteps.isPresent() && (gridSteps.getAsInt() < 2 || gridSteps.getAsInt() > 1000)) {
      throw new IllegalArgumentException("a grid has 2 to 1000 steps");
    }
    if (inputs == Inputs.DYNAMIC_TOKEN
        && (type.bits() != 8 || !symmetric || groupSize.isPresent())) {
      throw new IllegalArgumentException(
          "inputs of 8 bits need weights that are of 8 bits, symmetric and per-channel");
    }
  }

  /** A scheme whose scales are each of one row. */
  public WeightScheme(
      WeightType type,
      boolean symmetric,
      OptionalInt groupSize,
      OptionalInt gridSteps,
      Inputs inputs) {
    this(type, symmetric, groupSize, 1, gridSteps, inputs);
  }

  /** Whether errors of columns can count differently: ranges are searched, in rows. */
  public boolean weighable() {
    return gridSteps.isPresent() && groupRows == 1;
  }

  /**
   * Checks that errors of columns can count differently.
   *
   * @throws IllegalArgumentException if ranges are not searched, or are those of blocks of rows
   */
  public void requireWeighable() {
    if (!weighable()) {
      throw new IllegalArgumentException(
          "importance is for recipes that search ranges in rows: weights.method = mse-grid, as in"
              + " w4a16-g128-mse and w8a16-mse");
    }
  }

  /** What a loader needs to know, and a configuration says: not how ranges were found. */
  WeightScheme asStored() {
    return new WeightScheme(type, symmetric, groupSize, groupRows, OptionalInt.empty(), inputs);
  }

  /** The layout that codes and scales are stored in. */
  CompressionFormat format() {
    return switch (type) {
      case INT4, INT8 ->
          inputs == Inputs.FLOAT
              ? CompressionFormat.PACK_QUANTIZED
              : CompressionFormat.INT_QUANTIZED;
      case FLOAT8E4M3FN -> CompressionFormat.FLOAT_QUANTIZED;
      case MXFP4 -> CompressionFormat.MXFP4_PACK_QUANTIZED;
      case NVFP4 -> CompressionFormat.NVFP4_PACK_QUANTIZED;
    };
  }

  /** What scales of a weight in {@code stored} are stored as. */
  ElementType scaleType(ElementType stored) {
    return switch (type) {
      case INT4, INT8, FLOAT8E4M3FN -> stored;
      case MXFP4 -> ElementType.U8;
      case NVFP4 -> ElementType.F8_E4M3;
    };
  }

  /** Whether a weight has a scale of its own besides, which follows from its largest magnitude. */
  public boolean hasTensorScale() {
    return type == WeightType.NVFP4;
  }

  /** Whether codes are packed into words of 32 bits: integers, where inputs stay as they are. */
  public boolean packed() {
    return format() == CompressionFormat.PACK_QUANTIZED;
  }

  /** Bits of a code. */
  public int bits() {
    return type.bits();
  }

  /** Scales in a row of so many values. */
  public long groups(long columns) {
    return groupSize.isPresent() ? columns / groupSize.getAsInt() : 1;
  }

  /** Rows of scales of a weight of so many rows; the last one may be of fewer rows. */
  public long scaleRows(long rows) {
    return (rows + groupRows - 1) / groupRows;
  }

  /** Why a weight of so many columns cannot be quantized; empty if it can. */
  String against(long columns) {
    if (columns == 0 || columns > WeightEncoder.MOST_COLUMNS / groupRows) {
      return "rows of %d values".formatted(columns);
    }
    return groupSize.isPresent() && columns % groupSize.getAsInt() != 0
        ? "rows of %d values are no whole number of groups of %d"
            .formatted(columns, groupSize.getAsInt())
        : "";
  }
}
