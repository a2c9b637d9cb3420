package dev.tare.engine.tflite.write;

import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import java.util.function.IntConsumer;
import java.util.function.Predicate;

/** Replaces a constant for some of its readers. */
final class ReplacedConstants {

  private final LiteModel model;
  private final LiteDraft draft;
  private final FreshTensors fresh;

  ReplacedConstants(LiteModel model, LiteDraft draft, FreshTensors fresh) {
    this.model = model;
    this.draft = draft;
    this.fresh = fresh;
  }

  /**
   * Changes a constant in its place, or a copy of it if others still read it.
   *
   * @param readers those that read it changed
   * @param change given the index of the tensor to change
   */
  void replace(
      LiteTensor constant, String suffix, Predicate<LiteOperator> readers, IntConsumer change) {
    boolean some = false;
    boolean all = true;
    for (LiteOperator operator : model.operators()) {
      if (operator.inputs().contains(constant.index())) {
        boolean changed = readers.test(operator);
        some |= changed;
        all &= changed;
      }
    }
    if (!some) {
      return;
    }
    int target = all ? constant.index() : fresh.copy(constant, suffix);
    change.accept(target);
    for (LiteOperator operator : model.operators()) {
      if (readers.test(operator)) {
        int[] inputs = draft.operator(operator.index()).getInputs();
        for (int i = 0; i < inputs.length; i++) {
          inputs[i] = inputs[i] == constant.index() ? target : inputs[i];
        }
      }
    }
  }
}
