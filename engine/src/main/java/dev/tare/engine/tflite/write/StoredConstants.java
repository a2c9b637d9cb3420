package dev.tare.engine.tflite.write;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.LiteTypes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.OperatorT;

/** Puts integers in the place of constants, as each reader takes them. Not thread-safe. */
final class StoredConstants {

  /** In this version it takes a scale for each channel. */
  private static final int DEQUANTIZE_VERSION = 5;

  /** In this version it takes float16. */
  private static final int WIDEN_VERSION = 3;

  private final LiteModel model;
  private final LiteDraft draft;
  private final FreshTensors fresh;
  private final ReplacedConstants replaced;
  private final Map<Integer, TensorPlan> plans;
  private final Function<TensorPlan, ByteBuffer> codes;

  /**
   * @param plans of constants by tensor
   * @param codes the integers of a constant
   */
  StoredConstants(
      LiteModel model,
      LiteDraft draft,
      FreshTensors fresh,
      Map<Integer, TensorPlan> plans,
      Function<TensorPlan, ByteBuffer> codes) {
    this.model = model;
    this.draft = draft;
    this.fresh = fresh;
    this.replaced = new ReplacedConstants(model, draft, fresh);
    this.plans = plans;
    this.codes = codes;
  }

  /**
   * For readers that multiply the integers themselves.
   *
   * @param wide those whose sums, and so their biases, are int64
   */
  void integers(Predicate<LiteOperator> readers, Predicate<LiteOperator> wide) {
    plans.forEach(
        (index, plan) ->
            replaced.replace(
                model.tensors().get(index),
                "/int",
                operator -> readers.test(operator) && plan.consumers().contains(operator.name()),
                target -> {
                  store(target, plan);
                  if (plan.role() == Role.BIAS
                      && model.operators().stream()
                          .filter(operator -> plan.consumers().contains(operator.name()))
                          .anyMatch(wide)) {
                    widen(target, plan);
                  }
                }));
  }

  /** The same integers with more bits. */
  private void widen(int target, TensorPlan plan) {
    IntBuffer narrow = codes.apply(plan).slice().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
    ByteBuffer wide =
        ByteBuffer.allocate(Long.BYTES * narrow.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    while (narrow.hasRemaining()) {
      wide.putLong(narrow.get());
    }
    draft.setData(target, wide.flip());
    draft.tensor(target).setType(LiteTypes.of(DType.INT64));
  }

  /**
   * For readers that multiply floats: the model computes those from the integers, or from numbers
   * of 16 bits.
   *
   * @param operators receives what computes them
   */
  void dequantized(Predicate<LiteOperator> readers, List<OperatorT> operators) {
    plans.forEach(
        (index, plan) -> {
          LiteTensor constant = model.tensors().get(index);
          replaced.replace(
              constant,
              "/float",
              operator -> readers.test(operator) && plan.consumers().contains(operator.name()),
              target -> {
                DType type = plan.type().dtype();
                boolean half = PlannedTensors.isHalf(plan);
                int stored = fresh.like(constant, "/" + type.name().toLowerCase(Locale.ROOT), type);
                if (half) {
                  draft.setData(stored, PlannedTensors.checked(plan, codes.apply(plan)));
                } else {
                  store(stored, plan);
                }
                draft.removeData(target);
                int version = half ? WIDEN_VERSION : DEQUANTIZE_VERSION;
                int code = draft.code(BuiltinOperator.DEQUANTIZE, version);
                operators.add(draft.operator(code, stored, target));
              });
        });
  }

  private void store(int target, TensorPlan plan) {
    draft.setData(target, PlannedTensors.checked(plan, codes.apply(plan)));
    draft.setScales(
        target,
        LiteTypes.of(plan.type().dtype()),
        plan.scales(),
        plan.zeroPoints(),
        plan.axis().orElse(0));
  }
}
