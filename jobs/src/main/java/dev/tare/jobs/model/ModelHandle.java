package dev.tare.jobs.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/**
 * A model as it travels to executors: place, content, and how to reach it. Thread-safe.
 *
 * @param files place and content
 * @param hadoop settings of the file system that holds them
 */
public record ModelHandle(ModelFiles files, HadoopSettings hadoop) implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Map<String, SoftReference<FloatModel>> PARSED = new ConcurrentHashMap<>();
  private static final Map<String, SoftReference<FloatModel>> PREPARED = new ConcurrentHashMap<>();
  private static final Map<String, Boolean> RUN_AS_IS = new ConcurrentHashMap<>();
  private static final Map<String, ModelFile> EXPOSED = new HashMap<>();
  private static Optional<Path> folderOfJvm = Optional.empty();

  /**
   * A model that can be quantized.
   *
   * @throws TareException (bad input) if there is no such file or this version cannot handle it
   */
  public static ModelHandle open(String location, Configuration hadoop) throws IOException {
    ModelHandle handle = openUnchecked(location, hadoop);
    handle.warnings();
    return handle;
  }

  /**
   * A model that need only run, such as a quantized one.
   *
   * @throws TareException (bad input) if there is no such file, it is no ONNX model, its structure
   *     is broken, or a file in which it keeps data is missing or a link
   */
  public static ModelHandle openUnchecked(String location, Configuration hadoop)
      throws IOException {
    ModelRef model = ModelRef.of(location, hadoop);
    ModelFiles alone = new ModelFiles(model, new TreeMap<>());
    SortedMap<String, ModelRef> data = new TreeMap<>();
    try {
      Path file = ModelCache.ofUser().fetch(model, hadoop);
      SortedMap<String, String> files = OnnxModel.dataFiles(file, alone.fileName());
      if ("file".equals(model.uri().getScheme())) {
        // Before they are hashed: a link may lead to a device without end.
        OnnxModel.requireDataFiles(Path.of(model.uri().getPath()), alone.fileName(), files);
      }
      for (Map.Entry<String, String> entry : files.entrySet()) {
        data.put(entry.getKey(), dataFile(alone, entry.getKey(), entry.getValue(), hadoop));
      }
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
    return new ModelHandle(new ModelFiles(model, data), HadoopSettings.of(hadoop));
  }

  private static ModelRef dataFile(
      ModelFiles model, String name, String tensor, Configuration hadoop) throws IOException {
    org.apache.hadoop.fs.Path path = ModelFiles.beside(model.model().uri(), name);
    if (!path.getFileSystem(hadoop).exists(path)) {
      throw new InvalidModelException(
          model.fileName(),
          "%s keeps its data in '%s' (external data), and there is no such file beside the model"
              .formatted(tensor, name));
    }
    return ModelRef.of(path.toString(), hadoop);
  }

  /**
   * What cannot be judged without running the model, for people.
   *
   * @throws TareException (bad input) if it cannot be quantized
   */
  public List<String> warnings() {
    try {
      return parse().requireQuantizable();
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /** Place and content of the model's own file. */
  public ModelRef ref() {
    return files.model();
  }

  /** What tells this model from any other, data files included. */
  public String sha256() {
    return files.sha256();
  }

  /** Content and file name: a parsed model names its file in errors. */
  private String key() {
    return sha256() + "\n" + files.fileName();
  }

  /** The file on this machine, with those in which it keeps data beside it. */
  public Path path() {
    try {
      return ModelCache.ofUser().fetch(files, hadoop.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot fetch model " + ref().uri(), e);
    }
  }

  /**
   * The graph, kept while memory lasts.
   *
   * @throws TareException (bad input) if the file is no ONNX model
   */
  public FloatModel parse() {
    SoftReference<FloatModel> kept = PARSED.get(key());
    FloatModel model = kept == null ? null : kept.get();
    if (model == null) {
      try {
        Path file;
        do {
          file = path();
          model = OnnxFloatModel.of(OnnxModel.read(file, files.fileName()));
          // Looked at again: another file may have taken the place since it was hashed.
        } while (!path().equals(file));
      } catch (InvalidModelException e) {
        throw TareException.badInput(e.getMessage(), e);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot read model " + ref().uri(), e);
      }
      PARSED.put(key(), new SoftReference<>(model));
    }
    return model;
  }

  /**
   * The graph made ready for quantization, kept while memory lasts: what calibration observes and
   * plans speak of.
   *
   * @throws TareException (bad input) if the file is no ONNX model
   */
  public FloatModel prepared() {
    SoftReference<FloatModel> kept = PREPARED.get(key());
    FloatModel model = kept == null ? null : kept.get();
    if (model == null) {
      model = parse().prepared();
      PREPARED.put(key(), new SoftReference<>(model));
    }
    return model;
  }

  /** The model as it is, or where a session does not take that, as one that computes the same. */
  public ModelFile file() {
    try {
      Path path = path();
      return RUN_AS_IS.computeIfAbsent(sha256(), sha -> runsAsIs(path))
          ? ModelFile.of(path)
          : made(Digest.of(key()).sha256(), this::parse);
    } catch (UncheckedIOException e) {
      throw new UncheckedIOException("Cannot read model " + ref().uri(), e.getCause());
    }
  }

  private boolean runsAsIs(Path path) {
    try {
      return OnnxModel.runsAsIs(path, files.fileName());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The prepared model with more of its tensors as outputs, made on this machine: every JVM makes
   * the same bytes, so only the original travels. Data files are not copied.
   */
  public ModelFile exposing(SortedSet<String> tensors) {
    String key = Digest.of(key() + "\n" + String.join("\n", tensors)).sha256();
    return made(key, () -> prepared().exposing(tensors));
  }

  private ModelFile made(String key, Supplier<? extends WritableModel> model) {
    synchronized (EXPOSED) {
      // Fetches data files again that somebody removed.
      Path origin = path().getParent();
      ModelFile known = EXPOSED.get(key);
      if (known == null
          || !Files.exists(known.file())
          || !known.data().map(origin::equals).orElse(true)) {
        try {
          known = write(key, origin, model.get());
        } catch (IOException e) {
          throw new UncheckedIOException("Cannot prepare model " + ref().uri(), e);
        }
        EXPOSED.put(key, known);
      }
      return known;
    }
  }

  private static ModelFile write(String key, Path origin, WritableModel model) throws IOException {
    Path folder = Files.createDirectories(folderOfJvm().resolve(key));
    ModelFile written = model.writeLocal(folder, origin);
    // In reverse order: a folder must be empty before it can go.
    folder.toFile().deleteOnExit();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      files.forEach(file -> file.toFile().deleteOnExit());
    }
    return written;
  }

  /** A folder of this JVM alone: process ids repeat where containers share a folder. */
  private static Path folderOfJvm() throws IOException {
    if (folderOfJvm.isEmpty()) {
      Path folder = Files.createTempDirectory("tare-prepared-");
      folder.toFile().deleteOnExit();
      folderOfJvm = Optional.of(folder);
    }
    return folderOfJvm.get();
  }
}
