package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;

/**
 * How long both models take for the same batches, measured in pairs in one process, of an executor
 * or of the driver, after warming up. The float model is the prepared one: folding its constants is
 * no gain of integers.
 *
 * @param runtime what ran both, with settings that matter
 * @param cpu processor, with the features that matter to integers
 * @param threads threads of each session
 * @param batch samples of a batch
 * @param shapes inputs of the first sample, such as {@code x[3, 48, 192]}
 * @param pairs measured pairs
 * @param floatMillis median time of the float model for a batch
 * @param quantizedMillis median time of the quantized model
 * @param ratio median over pairs of quantized over float
 * @param low lower end of the 95 % interval of that median
 * @param high its upper end
 * @param turns the times behind these figures, if they were kept
 * @param operators times of single operators, if they were measured
 */
public record Latency(
    String runtime,
    String cpu,
    int threads,
    int batch,
    String shapes,
    int pairs,
    double floatMillis,
    double quantizedMillis,
    double ratio,
    double low,
    double high,
    Turns turns,
    OperatorTimes operators) {

  /** An interval that reaches further from the median than this share of it decides nothing. */
  public static final double DECIDED = 0.05;

  /** The runtime of executors, which JSON does not name. */
  private static final String EXECUTORS = "ONNX Runtime";

  /** Times of ONNX Runtime on an executor. */
  public Latency(
      String cpu,
      int threads,
      int batch,
      String shapes,
      int pairs,
      double floatMillis,
      double quantizedMillis,
      double ratio,
      double low,
      double high) {
    this(
        EXECUTORS,
        cpu,
        threads,
        batch,
        shapes,
        pairs,
        floatMillis,
        quantizedMillis,
        ratio,
        low,
        high);
  }

  /** Figures without the times behind them. */
  public Latency(
      String runtime,
      String cpu,
      int threads,
      int batch,
      String shapes,
      int pairs,
      double floatMillis,
      double quantizedMillis,
      double ratio,
      double low,
      double high) {
    this(
        runtime,
        cpu,
        threads,
        batch,
        shapes,
        pairs,
        floatMillis,
        quantizedMillis,
        ratio,
        low,
        high,
        Turns.NONE,
        OperatorTimes.NONE);
  }

  /** The same figures with the times behind them. */
  public Latency with(Turns times) {
    return new Latency(
        runtime,
        cpu,
        threads,
        batch,
        shapes,
        pairs,
        floatMillis,
        quantizedMillis,
        ratio,
        low,
        high,
        times,
        operators);
  }

  /** The same figures with times of single operators. */
  public Latency with(OperatorTimes times) {
    return new Latency(
        runtime,
        cpu,
        threads,
        batch,
        shapes,
        pairs,
        floatMillis,
        quantizedMillis,
        ratio,
        low,
        high,
        turns,
        times);
  }

  /** Whether executors measured it, by ONNX Runtime. */
  public boolean byExecutors() {
    return runtime.equals(EXECUTORS);
  }

  /** Whether the float model is faster, whatever the noise. */
  public boolean floatIsFaster() {
    return low > 1;
  }

  /** Whether the interval is narrow enough to compare with another placement's. */
  public boolean decided() {
    return high - ratio <= DECIDED * ratio && ratio - low <= DECIDED * ratio;
  }

  void put(ObjectNode node) {
    if (!byExecutors()) {
      node.put("runtime", runtime);
    }
    node.put("cpu", cpu);
    node.put("threads", threads);
    node.put("batch", batch);
    node.put("shapes", shapes);
    node.put("pairs", pairs);
    JsonText.put(node, "float-ms", floatMillis);
    JsonText.put(node, "quantized-ms", quantizedMillis);
    JsonText.put(node, "ratio", ratio);
    JsonText.put(node, "ratio-low", low);
    JsonText.put(node, "ratio-high", high);
    turns.put(node);
    operators.put(node);
  }

  static Latency of(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    return new Latency(
        node.has("runtime") ? in.text("runtime") : EXECUTORS,
        in.text("cpu"),
        in.size("threads"),
        in.size("batch"),
        in.text("shapes"),
        in.size("pairs"),
        in.number("float-ms", 0, Double.MAX_VALUE),
        in.number("quantized-ms", 0, Double.MAX_VALUE),
        in.number("ratio", 0, Double.MAX_VALUE),
        in.number("ratio-low", 0, Double.MAX_VALUE),
        in.number("ratio-high", 0, Double.MAX_VALUE),
        Turns.of(in),
        OperatorTimes.of(node, where));
  }
}
