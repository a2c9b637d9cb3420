package dev.tare.engine.tflite;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of a model's graph.
 *
 * @param index position in the graph
 * @param name unique in the model: the file's, with the index where that is empty or not the first
 * @param dtype element type; empty for texts and others without a dense form
 * @param shape as stored; a dimension that is not known is 1 there
 * @param signature as {@code shape}, with -1 where a dimension is not known; empty if all are
 * @param constant whether the file has its values
 * @param variable whether it keeps its values between runs
 * @param quantized whether it has scales
 */
public record LiteTensor(
    int index,
    String name,
    Optional<DType> dtype,
    Shape shape,
    List<Integer> signature,
    boolean constant,
    boolean variable,
    boolean quantized) {

  public LiteTensor {
    signature = List.copyOf(signature);
  }

  /** Whether an operator or the caller gives it float32 numbers. */
  public boolean floatActivation() {
    return dtype.filter(DType.FLOAT32::equals).isPresent() && !constant && !variable;
  }

  /** Whether it is a float32 constant. */
  public boolean floatConstant() {
    return dtype.filter(DType.FLOAT32::equals).isPresent() && constant;
  }

  /** Its dimensions; the first one that is not known is called the batch. */
  public List<Dim> dims() {
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      boolean unknown = axis < signature.size() && signature.get(axis) < 0;
      dims.add(
          !unknown ? Dim.fixed(shape.dim(axis)) : axis == 0 ? Dim.symbol("batch") : Dim.unknown());
    }
    return List.copyOf(dims);
  }
}
