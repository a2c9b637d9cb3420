package dev.tare.engine.tflite.write;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.LiteTypes;
import java.util.HashSet;
import java.util.Set;

/** Adds tensors under names that no other has. Not thread-safe. */
final class FreshTensors {

  private final LiteDraft draft;
  private final Set<String> taken = new HashSet<>();

  FreshTensors(LiteModel model, LiteDraft draft) {
    this.draft = draft;
    model.tensors().forEach(tensor -> taken.add(tensor.name()));
  }

  /** Adds a tensor of the shape of another; returns its index. */
  int like(LiteTensor tensor, String suffix, DType type) {
    return draft.addTensor(
        name(tensor, suffix), LiteTypes.of(type), tensor.shape(), tensor.signature());
  }

  /** Adds a constant with the data of another; returns its index. */
  int copy(LiteTensor tensor, String suffix) {
    return draft.addCopy(tensor.index(), name(tensor, suffix));
  }

  private String name(LiteTensor tensor, String suffix) {
    String name = tensor.name() + suffix;
    while (!taken.add(name)) {
      name += "'";
    }
    return name;
  }
}
