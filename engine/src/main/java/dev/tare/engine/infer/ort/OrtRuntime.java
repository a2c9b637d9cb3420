package dev.tare.engine.infer.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.OperatorTime;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.observe.CodeProducts;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * ONNX Runtime: its single environment in a JVM, started so that it neither crashes nor sends
 * telemetry.
 *
 * <p>Since 1.29.0 the Linux library collects telemetry when it starts: it matches the command line
 * of the process against regular expressions by recursion, and a command line of about 4,000
 * characters, as an executor's may be, overflows the thread's stack and kills the JVM silently
 * (vespa-engine/vespa pull 37786, microsoft/onnxruntime issue 32173). The environment variable
 * {@code ORT_DISABLE_TELEMETRY=1} avoids it, but a JVM cannot set its own; a thread with a large
 * stack avoids it too.
 */
public final class OrtRuntime implements ModelRuntime {

  /** It has no state. */
  public static final OrtRuntime INSTANCE = new OrtRuntime();

  /** Address space, not memory: pages count when they are touched. */
  private static final long STACK_BYTES = 256L << 20;

  private OrtRuntime() {}

  @Override
  public Session open(ModelFile model, InferenceOptions options) {
    return OrtInference.open(model, options);
  }

  @Override
  public CodeProducts codeProducts(int threads) {
    return OrtCodeProducts.open(threads);
  }

  @Override
  public List<OperatorTime> profile(
      ModelFile model, InferenceOptions options, Consumer<Session> work) {
    return OrtProfile.of(model, options, work);
  }

  @Override
  public String name() {
    return "ONNX Runtime";
  }

  @Override
  public String version() {
    return environment().getVersion();
  }

  private static final class Holder {
    static final OrtEnvironment ENVIRONMENT = start();
  }

  static OrtEnvironment environment() {
    return Holder.ENVIRONMENT;
  }

  private static OrtEnvironment start() {
    CompletableFuture<OrtEnvironment> started = new CompletableFuture<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                OrtEnvironment environment = OrtEnvironment.getEnvironment();
                environment.setTelemetry(false);
                started.complete(environment);
              } catch (OrtException | RuntimeException | Error e) {
                started.completeExceptionally(e);
              }
            },
            "onnxruntime-start",
            STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    try {
      return started.join();
    } catch (CompletionException e) {
      throw new InferenceException("Cannot start ONNX Runtime: " + e.getCause(), e.getCause());
    }
  }
}
