package dev.tare.jobs.report;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A tensor as it would be quantized otherwise, from its statistics; no model runs.
 *
 * @param how method or type
 * @param low lower end of the range
 * @param high upper end of the range
 * @param sqnrDb expected signal to noise
 * @param clippedShare share of values that saturate
 */
record WhatIf(String how, double low, double high, double sqnrDb, double clippedShare) {

  private static final List<String> METHODS = List.of("min-max", "percentile-99.99", "mse");

  /**
   * The other methods with the type of the plan, then another number of bits with the range of all
   * values. A method that the bins are too coarse for is left out.
   */
  static List<WhatIf> of(Distribution values, TensorPlan plan) {
    List<WhatIf> all = new ArrayList<>();
    for (String method : METHODS) {
      if (!method.equals(plan.method())) {
        of(method, RangeSelector.parse(method), values, plan.target()).ifPresent(all::add);
      }
    }
    otherBits(plan.target())
        .flatMap(
            target ->
                of(
                    target.type().dtype().bits() + " bits",
                    RangeSelector.parse("min-max"),
                    values,
                    target))
        .ifPresent(all::add);
    return all;
  }

  private static Optional<WhatIf> of(
      String how, RangeSelector method, Distribution values, Target target) {
    Range range;
    try {
      range = method.select(values, target);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    QuantParams params = target.params(range);
    ExpectedError error = ExpectedError.of(values, params);
    return Optional.of(
        new WhatIf(how, range.low(), range.high(), error.sqnrDb(), error.clippedShare()));
  }

  /** 16 bits for a smaller integer, 8 for one of 16. */
  private static Optional<Target> otherBits(Target target) {
    QuantType type = target.type();
    if (!type.isInteger()) {
      return Optional.empty();
    }
    boolean wide = type.dtype().bits() >= 16;
    QuantType other =
        type.signed()
            ? (wide ? QuantType.INT8 : QuantType.INT16)
            : (wide ? QuantType.UINT8 : QuantType.UINT16);
    return Optional.of(new Target(other, target.symmetric(), target.narrowRange(), false));
  }

  /** Its SQNR, and the change from that of the plan. */
  String gain(double plannedDb) {
    double change = sqnrDb - plannedDb;
    return Figures.db(sqnrDb)
        + " dB"
        + (Double.isFinite(change) ? ", " + Figures.signed(change, 2) : "");
  }

  boolean clips() {
    return clippedShare > 0;
  }

  /** What it clips, and its range. */
  String note() {
    return "clips %s; %s … %s"
        .formatted(Figures.percent(clippedShare, 3), Figures.real(low), Figures.real(high));
  }
}
