package dev.tare.engine.tflite;

import java.util.HashSet;
import java.util.Set;
import org.tensorflow.lite.schema.TensorT;

/** Unique names for the tensors of a graph, whose file may leave them out or repeat them. */
final class LiteNames {

  private LiteNames() {}

  /** The names by index: the file's where it is the first of that name, else with the index. */
  static String[] of(TensorT[] tensors) {
    Set<String> given = new HashSet<>();
    for (TensorT tensor : tensors) {
      given.add(given(tensor));
    }
    Set<String> taken = new HashSet<>();
    String[] names = new String[tensors.length];
    for (int i = 0; i < names.length; i++) {
      String name = given(tensors[i]);
      if (name.isEmpty() || !taken.add(name)) {
        name = (name.isEmpty() ? "tensor" : name) + "#" + i;
        while (given.contains(name) || !taken.add(name)) {
          name += "'";
        }
      }
      names[i] = name;
    }
    return names;
  }

  private static String given(TensorT tensor) {
    return tensor.getName() == null ? "" : tensor.getName();
  }
}
