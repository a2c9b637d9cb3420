package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures the shapes of tensors that the model does not state. */
public final class ShapeProbe {

  private ShapeProbe() {}

  /**
   * Runs each sample alone.
   *
   * @param samples of any shapes, at least one
   * @return shapes by tensor, batch dimension of 1 included, in the order of samples
   * @throws InferenceException if ONNX Runtime cannot run one
   */
  public static Map<String, List<Shape>> shapes(
      Session session, List<String> outputs, List<Sample> samples) {
    Map<String, List<Shape>> shapes = new LinkedHashMap<>();
    outputs.forEach(output -> shapes.put(output, new ArrayList<>()));
    Runner runner = session.runner(outputs);
    for (Sample sample : samples) {
      runner.run(List.of(sample), (tensor, floats, shape) -> shapes.get(tensor).add(shape));
    }
    return shapes;
  }
}
