package dev.tare.jobs.model;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.OperatorTime;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.model.ModelFile;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** Sessions of models, by the runtime that runs their format. */
public final class Sessions {

  private Sessions() {}

  /**
   * A share in a session that this JVM may have already.
   *
   * @throws InferenceException if the runtime cannot load the model
   */
  public static SharedInference.Lease lease(ModelFile model, InferenceOptions options) {
    return SharedInference.lease(runtime(model), model, options);
  }

  /**
   * A session for a single caller.
   *
   * @throws InferenceException if the runtime cannot load the model
   */
  public static Session open(ModelFile model, InferenceOptions options) {
    return runtime(model).open(model, options);
  }

  /**
   * What operators take while a caller runs a model; empty if its runtime has no profiler.
   *
   * @throws InferenceException if the runtime cannot load the model
   */
  public static List<OperatorTime> profile(
      ModelFile model, InferenceOptions options, Consumer<Session> work) {
    return runtime(model).profile(model, options, work);
  }

  static ModelRuntime runtime(ModelFile model) {
    String name = String.valueOf(model.file().getFileName());
    try {
      return ModelFormats.of(model.file(), name).runtime();
    } catch (IOException e) {
      throw new InferenceException("Cannot read model '%s': %s".formatted(name, e), e);
    }
  }
}
