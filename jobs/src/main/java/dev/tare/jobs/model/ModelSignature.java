package dev.tare.jobs.model;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.TensorInfo;
import dev.tare.engine.onnx.ValueShapes;
import dev.tare.engine.tensor.Dim;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.InputSpec;
import java.util.ArrayList;
import java.util.List;

/** The inputs of a model as samples must fill them. */
public final class ModelSignature {

  private ModelSignature() {}

  /**
   * The inputs without their outermost, the batch dimension.
   *
   * @throws TareException (bad input) if an input has no known type or rank, no batch dimension, or
   *     one that is fixed to anything but 1
   */
  public static List<InputSpec> inputs(OnnxModel model) {
    List<InputSpec> specs = new ArrayList<>();
    for (TensorInfo input : model.inputs()) {
      if (input.dtype().isEmpty() || input.dims().isEmpty() || input.dims().get().isEmpty()) {
        throw refused(model, input, "needs a known type and a batch dimension");
      }
      List<Dim> dims = input.dims().get();
      if (dims.get(0) instanceof Dim.Fixed fixed && fixed.size() != 1) {
        throw refused(model, input, "has a batch dimension fixed to " + fixed.size());
      }
      specs.add(new InputSpec(input.name(), input.dtype().get(), dims.subList(1, dims.size())));
    }
    return specs;
  }

  /**
   * Whether batches of more than one sample are possible: no input fixes its batch dimension, and
   * no shape depends on values.
   */
  public static boolean batchable(OnnxModel model) {
    return !ValueShapes.in(model)
        && model.inputs().stream()
            .allMatch(
                input ->
                    input.dims().isPresent()
                        && !input.dims().get().isEmpty()
                        && !(input.dims().get().get(0) instanceof Dim.Fixed));
  }

  private static TareException refused(OnnxModel model, TensorInfo input, String problem) {
    return TareException.badInput(
        "Cannot feed model '%s': input '%s' %s".formatted(model.name(), input.name(), problem));
  }
}
