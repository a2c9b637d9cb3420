package dev.tare.engine.target;

import dev.tare.engine.recipe.TensorQuery.Nature;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an int8 kernel of TensorFlow Lite requires of the scales around it.
 *
 * @param scales how the scales of inputs and outputs are related
 * @param fixed what outputs always are; {@link Nature#ANY} unless the scale is {@link Scales#FIXED}
 * @param version lowest version of the operator that has the kernel
 * @see <a href="https://ai.google.dev/edge/litert/models/quantization_spec">quantization_spec</a>,
 *     and op_version.cc of TensorFlow
 */
public record LiteKernel(Scales scales, Nature fixed, int version) {

  /** How the scales of inputs and outputs are related. */
  public enum Scales {
    /** A product with a weight: each tensor has its own scale. */
    PRODUCT,
    /** Each tensor has its own scale. */
    FREE,
    /** The outputs have the scale of the input. */
    OF_INPUT,
    /** The inputs have the scale of the output. */
    OF_OUTPUT,
    /** The output has a scale that the kernel prescribes. */
    FIXED
  }

  private static final SortedMap<String, LiteKernel> ALL = all();

  /**
   * Products that multiply a float input by int8 weights, with the version for scales by channel.
   */
  private static final Map<String, Integer> HYBRIDS =
      Map.of("CONV_2D", 5, "DEPTHWISE_CONV_2D", 6, "FULLY_CONNECTED", 3);

  private static final SortedMap<String, Integer> WIDE = wide();

  /** The kernel of an operator; empty if it has none for int8 that Tare uses. */
  public static Optional<LiteKernel> of(String opType) {
    return Optional.ofNullable(ALL.get(opType));
  }

  /**
   * The version of an operator whose kernel takes float inputs and int8 weights, with a scale for
   * each channel or, for FULLY_CONNECTED, a single one, and quantizes each sample of the input by
   * its own largest magnitude; empty if it has none.
   */
  public static OptionalInt hybridVersion(String opType) {
    Integer version = HYBRIDS.get(opType);
    return version == null ? OptionalInt.empty() : OptionalInt.of(version);
  }

  /**
   * The version of an operator from which its kernel takes int16 activations with zero point 0;
   * empty if it has none.
   */
  public static OptionalInt wideVersion(String opType) {
    Integer version = WIDE.get(opType);
    return version == null ? OptionalInt.empty() : OptionalInt.of(version);
  }

  /** What outputs of int16 always are, which the kernels of int8 count in larger steps. */
  Nature wideFixed() {
    return scales == Scales.FIXED ? Nature.SIGNED_IN_32768THS : Nature.ANY;
  }

  /** All kernels, by the name of the operator. */
  static SortedMap<String, LiteKernel> known() {
    return ALL;
  }

  private static SortedMap<String, Integer> wide() {
    SortedMap<String, Integer> wide = new TreeMap<>();
    wide(wide, 1, "EXPAND_DIMS", "RESHAPE", "SQUEEZE");
    wide(wide, 2, "LEAKY_RELU", "SPLIT_V", "SUM");
    wide(wide, 3, "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "LOGISTIC", "MAX_POOL_2D", "MEAN");
    wide(wide, 3, "MIRROR_PAD", "PACK", "PAD", "REDUCE_MAX", "REDUCE_MIN", "RELU", "RELU6");
    wide(wide, 3, "SOFTMAX", "TANH", "TRANSPOSE_CONV");
    wide(wide, 4, "BATCH_TO_SPACE_ND", "CONV_2D", "GATHER", "MAXIMUM", "MINIMUM", "MUL");
    wide(wide, 4, "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPACE_TO_BATCH_ND");
    wide(wide, 4, "SPLIT", "STRIDED_SLICE", "UNPACK");
    wide(wide, 5, "DEPTHWISE_CONV_2D", "SUB", "TRANSPOSE");
    wide(wide, 7, "FULLY_CONNECTED");
    return Collections.unmodifiableSortedMap(wide);
  }

  private static void wide(SortedMap<String, Integer> wide, int version, String... operators) {
    for (String operator : operators) {
      wide.put(operator, version);
    }
  }

  private static SortedMap<String, LiteKernel> all() {
    SortedMap<String, LiteKernel> all = new TreeMap<>();
    add(all, Scales.PRODUCT, Nature.ANY, 3, "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV");
    add(all, Scales.PRODUCT, Nature.ANY, 4, "FULLY_CONNECTED");
    add(all, Scales.FREE, Nature.ANY, 1, "HARD_SWISH", "PRELU");
    add(all, Scales.FREE, Nature.ANY, 2, "ADD", "SUB", "MUL", "MEAN", "SUM");
    add(all, Scales.FREE, Nature.ANY, 2, "LEAKY_RELU", "RELU", "RELU6", "SQUARED_DIFFERENCE");
    add(all, Scales.OF_INPUT, Nature.ANY, 1, "RESHAPE", "SQUEEZE", "EXPAND_DIMS");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "MIRROR_PAD");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "GATHER", "TRANSPOSE", "SLICE", "STRIDED_SLICE");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "SPLIT", "SPLIT_V", "UNPACK");
    add(all, Scales.OF_INPUT, Nature.ANY, 2, "REDUCE_MAX", "REDUCE_MIN");
    add(all, Scales.OF_OUTPUT, Nature.ANY, 2, "CONCATENATION", "MAXIMUM", "MINIMUM", "PACK");
    add(all, Scales.FIXED, Nature.PROBABILITIES_IN_256THS, 2, "LOGISTIC", "SOFTMAX");
    add(all, Scales.FIXED, Nature.SIGNED_IN_128THS, 2, "L2_NORMALIZATION", "TANH");
    add(all, Scales.FIXED, Nature.LOGARITHMS_IN_16THS, 2, "LOG_SOFTMAX");
    return Collections.unmodifiableSortedMap(all);
  }

  private static void add(
      SortedMap<String, LiteKernel> all,
      Scales scales,
      Nature fixed,
      int version,
      String... operators) {
    for (String operator : operators) {
      all.put(operator, new LiteKernel(scales, fixed, version));
    }
  }
}
