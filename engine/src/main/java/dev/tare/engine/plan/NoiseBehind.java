package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;

/**
 * What the rounding noise of a product's input becomes behind a logarithm, a division or a root,
 * from the values that the operator reads.
 *
 * <p>The noise is taken to be spread evenly over the results of the product, since a product mixes
 * what it reads: results are lifted from y to y + r, where r is the root of their mean square times
 * the input's noise over its signal. Behind the squares or roots on the way that is a floor of r to
 * the same power under the values t which the operator reads, and its result is off by ln((t +
 * floor) / t), or by what lies between both powers. Results of a logarithm are compared with their
 * variance, since only differences count behind it, others with their squares. Costs two walks
 * through the bins.
 *
 * @param floor the noise in what the operator reads
 * @param below share of its values in [0, 1] that are smaller, exact zeros left out
 * @param sqnrDb signal to noise behind the operator; NaN if all values are 0
 */
record NoiseBehind(double floor, double below, double sqnrDb) {

  /**
   * @param noiseToSignal of the product's input
   * @param values what the operator reads
   */
  static NoiseBehind of(NoiseMeeting meeting, double noiseToSignal, Distribution values) {
    double total = 0;
    double moment = 0;
    for (int i = 0; i < values.bins(); i++) {
      double size = size(values, i);
      if (size > 0) {
        total += values.count(i);
        moment += values.count(i) * StrictMath.pow(size, 2 / meeting.power());
      }
    }
    double floor = StrictMath.pow(noiseToSignal * moment / total, meeting.power() / 2);
    double below = 0;
    double sum = 0;
    double squares = 0;
    double noise = 0;
    for (int i = 0; i < values.bins(); i++) {
      double size = size(values, i);
      if (size > 0) {
        double count = values.count(i);
        double result = result(size, meeting.exponent());
        double off = result(size + floor, meeting.exponent()) - result;
        below += size < floor ? count : 0;
        sum += count * result;
        squares += count * result * result;
        noise += count * off * off;
      }
    }
    double signal = meeting.division() ? squares : squares - sum * sum / total;
    return new NoiseBehind(floor, below / total, 10 * StrictMath.log10(signal / noise));
  }

  private static double result(double size, double exponent) {
    return exponent == 0 ? StrictMath.log(size) : StrictMath.pow(size, exponent);
  }

  /** The middle of a bin's values, without sign; 0 where it is empty. */
  private static double size(Distribution values, int bin) {
    if (values.count(bin) == 0) {
      return 0;
    }
    double lower = Math.max(values.lower(bin), values.min());
    double upper = Math.min(values.upper(bin), values.max());
    return Math.abs(lower + upper) / 2;
  }
}
