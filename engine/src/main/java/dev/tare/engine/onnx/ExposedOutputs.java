package dev.tare.engine.onnx;

import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Makes inner tensors of a model outputs, so that callers can read them. */
public final class ExposedOutputs {

  private ExposedOutputs() {}

  /**
   * The same model with more outputs: first its own, then the named tensors, sorted. No name
   * changes; a tensor that is an output already is not repeated. Types are left for the runtime to
   * infer.
   *
   * @throws IllegalArgumentException if the main graph computes no tensor of such a name
   */
  public static OnnxModel expose(OnnxModel model, Collection<String> tensors) {
    GraphProto.Builder graph = model.graph().toBuilder();
    Set<String> known = model.tensors();
    Set<String> outputs = new HashSet<>();
    graph.getOutputList().forEach(o -> outputs.add(o.getName()));
    List<String> missing = tensors.stream().filter(t -> !known.contains(t)).sorted().toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot expose %s: model '%s' computes no such tensor".formatted(missing, model.name()));
    }
    for (String tensor : new TreeSet<>(tensors)) {
      if (outputs.add(tensor)) {
        graph.addOutput(ValueInfoProto.newBuilder().setName(tensor));
      }
    }
    return model.with(model.proto().toBuilder().setGraph(graph).build());
  }
}
