package dev.tare.engine.onnx.write;

import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Factors of channels, with as many axes behind that of the channels as the tensor has. The array
 * is not copied.
 */
final class Factors {

  private final float[] values;
  private final int behind;

  Factors(float[] values, int behind) {
    this.values = values;
    this.behind = behind;
  }

  float[] values() {
    return values;
  }

  int count() {
    return values.length;
  }

  double of(int channel) {
    return values[channel];
  }

  /** The shape in which a constant of the channels has their axis last but for {@code behind}. */
  Shape shape() {
    List<Long> dims = new ArrayList<>(Collections.nCopies(1 + behind, 1L));
    dims.set(0, (long) values.length);
    return new Shape(dims);
  }

  /** Whether a constant has one value, or one for each channel along their axis. */
  boolean fit(Shape constant) {
    int axis = constant.rank() - 1 - behind;
    boolean each = axis >= 0 && constant.size() == count() && constant.dim(axis) == count();
    return constant.rank() <= behind + 2 && (constant.size() == 1 || each);
  }
}
