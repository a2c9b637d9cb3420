package dev.tare.jobs.drift;

import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.statistics.Drift;
import java.util.Optional;

/**
 * How far one tensor moved.
 *
 * @param tensor its name
 * @param baselineCount values in the baseline
 * @param currentCount values in the current statistics
 * @param drift the distances
 * @param fit how the published scale fits both; empty for a tensor without one
 */
public record TensorDrift(
    String tensor, long baselineCount, long currentCount, Drift drift, Optional<Fit> fit) {

  /**
   * How a scale fits the baseline's and the current values.
   *
   * @param baselineClipped share of the baseline's values that saturate, in [0, 1]
   * @param currentClipped share of the current values that do
   * @param baselineSqnrDb expected SQNR of the baseline in dB
   * @param currentSqnrDb expected SQNR of the current values in dB
   */
  public record Fit(
      double baselineClipped, double currentClipped, double baselineSqnrDb, double currentSqnrDb) {

    static Fit of(ExpectedError baseline, ExpectedError current) {
      return new Fit(
          baseline.clippedShare(), current.clippedShare(), baseline.sqnrDb(), current.sqnrDb());
    }

    /** Returns the increase of the clipped share; negative if less is clipped. */
    public double clipIncrease() {
      return currentClipped - baselineClipped;
    }
  }
}
