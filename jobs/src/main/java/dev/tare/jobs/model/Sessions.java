package dev.tare.jobs.model;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.ModelFile;

/** Sessions of the runtime that runs float models: the one place that says which it is. */
public final class Sessions {

  private static final ModelRuntime RUNTIME = OrtRuntime.INSTANCE;

  private Sessions() {}

  /**
   * A share in a session that this JVM may have already.
   *
   * @throws dev.tare.engine.infer.InferenceException if the runtime cannot load the model
   */
  public static SharedInference.Lease lease(ModelFile model, InferenceOptions options) {
    return SharedInference.lease(RUNTIME, model, options);
  }

  /**
   * A session for one caller alone.
   *
   * @throws dev.tare.engine.infer.InferenceException if the runtime cannot load the model
   */
  public static Session open(ModelFile model, InferenceOptions options) {
    return RUNTIME.open(model, options);
  }

  /** The version that statistics record. */
  public static String runtimeVersion() {
    return RUNTIME.version();
  }
}
