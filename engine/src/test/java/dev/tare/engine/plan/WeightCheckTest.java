package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightCheckTest {

  private static final Shape SHAPE = Shape.of(64, 6);

  private static Tensor weight() {
    Random random = new Random(3);
    float[] values = new float[64 * 6];
    for (int i = 0; i < values.length; i++) {
      // Channels along the last axis have magnitudes of their own.
      values[i] = (float) (random.nextGaussian() * Math.pow(3, i % 6));
    }
    return Tensor.ofFloats(SHAPE, values);
  }

  private static TensorPlan plan(Tensor weight, String... changes) {
    return new WeightPlanner(Recipes.int8(changes))
        .plan(
            weight,
            new TensorQuery(
                "w", Role.WEIGHT, List.of("node"), List.of("MatMul"), Format.QDQ, 1, 0));
  }

  private static TensorPlan changed(TensorPlan plan, UnaryOperator<ChannelPlan> change) {
    return plan.withChannels(ScaleColumns.of(entries(plan).stream().map(change).toList()));
  }

  private static List<ChannelPlan> entries(TensorPlan plan) {
    List<ChannelPlan> entries = new ArrayList<>();
    plan.channels().forEach(entries::add);
    return entries;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "min-max",
        "percentile-abs-90",
        "percentile-99.9",
        "mse",
        "entropy",
      })
  void whatWasPlannedIsAccepted(String method) {
    for (String change :
        List.of(
            "weights.granularity = per-channel",
            "weights.granularity = per-tensor",
            "weights { granularity = per-block, block-size = 16 }",
            "weights { type = uint8, symmetric = false, narrow-range = false }",
            "weights { type = int16, method = min-max }",
            "weights { type = int4, granularity = per-block, block-size = 32 }")) {
      Tensor weight = weight();
      TensorPlan plan = plan(weight, "weights.method = " + method, change);
      assertThatCode(() -> WeightCheck.require(weight, plan)).as(change).doesNotThrowAnyException();
    }
  }

  @Test
  void aChannelWithTheRangeOfAnother() {
    TensorPlan plan = plan(weight());
    List<ChannelPlan> channels = entries(plan);
    channels.set(4, channels.get(1));
    assertThatThrownBy(
            () -> WeightCheck.require(weight(), plan.withChannels(ScaleColumns.of(channels))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("of 64 values in channel 4 are outside the range")
        .hasMessageContaining("clipped share of 0.0");
  }

  @Test
  void blocksOfAnotherOrder() {
    TensorPlan plan = plan(weight(), "weights { granularity = per-block, block-size = 16 }");
    List<ChannelPlan> channels = entries(plan);
    Collections.reverse(channels);
    assertThatThrownBy(
            () -> WeightCheck.require(weight(), plan.withChannels(ScaleColumns.of(channels))))
        .hasMessageContaining("dB as a whole, but the plan expects");
  }

  @Test
  void rangesThatAreTooWide() {
    TensorPlan plan =
        changed(
            plan(weight()),
            c -> {
              Range wide = new Range(c.range().low() * 4, c.range().high() * 4);
              return new ChannelPlan(
                  wide,
                  new QuantParams(c.params().type(), c.params().scale() * 4, 0),
                  c.clippedShare(),
                  c.expectedSqnrDb());
            });
    assertThatThrownBy(() -> WeightCheck.require(weight(), plan))
        .hasMessageContaining("dB in channel 0, but the plan expects");
  }

  @Test
  void constantsOfAnotherTypeOrShape() {
    TensorPlan plan = plan(weight());
    Tensor integers = Tensor.of(DType.INT8, SHAPE, ByteBuffer.allocate(64 * 6));
    assertThatThrownBy(() -> WeightCheck.require(integers, plan))
        .hasMessageContaining("it is INT8 of shape [64, 6], but was planned as FLOAT32");
    Tensor other = Tensor.ofFloats(Shape.of(6, 64), weight().toFloatArray());
    assertThatThrownBy(() -> WeightCheck.require(other, plan))
        .hasMessageContaining("shape [6, 64], but was planned as FLOAT32 of shape [64, 6]");
  }
}
