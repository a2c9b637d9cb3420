package dev.tare.jobs.model;

import dev.tare.engine.infer.BatchAxes;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Dim;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.InputSpec;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The inputs of a model as samples must fill them. */
public final class ModelSignature {

  private ModelSignature() {}

  /**
   * The inputs without their batch dimensions; unchanged if they have none.
   *
   * @throws TareException (bad input) if an input has no known type or rank
   */
  public static List<InputSpec> inputs(FloatModel model) {
    SortedMap<String, Integer> axes = axes(model);
    return model.inputs().stream()
        .map(
            input ->
                InputSpec.of(
                    input.name(),
                    input.dtype().orElseThrow(),
                    input.dims().orElseThrow(),
                    axes.get(input.name())))
        .toList();
  }

  private static SortedMap<String, Integer> axes(FloatModel model) {
    Map<String, List<Dim>> dims = new TreeMap<>();
    for (TensorInfo input : model.inputs()) {
      if (input.dtype().isEmpty() || input.dims().isEmpty()) {
        throw refused(model, input, "needs a known type and number of dimensions");
      }
      dims.put(input.name(), input.dims().get());
    }
    return BatchAxes.of(dims);
  }

  /**
   * Whether batches of more than one sample are possible: every input has a batch dimension that is
   * not fixed, and no shape depends on values.
   */
  public static boolean batchable(FloatModel model) {
    if (model.shapesFollowValues()) {
      return false;
    }
    SortedMap<String, Integer> axes = axes(model);
    return model.inputs().stream()
        .allMatch(
            input -> {
              int axis = axes.get(input.name());
              return axis != BatchAxes.NONE
                  && !(input.dims().orElseThrow().get(axis) instanceof Dim.Fixed);
            });
  }

  private static TareException refused(FloatModel model, TensorInfo input, String problem) {
    return TareException.badInput(
        "Cannot feed model '%s': input '%s' %s".formatted(model.name(), input.name(), problem));
  }
}
