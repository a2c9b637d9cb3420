package dev.tare.jobs.model;

import dev.tare.engine.infer.FormatProvider;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.lite.LiteRuntime;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFormat;
import dev.tare.engine.onnx.model.OnnxFormat;
import dev.tare.engine.tflite.model.LiteFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The formats of models that this process knows: ONNX, TensorFlow Lite, and those that are services
 * of its class path. The content of a file decides which one it is of, never its name.
 */
final class ModelFormats {

  private record Known(ModelFormat format, ModelRuntime runtime) implements FormatProvider {}

  private static final FormatProvider ONNX = new Known(OnnxFormat.INSTANCE, OrtRuntime.INSTANCE);
  private static final FormatProvider TFLITE = new Known(LiteFormat.INSTANCE, LiteRuntime.INSTANCE);
  private static final List<FormatProvider> OTHERS = others();

  private ModelFormats() {}

  /** Only from the loader of Tare: that of a thread may have other classes. */
  private static List<FormatProvider> others() {
    Stream<FormatProvider> services =
        ServiceLoader.load(FormatProvider.class, ModelFormats.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get);
    return Stream.concat(services, Stream.of(TFLITE)).toList();
  }

  /**
   * The format of a local file, with what runs it.
   *
   * @param name how messages call the model
   * @throws InvalidModelException if it is of none that is known
   */
  static FormatProvider of(Path file, String name) throws IOException {
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(ModelFormat.HEAD_BYTES);
    }
    for (FormatProvider known : OTHERS) {
      if (known.format().recognizes(ByteBuffer.wrap(head).asReadOnlyBuffer())) {
        return known;
      }
    }
    // ONNX is last: it has no magic number, so it may recognize other files too.
    Optional<String> foreign = ForeignContent.of(head);
    if (foreign.isPresent()) {
      throw new InvalidModelException(
          name, "it is %s, and no model in %s".formatted(foreign.get(), known()));
    }
    if (!ONNX.format().recognizes(ByteBuffer.wrap(head))) {
      throw new InvalidModelException(
          name, "its first bytes are not those of a model in " + known());
    }
    return ONNX;
  }

  /** Names of models' own files in the formats that write a model as a folder. */
  static Set<String> namesInFolders() {
    return Stream.concat(OTHERS.stream(), Stream.of(ONNX))
        .flatMap(each -> each.format().nameInFolder().stream())
        .collect(Collectors.toSet());
  }

  private static String known() {
    return Stream.concat(OTHERS.stream(), Stream.of(ONNX))
        .map(each -> each.format().name())
        .collect(Collectors.joining(" or "));
  }
}
