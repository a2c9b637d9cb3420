package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.GptqPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.storage.HadoopSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class StoredWeightsTest {

  private static TensorPlan constant(String name, Role role) {
    QuantType type = role == Role.BIAS ? QuantType.INT32 : QuantType.INT8;
    return new TensorPlan(
        name,
        role,
        Format.QDQ,
        List.of("conv"),
        Optional.empty(),
        Optional.of(Shape.of(2)),
        new Target(type, true, false, false),
        "min-max",
        "recipe",
        Granularity.perTensor(),
        ScaleColumns.of(
            List.of(new ChannelPlan(new Range(-1, 1), new QuantParams(type, 1, 0), 0, 40))));
  }

  /** A compensated bias may have the name and scales of the stored one, and other values. */
  @Test
  void biasesAreQuantizedAgainButForThoseThatGptqShifted() {
    GptqPlan gptq =
        new GptqPlan("ab", .01, List.of(new GptqPlan.Weight("k", "x", 1, "x[3x3]", "kb")));
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "",
            Optional.empty(),
            "cd",
            List.of(),
            "ef",
            List.of(),
            Optional.of(gptq),
            List.of(),
            List.of(constant("b_corrected", Role.BIAS), constant("kb", Role.BIAS)));
    StoredWeights stored =
        new StoredWeights(new Path("weights"), new HadoopSettings(Map.of()), plan);
    assertThat(stored.has(constant("k", Role.WEIGHT))).isTrue();
    assertThat(stored.has(constant("kb", Role.BIAS))).isTrue();
    assertThat(stored.has(constant("b_corrected", Role.BIAS))).isFalse();
  }
}
