package dev.tare.jobs.report;

import dev.tare.jobs.artifact.Sensitivity;
import java.util.Optional;

/**
 * An operator with a quantized tensor: what it is expected to lose, and what leaving it in float
 * gains and costs.
 *
 * @param node its name
 * @param position its place among the quantized operators in graph order, from 0
 * @param noise expected noise of its inputs and weight over their signal
 * @param share of the noise of all operators
 * @param measured the model with only this operator in float
 * @param addedBytes additional bytes of its weights in float
 */
record Layer(
    String node,
    int position,
    double noise,
    double share,
    Optional<Sensitivity.Score> measured,
    long addedBytes) {

  /** Lower bounds of SQNR in dB of the second and the following grades. */
  private static final double[] GRADES = {10, 20, 30, 40};

  static final int GRADE_COUNT = GRADES.length + 1;

  /** Expected signal to noise; infinite if nothing is lost. */
  double sqnrDb() {
    return noise == 0 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(noise);
  }

  /** Gain that the estimate gives, as if the noise of all operators reached the output alike. */
  double gainDb() {
    return share >= 1 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(1 - share);
  }

  /** From 0, bad, to 4, good. */
  int grade() {
    int grade = 0;
    while (grade < GRADES.length && sqnrDb() >= GRADES[grade]) {
      grade++;
    }
    return grade;
  }

  /** The grade in words, for the legend. */
  static String range(int grade) {
    return grade == 0
        ? "below %.0f dB".formatted(GRADES[0])
        : grade == GRADES.length
            ? "%.0f dB and more".formatted(GRADES[grade - 1])
            : "%.0f to %.0f".formatted(GRADES[grade - 1], GRADES[grade]);
  }

  /** The name of its row in links. */
  String id() {
    return "o" + (position + 1);
  }

  String sqnrText() {
    return Figures.db(sqnrDb());
  }

  /** The key that sorts the table; JavaScript reads no infinity. */
  String sqnrKey() {
    return key(sqnrDb());
  }

  static String key(double value) {
    return Double.isNaN(value) ? "" : Float.toString((float) Math.max(-1e9, Math.min(1e9, value)));
  }

  String shareKey() {
    return key(share);
  }

  String shareText() {
    return Figures.percent(share, 2);
  }

  String added() {
    return addedBytes == 0 ? "none" : "+" + Figures.bytes(addedBytes);
  }
}
