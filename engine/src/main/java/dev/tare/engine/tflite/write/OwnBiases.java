package dev.tare.engine.tflite.write;

import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.view.Product;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A model in which every product has a bias of its own: converters merge equal constants, such as
 * zeros, and as integers each has the scale of its own accumulator. It computes the same.
 */
public final class OwnBiases {

  private OwnBiases() {}

  /** Returns the model itself if no two products share a bias. Data is not copied. */
  public static LiteModel of(LiteModel model) {
    Set<Integer> taken = new HashSet<>();
    LiteDraft draft = null;
    FreshTensors fresh = null;
    for (LiteOperator operator : model.operators()) {
      Optional<Product> product = Product.of(operator.type());
      int bias = product.map(own -> operator.input(own.bias())).orElse(-1);
      if (bias < 0 || !model.tensors().get(bias).floatConstant() || taken.add(bias)) {
        continue;
      }
      if (draft == null) {
        draft = model.draft();
        fresh = new FreshTensors(model, draft);
      }
      draft.operator(operator.index()).getInputs()[product.get().bias()] =
          fresh.copy(model.tensors().get(bias), "/" + operator.index());
    }
    return draft == null ? model : draft.finish(model.name());
  }
}
