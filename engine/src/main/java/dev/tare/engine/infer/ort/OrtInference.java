package dev.tare.engine.infer.ort;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import dev.tare.engine.infer.BatchAxes;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Dim;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A model loaded by ONNX Runtime. Thread-safe: tasks of one JVM share it, each with its own {@link
 * Runner}.
 *
 * <p>The model is opened by path, which costs 470 MB peak for a 205 MB model where bytes on the
 * heap cost 1,073 MB. Data in other files is mapped by the runtime.
 */
final class OrtInference implements Session {

  private final OrtSession session;
  private final OrtSession.RunOptions quiet;
  private final SessionNames names;
  private final String model;
  private final SortedSet<String> floatOutputs;
  private final SortedSet<String> otherOutputs;
  private final SortedMap<String, OutputKind> comparable;
  private final SortedMap<String, Integer> batchAxes;
  private final ConcurrentMap<List<String>, CopiedOutputs> copied = new ConcurrentHashMap<>();

  private OrtInference(
      OrtSession session,
      OrtSession.RunOptions quiet,
      SessionNames names,
      String model,
      SortedSet<String> floatOutputs,
      SortedSet<String> otherOutputs,
      SortedMap<String, OutputKind> comparable,
      SortedMap<String, Integer> batchAxes) {
    this.session = session;
    this.quiet = quiet;
    this.names = names;
    this.model = model;
    this.floatOutputs = Collections.unmodifiableSortedSet(floatOutputs);
    this.otherOutputs = Collections.unmodifiableSortedSet(otherOutputs);
    this.comparable = Collections.unmodifiableSortedMap(comparable);
    this.batchAxes = batchAxes;
  }

  /**
   * Loads a model.
   *
   * @throws InferenceException if ONNX Runtime cannot load it
   */
  static OrtInference open(ModelFile source, InferenceOptions options) {
    return open(source, options, Optional.empty());
  }

  /**
   * The same.
   *
   * @param profile beginning of the path of a file for {@link #endProfiling}
   */
  static OrtInference open(ModelFile source, InferenceOptions options, Optional<Path> profile) {
    Path model = source.file();
    OrtEnvironment environment = OrtRuntime.environment();
    try (SessionOptions settings = new SessionOptions()) {
      settings.setOptimizationLevel(level(options.level()));
      settings.setIntraOpNumThreads(options.intraOpThreads());
      settings.setInterOpNumThreads(1);
      settings.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
      settings.addConfigEntry("session.intra_op.allow_spinning", "0");
      settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      // Shapes vary from batch to batch: a pattern per shape would only pile up.
      settings.setMemoryPatternOptimization(false);
      if (profile.isPresent()) {
        settings.enableProfiling(profile.get().toString());
      }
      SessionNames names = new SessionNames(source.aliases());
      OrtSession session = session(environment, source, settings);
      TreeSet<String> floats = new TreeSet<>();
      TreeSet<String> others = new TreeSet<>();
      TreeMap<String, OutputKind> comparable = new TreeMap<>();
      for (Map.Entry<String, NodeInfo> output : session.getOutputInfo().entrySet()) {
        Optional<OutputKind> kind = OutputValues.kind(output.getValue().getInfo());
        kind.ifPresent(known -> comparable.put(names.inModel(output.getKey()), known));
        boolean isFloat = kind.filter(OutputKind.FLOAT::equals).isPresent();
        (isFloat ? floats : others).add(names.inModel(output.getKey()));
      }
      return new OrtInference(
          session,
          quiet(),
          names,
          model.getFileName().toString(),
          floats,
          others,
          comparable,
          BatchAxes.of(inputDims(session, names)));
    } catch (OrtException e) {
      throw new InferenceException(
          "ONNX Runtime cannot load model '%s': %s"
              .formatted(model.getFileName(), withoutPlace(e.getMessage())),
          e);
    }
  }

  private static OptLevel level(OptimizationLevel level) {
    return switch (level) {
      case NONE -> OptLevel.NO_OPT;
      case BASIC -> OptLevel.BASIC_OPT;
      case EXTENDED -> OptLevel.EXTENDED_OPT;
      case ALL -> OptLevel.ALL_OPT;
    };
  }

  /** A buffer that does not fit is not an error: it must not be logged to the user's terminal. */
  private static OrtSession.RunOptions quiet() throws OrtException {
    OrtSession.RunOptions quiet = new OrtSession.RunOptions();
    quiet.setLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    return quiet;
  }

  private static OrtSession session(
      OrtEnvironment environment, ModelFile source, SessionOptions settings) throws OrtException {
    if (source.data().isEmpty() && NativePath.opens(source.file())) {
      return environment.createSession(source.file().toString(), settings);
    }
    Path folder = source.data().orElseGet(() -> source.file().toAbsolutePath().getParent());
    try (NativePath data = NativePath.of(folder);
        FileChannel channel = FileChannel.open(source.file(), StandardOpenOption.READ)) {
      // A model opened by path may only name files in its folder.
      settings.addConfigEntry(
          "session.model_external_initializers_file_folder_path", data.path().toString());
      return environment.createSession(
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()), settings);
    } catch (IOException e) {
      throw new InferenceException(
          "Cannot read model '%s': %s".formatted(source.file().getFileName(), e.getMessage()), e);
    }
  }

  private static Map<String, List<Dim>> inputDims(OrtSession session, SessionNames names)
      throws OrtException {
    Map<String, List<Dim>> inputs = new TreeMap<>();
    for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
      if (input.getValue().getInfo() instanceof TensorInfo info) {
        List<Dim> dims = new ArrayList<>();
        for (int axis = 0; axis < info.getShape().length; axis++) {
          long size = info.getShape()[axis];
          String name = info.getDimensionNames()[axis];
          dims.add(size >= 0 ? Dim.fixed(size) : name.isEmpty() ? Dim.unknown() : Dim.symbol(name));
        }
        inputs.put(names.inModel(input.getKey()), dims);
      }
    }
    return inputs;
  }

  /** The file is often a temporary copy, whose path would only mislead. */
  private static String withoutPlace(String message) {
    return message.replaceFirst("Load model from .*? failed:\\s*", "");
  }

  @Override
  public SortedSet<String> floatOutputs() {
    return floatOutputs;
  }

  @Override
  public SortedSet<String> otherOutputs() {
    return otherOutputs;
  }

  @Override
  public Runner runner(List<String> outputs) {
    for (String output : outputs) {
      if (!floatOutputs.contains(output)) {
        throw new IllegalArgumentException(
            "Model '%s' has no float32 output '%s'".formatted(model, output));
      }
    }
    return comparing(outputs);
  }

  @Override
  public SortedMap<String, OutputKind> comparableOutputs() {
    return comparable;
  }

  @Override
  public Runner comparing(List<String> outputs) {
    List<String> wanted = List.copyOf(outputs);
    for (String output : wanted) {
      if (!comparable.containsKey(output)) {
        throw new IllegalArgumentException(
            "Model '%s' has no output '%s' that can be compared".formatted(model, output));
      }
    }
    CopiedOutputs shared = copied.computeIfAbsent(wanted, o -> new CopiedOutputs());
    return new OrtRunner(
        session, quiet, names, model, wanted, Set.copyOf(floatOutputs), batchAxes, shared);
  }

  @Override
  public Set<String> inputs() {
    return names.inModel(session.getInputNames());
  }

  /** Ends the profile that was asked for, and returns its file. */
  Path endProfiling() throws OrtException {
    return Path.of(session.endProfiling());
  }

  @Override
  public void close() {
    try {
      session.close();
      quiet.close();
    } catch (OrtException e) {
      throw new InferenceException("Cannot close model '" + model + "'", e);
    }
  }
}
