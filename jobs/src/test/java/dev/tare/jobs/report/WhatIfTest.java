package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WhatIfTest {

  /** A million values in [-1, 1], and one at 50. */
  private static Distribution outlier() {
    int bins = 256;
    double[] lower = new double[bins + 1];
    double[] upper = new double[bins + 1];
    long[] counts = new long[bins + 1];
    for (int i = 0; i < bins; i++) {
      lower[i] = -1 + 2.0 * i / bins;
      upper[i] = -1 + 2.0 * (i + 1) / bins;
      counts[i] = 4000;
    }
    lower[bins] = 50;
    upper[bins] = 50;
    counts[bins] = 1;
    return Distribution.of(lower, upper, counts, -1, 50);
  }

  private static TensorPlan plan(QuantType type, String method) {
    Target target = new Target(type, !type.isInteger(), false, false);
    Range range = new Range(-1, 50);
    QuantParams params = target.params(range);
    double db = ExpectedError.of(outlier(), params).sqnrDb();
    return new TensorPlan(
        "x",
        Role.ACTIVATION,
        Format.QDQ,
        List.of("op"),
        Optional.empty(),
        Optional.empty(),
        target,
        method,
        "recipe",
        Granularity.perTensor(),
        ScaleColumns.of(new ChannelPlan(range, params, 0, db)));
  }

  @Test
  void otherMethodsAndBitsAreComputedFromTheHistogram() {
    TensorPlan plan = plan(QuantType.UINT8, "min-max");
    List<WhatIf> all = WhatIf.of(outlier(), plan);
    double planned = plan.channels().expectedSqnrDb(0);
    assertThat(all).extracting(WhatIf::how).containsExactly("percentile-99.99", "mse", "16 bits");
    WhatIf mse = all.get(1);
    assertThat(mse.sqnrDb()).isGreaterThan(planned + 3);
    assertThat(mse.sqnrDb()).isGreaterThanOrEqualTo(all.get(0).sqnrDb());
    assertThat(mse.high()).isLessThan(50);
    assertThat(mse.clippedShare()).isPositive();
    // 8 more bits: 48.16 dB.
    assertThat(all.get(2).sqnrDb()).isCloseTo(planned + 20 * Math.log10(256), within(0.5));
    assertThat(all.get(2).clippedShare()).isZero();
  }

  @Test
  void planOfItsOwnIsNotRepeated() {
    assertThat(WhatIf.of(outlier(), plan(QuantType.INT16, "mse")))
        .extracting(WhatIf::how)
        .containsExactly("min-max", "percentile-99.99", "8 bits");
    assertThat(WhatIf.of(outlier(), plan(QuantType.FLOAT8E4M3FN, "min-max")))
        .extracting(WhatIf::how)
        .doesNotContain("16 bits");
  }
}
