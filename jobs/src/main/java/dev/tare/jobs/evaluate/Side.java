package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.util.List;
import java.util.function.Supplier;

/** The two models of an evaluation, which often have the same name: errors say which one failed. */
enum Side {
  FLOAT("The float model: "),
  QUANTIZED("The quantized model: ");

  private final String prefix;

  Side(String prefix) {
    this.prefix = prefix;
  }

  /**
   * Opens a session for this side, or shares one that is open.
   *
   * @throws InferenceException if the runtime cannot load the model
   */
  SharedInference.Lease lease(ModelHandle model, InferenceOptions options) {
    return named(() -> Sessions.lease(model.file(), options));
  }

  /**
   * Runs the model of this side on one batch.
   *
   * @throws InferenceException if the runtime cannot run the batch
   */
  BatchOutputs run(Runner runner, List<Sample> batch) {
    return named(() -> BatchOutputs.of(runner, batch));
  }

  private <T> T named(Supplier<T> work) {
    try {
      return work.get();
    } catch (InferenceException e) {
      throw new InferenceException(prefix + e.getMessage(), e);
    }
  }
}
