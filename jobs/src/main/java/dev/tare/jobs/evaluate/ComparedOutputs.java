package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.DType;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The outputs by which two models can be compared, in the float model's order. */
final class ComparedOutputs {

  private final Map<String, OutputKind> kinds;
  private final List<String> others;

  private ComparedOutputs(Map<String, OutputKind> kinds, List<String> others) {
    this.kinds = kinds;
    this.others = List.copyOf(others);
  }

  /**
   * Finds them; loads both models.
   *
   * @throws TareException (bad input) if there is none
   */
  static ComparedOutputs of(ModelHandle model, ModelHandle quantized) {
    InferenceOptions options = InferenceOptions.of(1);
    try (SharedInference.Lease a = Side.FLOAT.lease(model, options);
        SharedInference.Lease b = Side.QUANTIZED.lease(quantized, options)) {
      Map<String, OutputKind> kinds = new LinkedHashMap<>();
      List<String> others = new ArrayList<>();
      for (TensorInfo output : model.parse().outputs()) {
        OutputKind kind = a.session().comparableOutputs().get(output.name());
        OutputKind other = b.session().comparableOutputs().get(output.name());
        if (kind != null
            && other != null
            && (kind == OutputKind.LABELS) == (other == OutputKind.LABELS)) {
          kinds.put(output.name(), kind);
        } else {
          others.add(output.name());
        }
      }
      if (kinds.isEmpty()) {
        throw TareException.badInput(
            "Models %s and %s have no output in common that can be compared"
                .formatted(model.ref().uri(), quantized.ref().uri()));
      }
      return new ComparedOutputs(kinds, others);
    }
  }

  /**
   * Checks, before the first job, that there are outputs to compare. Loads the model only if it
   * declares no float output.
   *
   * @throws TareException (bad input) if no output is a tensor, or a sequence of maps to numbers
   */
  static void require(ModelHandle model) {
    boolean declared =
        model.parse().outputs().stream()
            .anyMatch(output -> output.dtype().equals(Optional.of(DType.FLOAT32)));
    if (declared) {
      return;
    }
    try (SharedInference.Lease lease = Side.FLOAT.lease(model, InferenceOptions.of(1))) {
      if (lease.session().comparableOutputs().isEmpty()) {
        throw TareException.badInput(
            "Model %s has no output that can be compared: %s. Outputs must be tensors, or sequences of maps to numbers; make a tensor in front of them an output"
                .formatted(
                    model.ref().uri(),
                    String.join(
                        ", ", model.parse().outputs().stream().map(TensorInfo::name).toList())));
      }
    }
  }

  List<String> names() {
    return List.copyOf(kinds.keySet());
  }

  /**
   * Outputs of the float model that are not compared: sequences, or of another kind in the other.
   */
  List<String> others() {
    return others;
  }

  boolean labels(String output) {
    return kinds.get(output) == OutputKind.LABELS;
  }

  /** Outputs of numbers. */
  List<String> numbers() {
    return kinds.keySet().stream().filter(output -> !labels(output)).toList();
  }
}
