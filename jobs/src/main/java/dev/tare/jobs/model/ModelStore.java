package dev.tare.jobs.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.ModelFormat;
import dev.tare.engine.model.ModelLook;
import dev.tare.engine.model.ParsedModel;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The models of this JVM: each is parsed, checked, prepared and written for sessions once.
 * Thread-safe.
 *
 * <p>Known by content, and by file name, which models say in errors. What was parsed is kept while
 * memory lasts.
 */
final class ModelStore {

  private static final ModelStore OF_JVM = new ModelStore();

  private final Map<String, ModelLook> looks = new ConcurrentHashMap<>();
  private final Map<String, Object> reading = new ConcurrentHashMap<>();
  private final Map<String, Kept<FloatModel>> parsed = new ConcurrentHashMap<>();
  private final Map<String, Kept<FloatModel>> prepared = new ConcurrentHashMap<>();
  private final Map<String, Kept<FloatModel>> smoothed = new ConcurrentHashMap<>();
  private final Map<String, List<String>> warnings = new ConcurrentHashMap<>();
  private final LocalModels local = new LocalModels();

  private ModelStore() {}

  static ModelStore ofJvm() {
    return OF_JVM;
  }

  /**
   * Finds a model and reads it.
   *
   * @throws TareException (bad input) if there is no such file, it is of no known format, its
   *     structure is broken, or a file in which it keeps data is missing or a link
   */
  ModelHandle open(String location, Configuration hadoop) throws IOException {
    ModelRef ref = ModelRef.of(location, hadoop);
    ModelFiles alone = new ModelFiles(ref, new TreeMap<>());
    try {
      // Who asks while another thread reads it waits for that one.
      synchronized (reading.computeIfAbsent(key(alone), key -> new Object())) {
        if (looks.containsKey(key(alone))) {
          ModelHandle known = handle(alone, looks.get(key(alone)), hadoop);
          parse(known);
          return known;
        }
        ParsedModel model = read(alone, hadoop);
        ModelHandle handle = handle(alone, model.look(), hadoop);
        kept(parsed, handle).get(() -> withData(model, handle));
        looks.put(key(alone), model.look());
        return handle;
      }
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /**
   * Finds a model that need only run; its weights cost no memory.
   *
   * @throws TareException (bad input) as {@link #open} does
   */
  ModelHandle look(String location, Configuration hadoop) throws IOException {
    ModelRef ref = ModelRef.of(location, hadoop);
    ModelFiles alone = new ModelFiles(ref, new TreeMap<>());
    try {
      return handle(alone, look(alone, ModelCache.ofUser().fetch(ref, hadoop)), hadoop);
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  private static ModelHandle handle(ModelFiles alone, ModelLook look, Configuration hadoop)
      throws IOException {
    ModelRef ref = alone.model();
    if ("file".equals(ref.uri().getScheme()) && !look.dataFiles().isEmpty()) {
      // Before they are hashed: a link may lead to a device without end.
      Path file = Path.of(ref.uri().getPath());
      format(ModelCache.ofUser().fetch(ref, hadoop), alone.fileName())
          .requireDataFiles(file, alone.fileName(), look.dataFiles());
    }
    SortedMap<String, ModelRef> data = new TreeMap<>();
    for (Map.Entry<String, String> entry : look.dataFiles().entrySet()) {
      data.put(entry.getKey(), dataFile(alone, entry.getKey(), entry.getValue(), hadoop));
    }
    return new ModelHandle(new ModelFiles(ref, data), HadoopSettings.of(hadoop));
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

  /** {@link FloatModel#requireQuantizable}, once for each model. */
  List<String> warnings(ModelHandle handle) {
    FloatModel model = parse(handle);
    return warnings.computeIfAbsent(key(handle.files()), key -> model.requireQuantizable());
  }

  /**
   * The model, read unless it is known.
   *
   * @throws TareException (bad input) if the file is no model of a known format
   */
  FloatModel parse(ModelHandle handle) {
    return kept(parsed, handle)
        .get(
            () -> {
              try {
                return withData(read(handle.files(), handle.hadoop().configuration()), handle);
              } catch (InvalidModelException e) {
                throw TareException.badInput(e.getMessage(), e);
              } catch (IOException e) {
                throw new UncheckedIOException("Cannot read model " + handle.ref().uri(), e);
              }
            });
  }

  private static ParsedModel read(ModelFiles files, Configuration hadoop) throws IOException {
    Path file;
    ParsedModel model;
    do {
      file = ModelCache.ofUser().fetch(files, hadoop);
      model = format(file, files.fileName()).read(file, files.fileName());
      // Looked at again: another file may have taken the place since it was hashed.
    } while (!ModelCache.ofUser().fetch(files, hadoop).equals(file));
    return model;
  }

  private static FloatModel withData(ParsedModel parsed, ModelHandle handle) {
    try {
      Path file;
      FloatModel model;
      do {
        file = handle.path();
        model = parsed.withDataIn(file.toAbsolutePath().getParent());
      } while (!handle.path().equals(file));
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read model " + handle.ref().uri(), e);
    }
  }

  /** The model prepared for quantization: calibration observes it, and plans name its tensors. */
  FloatModel prepared(ModelHandle handle) {
    return kept(prepared, handle).get(() -> parse(handle).prepared());
  }

  /** The prepared model with smoothed inputs and corrected biases. */
  FloatModel smoothed(SmoothedHandle handle) {
    List<SmoothedInput> inputs = handle.inputs();
    List<CorrectedBias> biases = handle.biases();
    if (inputs.isEmpty() && biases.stream().noneMatch(CorrectedBias::corrects)) {
      return prepared(handle.model());
    }
    String changes = Digest.of(handle.changes() + "\n" + handle.corrections()).sha256();
    String key = key(handle.model().files()) + "\n" + changes;
    return smoothed
        .computeIfAbsent(key, k -> new Kept<>())
        .get(() -> prepared(handle.model()).smoothed(inputs).corrected(biases));
  }

  /** The model as it is, or where a session does not take that, as one that computes the same. */
  ModelFile file(ModelHandle handle) {
    try {
      Path path = handle.path();
      return look(new ModelFiles(handle.ref(), new TreeMap<>()), path).runsAsIs()
          ? ModelFile.of(path)
          : local.made(Digest.of(key(handle.files())).sha256(), handle, () -> parse(handle));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read model " + handle.ref().uri(), e);
    } catch (UncheckedIOException e) {
      throw new UncheckedIOException("Cannot read model " + handle.ref().uri(), e.getCause());
    }
  }

  private ModelLook look(ModelFiles alone, Path file) throws IOException {
    ModelLook known = looks.get(key(alone));
    if (known == null) {
      known = format(file, alone.fileName()).look(file, alone.fileName());
      looks.put(key(alone), known);
    }
    return known;
  }

  /** The prepared model with more of its tensors as outputs. */
  ModelFile exposing(ModelHandle handle, SortedSet<String> tensors) {
    String key = Digest.of(key(handle.files()) + "\n" + String.join("\n", tensors)).sha256();
    return local.made(key, handle, () -> prepared(handle).exposing(tensors));
  }

  /** The same of a model with the changes of a plan. */
  ModelFile exposing(SmoothedHandle handle, SortedSet<String> tensors) {
    String text =
        String.join(
            "\n",
            key(handle.model().files()),
            handle.changes(),
            handle.corrections(),
            String.join("\n", tensors));
    return local.made(
        Digest.of(text).sha256(), handle.model(), () -> smoothed(handle).exposing(tensors));
  }

  private static ModelFormat format(Path file, String name) throws IOException {
    return ModelFormats.of(file, name).format();
  }

  private static Kept<FloatModel> kept(Map<String, Kept<FloatModel>> models, ModelHandle handle) {
    return models.computeIfAbsent(key(handle.files()), key -> new Kept<>());
  }

  private static String key(ModelFiles files) {
    return files.sha256() + "\n" + files.fileName();
  }
}
