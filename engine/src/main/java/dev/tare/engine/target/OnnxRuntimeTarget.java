package dev.tare.engine.target;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorRule;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * ONNX Runtime on a CPU: its integer kernels, its contrib operators, and the placement of its own
 * static quantization.
 */
public final class OnnxRuntimeTarget implements TargetProfile {

  static final String NAME = "onnxruntime";

  /** Has no state. */
  public static final OnnxRuntimeTarget INSTANCE = new OnnxRuntimeTarget();

  private final TargetData data = TargetData.load(NAME);

  private OnnxRuntimeTarget() {}

  @Override
  public TargetData data() {
    return data;
  }

  @Override
  public List<NamedPlacement> placements() {
    return NamedPlacement.ALL;
  }

  @Override
  public Optional<Refusal> refusal(Recipe recipe) {
    boolean dynamic =
        recipe.mode() == Mode.DYNAMIC
            || recipe.rules().stream()
                .anyMatch(r -> r.mode().filter(m -> m == Mode.DYNAMIC).isPresent());
    TensorRule weights = recipe.weights();
    boolean bytes = weights.type().isInteger() && weights.type().dtype().bits() == 8;
    if (dynamic && (!bytes || weights.blockSize().isPresent())) {
      return Optional.of(
          new Refusal(
              "weights",
              "mode dynamic needs 8-bit weights, per tensor or per channel: MatMulInteger has no"
                  + " other"));
    }
    if (recipe.format() == Format.GATHER && !weights.type().learned()) {
      return Optional.of(new Refusal("weights", "format gather needs type codebook4 or codebook8"));
    }
    if (recipe.format() == Format.MATMUL_BNB4 && !packsTables(weights)) {
      return Optional.of(
          new Refusal(
              "weights",
              "MatMulBnb4 needs type nf4 or fp4 per block, and a block-size of 16, 32, 64, 128 or"
                  + " 256"));
    }
    return recipe.format() == Format.MATMUL_NBITS && !packs(weights)
        ? Optional.of(
            new Refusal(
                "weights",
                "MatMulNBits needs 4 or 8 bits per block, and a block-size of 16, 32, 64, 128 or"
                    + " 256"))
        : Optional.empty();
  }

  /**
   * MatMulNBits and MatMulBnb4 accept the right operand of a matrix product; of the latter blocks
   * would continue from column to column, where a column is no whole number of them. Rows of a
   * table of 4 bits are what GatherBlockQuantized looks up.
   */
  @Override
  public boolean packs(Format format, QuantizableNode node, TensorRule weight) {
    if (format == Format.GATHER) {
      return weight.type().learned() && !node.takesRows();
    }
    if (node.takesRows()) {
      return format == Format.MATMUL_NBITS
          && node.weightShape().rank() == 2
          && packs(weight)
          && weight.type().dtype().bits() == 4;
    }
    boolean matrix =
        node.opType().equals("MatMul") && node.weightIndex() == 1 && node.weightShape().rank() == 2;
    return format == Format.MATMUL_BNB4
        ? matrix
            && packsTables(weight)
            && node.weightShape().dim(0) % weight.blockSize().orElseThrow() == 0
        : matrix && packs(weight);
  }

  /** MatMulNBits accepts 4 or 8 bits, and block sizes that are powers of two from 16 on. */
  private static boolean packs(TensorRule weight) {
    int size = weight.blockSize().orElse(0);
    return size >= 16
        && Integer.bitCount(size) == 1
        && weight.type().isInteger()
        && weight.type().dtype().bits() <= 8;
  }

  private static boolean packsTables(TensorRule weight) {
    int size = weight.blockSize().orElse(0);
    return size >= 16
        && size <= 256
        && Integer.bitCount(size) == 1
        && weight.type().codebook().isPresent();
  }

  /** DequantizeLinear takes floating-point numbers of 8 bits, and computes in float. */
  @Override
  public Optional<String> against(QuantType type) {
    return type == QuantType.FLOAT16 ? TargetProfile.super.against(type) : Optional.empty();
  }

  @Override
  public Optional<String> limit(
      QuantizableNode node, Mode mode, TensorRule weight, Supplier<TensorRule> input) {
    return mode == Mode.STATIC
        ? OperatorLimits.ofStatic(node, weight, input.get().type().dtype().bits())
        : OperatorLimits.reason(node, mode, weight);
  }
}
