package dev.tare.jobs.model;

import dev.tare.engine.onnx.GraphPreparation;
import dev.tare.engine.onnx.InvalidModelException;
import dev.tare.engine.onnx.ModelPreparer;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Preflight;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.Digest;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;

/**
 * A model as it travels to executors: place, content, and how to reach it. Thread-safe.
 *
 * @param ref place and content
 * @param hadoop settings of the file system that holds it
 */
public record ModelHandle(ModelRef ref, HadoopSettings hadoop) implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Map<String, SoftReference<OnnxModel>> PARSED = new ConcurrentHashMap<>();
  private static final Map<String, SoftReference<OnnxModel>> PREPARED = new ConcurrentHashMap<>();
  private static final Object PREPARING = new Object();

  /**
   * A model that can be quantized.
   *
   * @throws TareException (bad input) if there is no such file or this version cannot handle it
   */
  public static ModelHandle open(String location, Configuration hadoop) throws IOException {
    ModelHandle handle = openUnchecked(location, hadoop);
    handle.refuse(() -> Preflight.check(handle.parse()));
    return handle;
  }

  /**
   * A model that need only run, such as a quantized one.
   *
   * @throws TareException (bad input) if there is no such file
   */
  public static ModelHandle openUnchecked(String location, Configuration hadoop)
      throws IOException {
    return new ModelHandle(ModelRef.of(location, hadoop), HadoopSettings.of(hadoop));
  }

  private interface Check {
    List<String> run();
  }

  private void refuse(Check check) {
    try {
      check.run();
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /** What the user calls the file, also where this machine holds a copy of another name. */
  private String name() {
    String path = ref.uri().getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** The file on this machine. */
  public Path path() {
    try {
      return ModelCache.ofUser().fetch(ref, hadoop.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot fetch model " + ref.uri(), e);
    }
  }

  /**
   * The graph, kept while memory lasts.
   *
   * @throws TareException (bad input) if the file is no ONNX model
   */
  public OnnxModel parse() {
    SoftReference<OnnxModel> kept = PARSED.get(ref.sha256());
    OnnxModel model = kept == null ? null : kept.get();
    if (model == null) {
      try {
        model = OnnxModel.parse(Files.readAllBytes(path()), name());
      } catch (InvalidModelException e) {
        throw TareException.badInput(e.getMessage(), e);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read model " + ref.uri(), e);
      }
      PARSED.put(ref.sha256(), new SoftReference<>(model));
    }
    return model;
  }

  /**
   * The graph made ready for quantization, kept while memory lasts: what calibration observes and
   * plans speak of.
   *
   * @throws TareException (bad input) if the file is no ONNX model
   */
  public OnnxModel prepared() {
    SoftReference<OnnxModel> kept = PREPARED.get(ref.sha256());
    OnnxModel model = kept == null ? null : kept.get();
    if (model == null) {
      model = GraphPreparation.prepare(parse());
      PREPARED.put(ref.sha256(), new SoftReference<>(model));
    }
    return model;
  }

  /**
   * A file of the prepared model with more of its tensors as outputs, made on this machine: every
   * JVM makes the same bytes, so only the original travels.
   */
  public Path exposing(SortedSet<String> tensors) {
    String key = Digest.of(ref.sha256() + "\n" + String.join("\n", tensors)).sha256();
    Path folder = Path.of(System.getProperty("java.io.tmpdir"), "tare-prepared-" + processId());
    Path file = folder.resolve(key).resolve(name());
    synchronized (PREPARING) {
      if (!Files.exists(file)) {
        try {
          write(file, ModelPreparer.expose(prepared(), tensors));
        } catch (IOException e) {
          throw new UncheckedIOException("Cannot prepare model " + ref.uri(), e);
        }
      }
    }
    return file;
  }

  private static void write(Path file, OnnxModel model) throws IOException {
    Files.createDirectories(file.getParent());
    Path temporary = Files.createTempFile(file.getParent(), "prepared", ".tmp");
    try (OutputStream out = Files.newOutputStream(temporary)) {
      model.writeTo(out);
    }
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    // In reverse order: a folder must be empty before it can go.
    file.getParent().getParent().toFile().deleteOnExit();
    file.getParent().toFile().deleteOnExit();
    file.toFile().deleteOnExit();
  }

  private static long processId() {
    return ProcessHandle.current().pid();
  }
}
