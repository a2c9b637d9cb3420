package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.Optional;

/**
 * Explains native code that cannot be loaded. ONNX Runtime, the tokenizer and Spark's codecs are
 * unpacked into the temporary folder and mapped from there, which a folder without exec forbids.
 */
final class NativeFault {

  private static final String[] NATIVE = {
    "failed to map segment",
    "UnsatisfiedLinkError",
    "Could not initialize class ai.onnxruntime",
    "Could not initialize class ai.djl",
    "Could not initialize class org.xerial.snappy",
    "Could not initialize class com.github.luben.zstd",
    "Could not initialize class net.jpountz",
    "FAILED_TO_LOAD_NATIVE_LIBRARY",
    "Failed to load onnx-runtime library",
    "Cannot load native",
    "cannot open shared object file"
  };

  private NativeFault() {}

  static Optional<TareException> of(Causes causes) {
    if (causes.first(UnsatisfiedLinkError.class).isEmpty() && !causes.say(NATIVE)) {
      return Optional.empty();
    }
    String temporary = System.getProperty("java.io.tmpdir");
    return Optional.of(
        TareException.place(
            "Native code cannot be loaded from the temporary folder %s (%s): let TMPDIR name a folder with room that is not mounted noexec, on executors with --conf spark.executor.extraJavaOptions=-Djava.io.tmpdir=FOLDER"
                .formatted(temporary, causes.line(NATIVE)),
            causes.all().get(0)));
  }
}
