package dev.tare.engine.onnx;

import dev.tare.engine.tensor.Tensor;
import java.util.Locale;

/** How far outputs of operators are from the expected ones. Not thread-safe. */
public final class Agreement {

  private int operators;
  private long values;
  private long differing;
  private double worst;
  private double steps;
  private String worstOperator = "none";

  /**
   * Largest difference in units of the largest expected magnitude.
   *
   * @throws IllegalArgumentException if shapes differ or a value is not finite
   */
  public static double difference(Tensor expected, Tensor actual) {
    return new Agreement().add("", expected, actual, 1);
  }

  /**
   * Adds an operator.
   *
   * @param step between two codes of its output
   */
  public double add(String operator, Tensor expected, Tensor actual, double step) {
    if (!expected.shape().equals(actual.shape())) {
      throw new IllegalArgumentException(
          "Cannot compare outputs of '%s': %s vs %s"
              .formatted(operator, expected.shape(), actual.shape()));
    }
    float[] e = expected.toFloatArray();
    float[] a = actual.toFloatArray();
    double largest = Float.MIN_NORMAL;
    double difference = 0;
    for (int i = 0; i < e.length; i++) {
      largest = Math.max(largest, Math.abs(e[i]));
      difference = Math.max(difference, Math.abs((double) e[i] - a[i]));
      differing += e[i] == a[i] ? 0 : 1;
    }
    if (!Double.isFinite(largest + difference)) {
      throw new IllegalArgumentException("Cannot compare outputs of '" + operator + "': no number");
    }
    operators++;
    values += e.length;
    steps = Math.max(steps, difference / step);
    if (difference / largest > worst) {
      worst = difference / largest;
      worstOperator = operator;
    }
    return difference / largest;
  }

  public int operators() {
    return operators;
  }

  public double worst() {
    return worst;
  }

  /** The largest difference in steps between codes. */
  public double steps() {
    return steps;
  }

  public long differing() {
    return differing;
  }

  public double shareDiffering() {
    return (double) differing / values;
  }

  @Override
  public String toString() {
    String found = "%d operators, %d of %d values differ".formatted(operators, differing, values);
    return differing == 0
        ? found
        : found
            + String.format(
                Locale.ROOT,
                ", by 2^%.1f of the largest at most (%s)",
                Math.log(worst) / Math.log(2),
                worstOperator);
  }
}
