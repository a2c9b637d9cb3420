package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import dev.tare.jobs.TareException;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What operators that integer kernels compute take for a batch in both models, by the runtime's
 * profiler.
 *
 * @param millis by the operator's name in the float model
 */
public record OperatorTimes(SortedMap<String, Pair> millis) {

  /** Times that were not measured, as by earlier versions. */
  public static final OperatorTimes NONE = new OperatorTimes(new TreeMap<>());

  private static final String KEY = "operators";
  private static final String NODE = "node";
  private static final String FLOAT = "float-ms";
  private static final String QUANTIZED = "quantized-ms";

  /** Medians over batches, in milliseconds. */
  public record Pair(double floatMillis, double quantizedMillis) {

    /** What the model takes longer when this operator is in float. */
    public double added() {
      return floatMillis - quantizedMillis;
    }
  }

  public OperatorTimes {
    millis = Collections.unmodifiableSortedMap(new TreeMap<>(millis));
  }

  void put(ObjectNode node) {
    if (!millis.isEmpty()) {
      ArrayNode all = node.putArray(KEY);
      millis.forEach(
          (name, pair) -> {
            ObjectNode own = all.addObject().put(NODE, name);
            JsonText.put(own, FLOAT, pair.floatMillis());
            JsonText.put(own, QUANTIZED, pair.quantizedMillis());
          });
    }
  }

  /**
   * Reads what {@link #put} wrote.
   *
   * @throws TareException (bad input) if a time is missing or negative
   */
  static OperatorTimes of(ObjectNode node, String where) {
    SortedMap<String, Pair> millis = new TreeMap<>();
    for (ObjectNode own : new FigureReader(node, where).objects(KEY)) {
      FigureReader in = new FigureReader(own, where + ", " + KEY);
      millis.put(in.text(NODE), new Pair(time(in, FLOAT), time(in, QUANTIZED)));
    }
    return new OperatorTimes(millis);
  }

  private static double time(FigureReader in, String key) {
    double millis = in.number(key, 0, Double.MAX_VALUE);
    if (Double.isNaN(millis)) {
      throw in.impossible(key);
    }
    return millis;
  }
}
