package dev.tare.engine.tflite.write;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.lite.schema.OperatorT;

/**
 * A model with float32 constants in place of float16 ones that a Dequantize widens when it runs:
 * converters store weights so to halve the file. It computes the same, bit for bit.
 */
public final class WidenedModel {

  private WidenedModel() {}

  /** Returns the model itself if it has no such constant. Costs a copy of those that it has. */
  public static LiteModel of(LiteModel model) {
    List<LiteOperator> widening =
        model.operators().stream().filter(operator -> widens(model, operator)).toList();
    if (widening.isEmpty()) {
      return model;
    }
    LiteDraft draft = model.draft();
    Set<Integer> halves = new HashSet<>();
    for (LiteOperator operator : widening) {
      LiteTensor half = model.tensors().get(operator.input(0));
      draft.setData(operator.outputs().get(0), HalfFloats.widened(model.constant(half)).bytes());
      halves.add(half.index());
    }
    List<OperatorT> rest = new ArrayList<>();
    for (LiteOperator operator : model.operators()) {
      if (!widening.contains(operator)) {
        rest.add(draft.operator(operator.index()));
        halves.removeAll(operator.inputs());
      }
    }
    halves.forEach(draft::removeData);
    draft.setOperators(rest);
    return draft.finish(model.name());
  }

  private static boolean widens(LiteModel model, LiteOperator operator) {
    if (!operator.type().equals("DEQUANTIZE") || operator.input(0) < 0) {
      return false;
    }
    LiteTensor half = model.tensors().get(operator.input(0));
    LiteTensor made = model.tensors().get(operator.outputs().get(0));
    return half.constant()
        && half.dtype().filter(DType.FLOAT16::equals).isPresent()
        && made.floatActivation()
        && made.shape().equals(half.shape())
        && !model.outputs().contains(made);
  }
}
