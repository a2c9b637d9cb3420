package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What runs quantized models of a target on the driver, one sample at a time. */
public interface TargetRuntime {

  /** Returns the runtime of a target; {@link #missing} says whether it can be run here. */
  static TargetRuntime of(String target, Optional<String> python, int threads) {
    return switch (target) {
      case "onnxruntime" -> new OrtTarget(OptimizationLevel.ALL, threads);
      case "openvino" -> new OpenVino(python);
      default -> new NoRuntime(target);
    };
  }

  /**
   * Returns the runtime of a target.
   *
   * @throws TareException (usage) if it is not at hand, with what to do about it
   */
  static TargetRuntime require(String target, Optional<String> python, int threads)
      throws IOException {
    TargetRuntime runtime = of(target, python, threads);
    Optional<String> missing = runtime.missing();
    if (missing.isPresent()) {
      throw TareException.usage(missing.get());
    }
    return runtime;
  }

  /** Why it cannot run, with what to do about it; empty if it can. */
  Optional<String> missing() throws IOException;

  /**
   * Runs a model.
   *
   * @param tensors outputs, or other tensors that it computes in float, to read
   * @throws TareException (bad input) if it cannot run it
   */
  Outcome run(ModelHandle model, List<Sample> samples, List<String> tensors) throws IOException;

  /** Whether it also times models here; where it does not, executors do, by ONNX Runtime. */
  default boolean times() {
    return false;
  }

  /**
   * Times both models in turns, in one process.
   *
   * @throws TareException (bad input) if it cannot run one of them
   * @throws IllegalStateException unless it {@link #times}
   */
  default Latency latency(TimedModels models) throws IOException {
    throw new IllegalStateException("Executors time models of this target");
  }

  /**
   * What a model gave.
   *
   * @param runtime name, version and settings
   * @param values by sample, by tensor; without the batch dimension
   * @param kernels products by their kernels; empty where the runtime does not tell
   */
  record Outcome(
      String runtime, List<Map<String, float[]>> values, Optional<TargetQuality.Kernels> kernels) {}
}
