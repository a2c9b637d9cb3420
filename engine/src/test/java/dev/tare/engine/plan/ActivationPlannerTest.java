package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActivationPlannerTest {

  private static final String PER_CHANNEL = "activations.granularity = per-channel";

  private static TensorPlan plan(TensorStatistics statistics, String... changes) {
    return new ActivationPlanner(Recipes.int8(changes))
        .plan(
            statistics,
            TensorQuery.ofActivation(statistics.tensor(), List.of("node"), List.of("MatMul")));
  }

  private static TensorStatistics channels(ChannelMode mode, float... values) {
    return Recipes.observed(
        "t", ObserverOptions.ofChannels(mode, -1), Shape.of(values.length / 2, 2), values);
  }

  @Test
  void minMaxCoversWhatWasSeen() {
    TensorPlan plan = plan(Recipes.observed("t", -1, 0, 3));
    assertThat(plan.tensor()).isEqualTo("t");
    assertThat(plan.role()).isEqualTo(Role.ACTIVATION);
    assertThat(plan.consumers()).containsExactly("node");
    assertThat(plan.quantized()).isTrue();
    assertThat(plan.axis()).isEmpty();
    assertThat(plan.shape()).isEmpty();
    assertThat(plan.method()).isEqualTo("min-max");
    ChannelPlan channel = plan.channels().get(0);
    assertThat(channel.range()).isEqualTo(new Range(-1, 3));
    assertThat(channel.params())
        .isEqualTo(new QuantParams(QuantType.UINT8, (float) (4.0 / 255), 64));
    assertThat(channel.clippedShare()).isZero();
    assertThat(channel.expectedSqnrDb()).isGreaterThan(40);
  }

  @Test
  void valuesThatCannotBeQuantizedKeepTheTensorFloat() {
    assertStaysFloat("1 NaN and 0 infinite values among 3", 1, Float.NaN, 2);
    assertStaysFloat(
        "0 NaN and 2 infinite values among 3", Float.POSITIVE_INFINITY, 1, Float.NEGATIVE_INFINITY);
    assertStaysFloat("values reach 3.4E38, beyond float-above 1.0E30", 0, -3.4e38f);
    assertStaysFloat("no value was observed");
  }

  private static void assertStaysFloat(String reason, float... values) {
    TensorPlan plan = plan(Recipes.observed("t", values));
    assertThat(plan.floatReason()).contains(reason);
    assertThat(plan.channels()).isEmpty();
  }

  @Test
  void limitOfTheRecipeIsItself() {
    assertThat(plan(Recipes.observed("t", 0, 100), "float-above = 100").quantized()).isTrue();
    assertThat(plan(Recipes.observed("t", 0, 101), "float-above = 100").floatReason())
        .contains("values reach 101.0, beyond float-above 100.0");
  }

  @Test
  void zerosAloneGetScaleOne() {
    assertThat(plan(Recipes.observed("t", 0, -0.0f)).channels().get(0).params())
        .isEqualTo(new QuantParams(QuantType.UINT8, 1, 0));
  }

  @Test
  void valuesThatAreOnlyTheExtremesKeepTheFullRange() {
    for (String method : List.of("entropy", "entropy-ort", "percentile-ort", "mse")) {
      TensorPlan mask = plan(Recipes.observed("t", 0, 1, 1, 0), "activations.method = " + method);
      assertThat(mask.channels().get(0).range().high()).as(method).isEqualTo(1, offset(.01f));
    }
  }

  @Test
  void perChannelGivesEachChannelItsScale() {
    for (ChannelMode mode : List.of(ChannelMode.HISTOGRAM, ChannelMode.EXTREMES)) {
      TensorPlan plan = plan(channels(mode, 1, -1, 0, 4, 2.5f, 0), PER_CHANNEL);
      assertThat(plan.axis()).as("%s", mode).hasValue(1);
      assertThat(plan.channels())
          .extracting(ChannelPlan::range)
          .containsExactly(new Range(0, 2.5f), new Range(-1, 4));
      assertThat(plan.scales()).containsExactly((float) (2.5 / 255), (float) (5.0 / 255));
      assertThat(plan.zeroPoints()).containsExactly(0, 51);
    }
  }

  @Test
  void extremesAlonePredictNoError() {
    ChannelPlan channel =
        plan(channels(ChannelMode.EXTREMES, 1, -1), PER_CHANNEL).channels().get(0);
    assertThat(channel.clippedShare()).isNaN();
    assertThat(channel.expectedSqnrDb()).isNaN();
  }

  @Test
  void perChannelNeedsChannels() {
    assertThatThrownBy(() -> plan(Recipes.observed("t", 1, 2), PER_CHANNEL))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Statistics of tensor 't' have no channels, which a per-channel recipe needs: calibrate"
                + " with --channels histogram or extremes");
  }

  @Test
  void entropyOnCoarseChannelsIsRefusedByName() {
    Random random = new Random(5);
    float[] values = new float[2000];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    assertThatThrownBy(
            () ->
                plan(
                    channels(ChannelMode.HISTOGRAM, values),
                    PER_CHANNEL,
                    "activations.method = entropy"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot select a range for tensor 't' by entropy: ")
        .hasMessageContaining("needs 512 cells from 0 to the maximum, the histogram has 32");
    TensorPlan whole =
        plan(channels(ChannelMode.HISTOGRAM, values), "activations.method = entropy");
    assertThat(whole.channels()).hasSize(1);
  }

  @Test
  void methodsThatNeedAHistogramRefuseExtremes() {
    assertThatThrownBy(
            () ->
                plan(
                    channels(ChannelMode.EXTREMES, 1, -1), PER_CHANNEL, "activations.method = mse"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot select a range for tensor 't' by mse: ")
        .hasMessageContaining("values in [1.0, 1.0] but no histogram of them");
  }

  @Test
  void valuesTooSmallForAScaleStayFloatAndZerosDoNot() {
    assertThat(plan(Recipes.observed("t", 1e-40f, -1e-37f)).floatReason())
        .contains("values reach no further than 1.0E-37, too small for a scale");
    assertThat(plan(Recipes.observed("t", 0, 0)).scales()).containsExactly(1);
  }

  @Test
  void statisticsWithoutTheWholeTensorAreRefused() {
    TensorStatistics channels = channels(ChannelMode.EXTREMES, 1, -1);
    TensorStatistics noWhole =
        new TensorStatistics("t", Optional.empty(), channels.axis(), channels.channels());
    assertThatThrownBy(() -> plan(noWhole))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Statistics of tensor 't' lack the row of the whole tensor");
  }
}
