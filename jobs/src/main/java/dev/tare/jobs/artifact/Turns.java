package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.Arrays;
import java.util.List;

/**
 * What two models took for the same batches, in the order in which they took turns.
 *
 * @param floatMillis times of the float model, to a microsecond
 * @param quantizedMillis those of the quantized model, as many
 */
public record Turns(List<Double> floatMillis, List<Double> quantizedMillis) {

  /** Turns that were not recorded, as by earlier versions. */
  public static final Turns NONE = new Turns(List.of(), List.of());

  private static final String FLOAT = "float-turns-ms";
  private static final String QUANTIZED = "quantized-turns-ms";

  public Turns {
    floatMillis = List.copyOf(floatMillis);
    quantizedMillis = List.copyOf(quantizedMillis);
    if (floatMillis.size() != quantizedMillis.size()) {
      throw new IllegalArgumentException(
          "%d times of the float model but %d of the quantized one"
              .formatted(floatMillis.size(), quantizedMillis.size()));
    }
  }

  /** Turns in nanoseconds; arrays may be longer than the number of turns. */
  public static Turns ofNanos(long[] first, long[] second, int turns) {
    return new Turns(millis(first, turns), millis(second, turns));
  }

  private static List<Double> millis(long[] nanos, int turns) {
    return Arrays.stream(nanos, 0, turns).mapToObj(t -> Math.round(t / 1e3) / 1e3).toList();
  }

  void put(ObjectNode node) {
    if (!floatMillis.isEmpty()) {
      put(node.putArray(FLOAT), floatMillis);
      put(node.putArray(QUANTIZED), quantizedMillis);
    }
  }

  private static void put(ArrayNode array, List<Double> times) {
    times.forEach(array::add);
  }

  /**
   * Reads what {@link #put} wrote.
   *
   * @throws TareException (bad input) if a time is missing or negative
   */
  static Turns of(FigureReader in) {
    List<Double> first = in.numbers(FLOAT);
    List<Double> second = in.numbers(QUANTIZED);
    if (first.size() != second.size() || !first.stream().allMatch(t -> t >= 0)) {
      throw in.impossible(FLOAT);
    }
    if (!second.stream().allMatch(t -> t >= 0)) {
      throw in.impossible(QUANTIZED);
    }
    return new Turns(first, second);
  }
}
