package dev.tare.engine.infer.lite;

import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteVersion;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;

/**
 * TensorFlow Lite on a CPU, by its C interface, with the kernels that it chooses by default: those
 * of XNNPACK where they take an operator.
 */
public final class LiteRuntime implements ModelRuntime {

  /** Has no state. */
  public static final LiteRuntime INSTANCE = new LiteRuntime();

  private LiteRuntime() {}

  @Override
  public Session open(ModelFile model, InferenceOptions options) {
    loaded();
    return LiteSession.open(model.file(), options.intraOpThreads());
  }

  @Override
  public String name() {
    return "TensorFlow Lite";
  }

  @Override
  public String version() {
    return loaded();
  }

  /** The version of the library, which is loaded for it, and whose kernels it takes first. */
  private static String loaded() {
    try {
      return TfLiteVersion().getString() + " with XNNPACK";
    } catch (LinkageError e) {
      throw new InferenceException(
          "TensorFlow Lite has no native code in this jar for %s on %s"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
          e);
    }
  }
}
