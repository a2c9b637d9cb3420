package dev.tare.engine.pass;

import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;

/** The scale of the values of one block in one column, of which some count more than others. */
final class BlockScale {

  /** Parts of the extremes, in fortieths: from a half to a little more than all. */
  private static final int LEAST = 20;

  private static final int MOST = 44;

  private BlockScale() {}

  /**
   * A scale.
   *
   * @param error the sum of squared errors, each times its row's count
   */
  record Found(QuantParams params, double error) {}

  /**
   * Returns the scale with the least sum of squared errors, each times its row's count; of equal
   * ones the first of: all of the extremes, then parts of them from the least on.
   *
   * @param rows values by row and column
   * @param counts of each row
   */
  static Found of(double[][] rows, double[] counts, int column, Target target) {
    double[] values = new double[rows.length];
    for (int k = 0; k < values.length; k++) {
      values[k] = rows[k][column];
    }
    return of(values, counts, target);
  }

  /** The same of values that are counted one by one. */
  static Found of(double[] values, double[] counts, Target target) {
    double low = 0;
    double high = 0;
    for (double value : values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    Limits limits = target.limits();
    QuantParams best = params(low, high, target);
    double least = error(values, counts, best, limits);
    for (int part = LEAST; part <= MOST; part++) {
      QuantParams params = params(low * part / 40, high * part / 40, target);
      double error = error(values, counts, params, limits);
      if (error < least) {
        least = error;
        best = params;
      }
    }
    return new Found(best, least);
  }

  private static QuantParams params(double low, double high, Target target) {
    return target.params(Range.containing((float) low, (float) high));
  }

  private static double error(double[] values, double[] counts, QuantParams params, Limits limits) {
    double sum = 0;
    double scale = params.scale();
    for (int k = 0; k < values.length; k++) {
      double error = values[k] - GptqGrid.kept(values[k], params, limits) * scale;
      sum += counts[k] * error * error;
    }
    return sum;
  }
}
