package dev.tare.jobs.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What {@code quality.json} says; keys that an older file lacks are empty here.
 *
 * @param samples held-out samples
 * @param heldOut how they were kept apart from calibration
 * @param cpus processors that ran both models
 * @param gate passed, failed or none
 * @param failures one sentence for each limit that did not hold
 * @param outputs what was compared
 * @param sameNeighbour share of samples with the same nearest neighbour in both models
 * @param timeRatio time of the quantized model over the float one; NaN where it is not there
 * @param sensitivity operators measured one by one
 * @param warnings what a reader of the cosine alone would miss
 */
record QualityReport(
    long samples,
    String heldOut,
    List<String> cpus,
    String gate,
    List<String> failures,
    List<Output> outputs,
    Optional<Double> sameNeighbour,
    double timeRatio,
    Optional<Sensitivity> sensitivity,
    List<String> warnings) {

  private static final int FORMAT_VERSION = 1;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  QualityReport {
    cpus = List.copyOf(cpus);
    failures = List.copyOf(failures);
    outputs = List.copyOf(outputs);
    warnings = List.copyOf(warnings);
  }

  /**
   * One vector compared.
   *
   * @param agreement share of positions with the same largest value; empty for one that does not
   *     decide between classes
   * @param labelsEqual share of equal labels, of an output that holds labels
   * @param largestError largest absolute error; NaN where it was not recorded
   * @param channels the worst channels, one of each axis that was measured
   * @param cosines quantiles of the samples' cosines at equal steps, ascending; empty where they
   *     were not recorded
   * @param sqnrs quantiles of the samples' SQNR in dB
   * @param worst the samples that suffer most
   * @param floats values of the float model
   * @param quantized the quantized model's values at the same places
   */
  record Output(
      String name,
      String vector,
      double sqnrDb,
      double cosineMean,
      double cosineMin,
      Optional<Double> agreement,
      Optional<Double> labelsEqual,
      double largestError,
      List<Channel> channels,
      List<Double> cosines,
      List<Double> sqnrs,
      List<Worst> worst,
      List<Double> floats,
      List<Double> quantized) {

    Output {
      channels = List.copyOf(channels);
      cosines = List.copyOf(cosines);
      sqnrs = List.copyOf(sqnrs);
      worst = List.copyOf(worst);
      floats = List.copyOf(floats);
      quantized = List.copyOf(quantized);
    }

    boolean pooled() {
      return labelsEqual.isEmpty() && !vector.equals("as is");
    }
  }

  /**
   * The worst channel of an axis.
   *
   * @param axis -1 for the last
   * @param channels how many there are
   * @param below how many are below 20 dB
   */
  record Channel(
      int axis, int channels, int below, int worst, double sqnrDb, double largestError) {}

  /** A sample by its hash. */
  record Worst(String sample, double cosine, double sqnrDb) {}

  /**
   * Operators left in float one at a time.
   *
   * @param samples held-out samples that were run
   * @param cosine mean cosine of the fully quantized model on them
   * @param sqnrDb its SQNR on them
   * @param operators what leaving each in float gives
   */
  record Sensitivity(long samples, double cosine, double sqnrDb, List<Operator> operators) {
    Sensitivity {
      operators = List.copyOf(operators);
    }
  }

  /** The model with this operator in float. */
  record Operator(String node, double cosine, double sqnrDb) {}

  /** The vector that the gate is held against: the pooled one, else the first of numbers. */
  Optional<Output> headline() {
    return outputs.stream()
        .filter(Output::pooled)
        .findFirst()
        .or(() -> outputs.stream().filter(o -> o.labelsEqual().isEmpty()).findFirst())
        .or(() -> outputs.stream().findFirst());
  }

  /**
   * Reads.
   *
   * @throws IllegalArgumentException if the text is no report of this format version
   */
  static QualityReport parse(String json) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Invalid quality report: " + e.getOriginalMessage(), e);
    }
    int version = root.path("format-version").asInt();
    if (version != FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "Cannot read a quality report of format version %d, only %d"
              .formatted(version, FORMAT_VERSION));
    }
    List<Output> outputs = new ArrayList<>();
    root.path("outputs").forEach(node -> outputs.add(output(node)));
    return new QualityReport(
        root.path("samples").asLong(),
        root.path("held-out").asText(),
        texts(root.path("cpus")),
        root.path("gate").asText("none"),
        texts(root.path("gate-failures")),
        outputs,
        optional(root, "nearest-neighbour-agreement"),
        number(root.path("quantized-time-over-float")),
        root.has("sensitivity")
            ? Optional.of(sensitivity(root.get("sensitivity")))
            : Optional.empty(),
        texts(root.path("warnings")));
  }

  private static Output output(JsonNode node) {
    JsonNode perSample = node.path("per-sample");
    List<Worst> worst = new ArrayList<>();
    for (JsonNode sample : perSample.path("worst")) {
      worst.add(
          new Worst(
              sample.path("sample").asText(),
              number(sample.path("cosine")),
              number(sample.path("sqnr-db"))));
    }
    return new Output(
        node.path("name").asText(),
        node.path("vector").asText("as is"),
        number(node.path("sqnr-db")),
        number(node.path("cosine").path("mean")),
        number(node.path("cosine").path("min")),
        // Evaluations by older versions do not say whether there are classes.
        node.path("classes").asBoolean(true)
            ? optional(node, "argmax-agreement")
            : Optional.empty(),
        optional(node, "labels-equal"),
        number(node.path("largest-error")),
        channels(node.path("channels")),
        numbers(perSample.path("cosine-quantiles")),
        numbers(perSample.path("sqnr-db-quantiles")),
        worst,
        numbers(node.path("values").path("float")),
        numbers(node.path("values").path("quantized")));
  }

  private static List<Channel> channels(JsonNode axes) {
    List<Channel> channels = new ArrayList<>();
    for (JsonNode axis : axes) {
      JsonNode worst = axis.path("worst");
      channels.add(
          new Channel(
              axis.path("axis").asInt(),
              axis.path("channels").asInt(),
              axis.path("below-20-db").asInt(),
              worst.path("channel").asInt(),
              number(worst.path("sqnr-db")),
              number(worst.path("largest-error"))));
    }
    return channels;
  }

  private static Sensitivity sensitivity(JsonNode node) {
    List<Operator> operators = new ArrayList<>();
    for (JsonNode operator : node.path("operators")) {
      operators.add(
          new Operator(
              operator.path("node").asText(),
              number(operator.path("cosine-mean")),
              number(operator.path("sqnr-db"))));
    }
    return new Sensitivity(
        node.path("samples").asLong(),
        number(node.path("cosine-mean")),
        number(node.path("sqnr-db")),
        operators);
  }

  private static Optional<Double> optional(JsonNode node, String key) {
    return node.hasNonNull(key) ? Optional.of(node.get(key).asDouble()) : Optional.empty();
  }

  /** Numbers that JSON lacks are null; of an SQNR that is one of equal vectors. */
  private static double number(JsonNode node) {
    return node.isNumber() ? node.asDouble() : Double.NaN;
  }

  private static List<Double> numbers(JsonNode array) {
    List<Double> numbers = new ArrayList<>();
    array.forEach(node -> numbers.add(number(node)));
    return numbers;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(node -> texts.add(node.asText()));
    return texts;
  }
}
