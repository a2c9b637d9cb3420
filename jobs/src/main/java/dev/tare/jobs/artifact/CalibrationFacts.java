package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a run records about its statistics. Two runs may be merged if model, channels and conditions
 * are equal; lists keep the order in which they are written.
 *
 * @param contentSha256 identity of the statistics
 * @param momentsSha256 identity of the moments; empty where none were collected
 * @param foldsSha256 identity of the folds; empty where none were collected
 * @param gram of the Gram matrices; empty where none were collected
 * @param modelSha256 the model that was observed
 * @param samples number of samples
 * @param observe which tensors to observe, as the user gave it
 * @param tensors what was observed; empty if an older manifest does not state it
 * @param channels what was kept of channels
 * @param conditions what the bits of the statistics depend on
 * @param cpus processors that ran the model
 * @param effort resources it used; empty for a merged run
 * @param mergedRuns number of merged runs; empty for a run that is not a merge
 * @param mixed one sentence for each condition in which the merged runs differ
 */
public record CalibrationFacts(
    String contentSha256,
    Optional<String> momentsSha256,
    Optional<String> foldsSha256,
    Optional<Gram> gram,
    String modelSha256,
    long samples,
    Optional<String> observe,
    Optional<List<String>> tensors,
    Channels channels,
    Conditions conditions,
    List<String> cpus,
    Optional<Effort> effort,
    OptionalInt mergedRuns,
    List<String> mixed)
    implements FactSection {

  public static final String MODEL_SHA256 = "model-sha256";
  public static final String TENSORS = "tensors";

  private static final String CONTENT_SHA256 = "content-sha256";
  private static final String MOMENTS_SHA256 = "moments-sha256";
  private static final String FOLDS_SHA256 = "folds-sha256";

  /**
   * @throws IllegalArgumentException if a hash is not a valid sha256 or the number of samples
   *     negative
   */
  public CalibrationFacts {
    new Digest(contentSha256, 0);
    momentsSha256.ifPresent(sha256 -> new Digest(sha256, 0));
    foldsSha256.ifPresent(sha256 -> new Digest(sha256, 0));
    new Digest(modelSha256, 0);
    if (samples < 0) {
      throw new IllegalArgumentException("Negative number of samples: " + samples);
    }
    tensors = tensors.map(List::copyOf);
    cpus = List.copyOf(cpus);
    mixed = List.copyOf(mixed);
  }

  /**
   * Gram matrices.
   *
   * @param sha256 their identity
   * @param samples on which they were collected
   * @param diagonal names of those of which only the diagonal is there, sorted
   */
  public record Gram(String sha256, long samples, List<String> diagonal) {

    public static final String SHA256 = "gram-sha256";

    private static final String SAMPLES = "gram-samples";
    private static final String DIAGONAL = "gram-diagonal";

    /**
     * @throws IllegalArgumentException if it is no valid sha256, or the number negative
     */
    public Gram {
      new Digest(sha256, 0);
      diagonal = List.copyOf(diagonal);
      if (samples < 0) {
        throw new IllegalArgumentException("Negative number of samples: " + samples);
      }
    }

    private static Optional<Gram> fromJson(FactReader in) {
      return in.has(SHA256)
          ? Optional.of(new Gram(in.sha256(SHA256), in.count(SAMPLES), in.texts(DIAGONAL)))
          : Optional.empty();
    }

    private void write(ObjectNode node) {
      node.put(SHA256, sha256);
      node.put(SAMPLES, samples);
      putAny(node, DIAGONAL, diagonal);
    }
  }

  /**
   * What was kept of channels.
   *
   * @param mode {@code none}, {@code extremes} or {@code histogram}
   * @param bits mantissa bits of a channel's bins; empty without histograms
   * @param without tensors whose channel axis has another size from sample to sample
   * @param kept for display: of how many channels, and why
   */
  public record Channels(
      Optional<String> mode, OptionalInt bits, List<String> without, Optional<String> kept) {

    public static final String MODE = "channels";
    public static final String BITS = "channel-bits";
    public static final String WITHOUT = "tensors-without-channels";

    public Channels {
      without = List.copyOf(without);
    }
  }

  /**
   * What the bits of the statistics depend on besides model and data.
   *
   * @param runtime versions of ONNX Runtime
   * @param optimizationLevel its optimization of the graph
   * @param cpuFeatures sets of features of the processors
   */
  public record Conditions(
      List<String> runtime, Optional<String> optimizationLevel, List<String> cpuFeatures) {

    public static final String RUNTIME = "onnxruntime";
    public static final String OPTIMIZATION_LEVEL = "optimization-level";
    public static final String CPU_FEATURES = "cpu-features";

    public Conditions {
      runtime = List.copyOf(runtime);
      cpuFeatures = List.copyOf(cpuFeatures);
    }
  }

  /**
   * Resources that a calibration used.
   *
   * @param batchSize number of samples per batch
   * @param taskBytes heap available to one task for channels; empty if an older manifest does not
   *     state it
   * @param executors processes that ran tasks
   * @param runSeconds time inside the runtime, summed over tasks
   * @param observeSeconds time spent on counting, summed over tasks
   */
  public record Effort(
      int batchSize,
      OptionalLong taskBytes,
      List<String> executors,
      double runSeconds,
      double observeSeconds) {

    public Effort {
      executors = List.copyOf(executors);
    }
  }

  static CalibrationFacts fromJson(FactReader in) {
    return new CalibrationFacts(
        in.sha256(CONTENT_SHA256),
        in.has(MOMENTS_SHA256) ? Optional.of(in.sha256(MOMENTS_SHA256)) : Optional.empty(),
        in.has(FOLDS_SHA256) ? Optional.of(in.sha256(FOLDS_SHA256)) : Optional.empty(),
        Gram.fromJson(in),
        in.sha256(MODEL_SHA256),
        in.count("samples"),
        in.optionalText("observe"),
        in.optionalTexts(TENSORS),
        new Channels(
            in.optionalText(Channels.MODE),
            in.optionalSize(Channels.BITS),
            in.texts(Channels.WITHOUT),
            in.optionalText("channels-kept")),
        new Conditions(
            in.texts(Conditions.RUNTIME),
            in.optionalText(Conditions.OPTIMIZATION_LEVEL),
            in.texts(Conditions.CPU_FEATURES)),
        in.texts("cpus"),
        in.has("batch-size")
            ? Optional.of(
                new Effort(
                    in.size("batch-size"),
                    in.optionalCount("task-bytes"),
                    in.texts("executors"),
                    in.seconds("run-seconds"),
                    in.seconds("observe-seconds")))
            : Optional.empty(),
        in.optionalSize("merged-runs"),
        in.texts("mixed"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put(CONTENT_SHA256, contentSha256);
    momentsSha256.ifPresent(sha256 -> node.put(MOMENTS_SHA256, sha256));
    foldsSha256.ifPresent(sha256 -> node.put(FOLDS_SHA256, sha256));
    gram.ifPresent(own -> own.write(node));
    node.put(MODEL_SHA256, modelSha256);
    node.put("samples", samples);
    observe.ifPresent(text -> node.put("observe", text));
    tensors.ifPresent(names -> put(node, TENSORS, names));
    channels.mode().ifPresent(text -> node.put(Channels.MODE, text));
    channels.bits().ifPresent(bits -> node.put(Channels.BITS, bits));
    putAny(node, Channels.WITHOUT, channels.without());
    channels.kept().ifPresent(text -> node.put("channels-kept", text));
    putAny(node, Conditions.RUNTIME, conditions.runtime());
    conditions.optimizationLevel().ifPresent(text -> node.put(Conditions.OPTIMIZATION_LEVEL, text));
    putAny(node, Conditions.CPU_FEATURES, conditions.cpuFeatures());
    putAny(node, "cpus", cpus);
    effort.ifPresent(
        took -> {
          node.put("batch-size", took.batchSize());
          took.taskBytes().ifPresent(bytes -> node.put("task-bytes", bytes));
          put(node, "executors", took.executors());
          node.put("run-seconds", took.runSeconds());
          node.put("observe-seconds", took.observeSeconds());
        });
    mergedRuns.ifPresent(runs -> node.put("merged-runs", runs));
    putAny(node, "mixed", mixed);
    return node;
  }

  private static void putAny(ObjectNode node, String key, List<String> texts) {
    if (!texts.isEmpty()) {
      put(node, key, texts);
    }
  }

  private static void put(ObjectNode node, String key, List<String> texts) {
    texts.forEach(node.putArray(key)::add);
  }
}
