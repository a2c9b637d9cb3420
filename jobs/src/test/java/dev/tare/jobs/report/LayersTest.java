package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.OperatorTimes;
import dev.tare.jobs.artifact.Sensitivity;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LayersTest {

  private static final RunContent RUN = Contents.of("run", 80, 24, 1);
  private static final QuantPlan PLAN = RUN.plan().orElseThrow();

  private static Sensitivity measured(double... gains) {
    TreeMap<String, Sensitivity.Score> operators = new TreeMap<>();
    for (int i = 0; i < gains.length; i++) {
      operators.put(RUN.order().get(i), new Sensitivity.Score(20 + gains[i], .99));
    }
    return new Sensitivity(16, new Sensitivity.Score(20, .98), operators);
  }

  @Test
  void depthFollowsTheGraphOrTheNumbersInNames() {
    List<String> names = List.of("layer.10/a", "layer.2/b", "layer.2/a", "If/then/x");
    assertThat(Depth.of(names, List.of("layer.2/b", "If", "layer.10/a", "layer.2/a")).nodes())
        .containsExactly("layer.2/b", "If/then/x", "layer.10/a", "layer.2/a");
    assertThat(Depth.of(names, List.of()).nodes())
        .containsExactly("If/then/x", "layer.2/a", "layer.2/b", "layer.10/a");
    assertThat(Depth.of(names, List.of("another")).ofGraph()).isFalse();
  }

  @Test
  void axisHasTheNumbersOfLayersWhereNamesHaveThem() {
    Axis axis =
        Depth.of(List.of("e.0/a", "e.0/b", "e.1/a", "e.1/b", "e.1/c", "end"), List.of()).axis();
    assertThat(axis.label()).contains("by name", "numbers are of layers");
    assertThat(axis.ticks()).extracting(Axis.Tick::text).containsExactly("0", "1");
    assertThat(Depth.of(List.of("Conv.1", "Conv.2", "Conv.3"), List.of()).axis().label())
        .isEqualTo("quantized operators by name");
  }

  @Test
  void estimatedCurveAddsSharesOfNoise() {
    Layers layers = Layers.of(PLAN, Optional.empty(), RUN.order());
    assertThat(layers.operators()).isEqualTo(40);
    assertThat(layers.inGraphOrder()).isTrue();
    FloatCurve curve = FloatCurve.of(layers, RUN);
    assertThat(curve.db()).hasSize(41).isSorted();
    assertThat(curve.db().get(0)).isEqualTo(18.49);
    assertThat(curve.gainDb(1)).isCloseTo(layers.ranked().get(0).gainDb(), within(1e-12));
    assertThat(curve.db().get(40)).isInfinite();
    assertThat(curve.bytes().get(40) - curve.bytes().get(0))
        .isEqualTo(layers.ranked().stream().mapToLong(Layer::addedBytes).sum());
    assertThat(curve.caption()).startsWith("An estimate: shares").contains("11 ms quantized");
  }

  @Test
  void timesOfOperatorsAddUp() {
    Layers layers = Layers.of(PLAN, Optional.empty(), RUN.order());
    FloatCurve without = timed(layers, OperatorTimes.NONE);
    assertThat(without.millis()).isEmpty();
    assertThat(without.plots()).hasSize(2);
    assertThat(without.caption()).endsWith("Time by operator is not known.");

    SortedMap<String, OperatorTimes.Pair> times = new TreeMap<>();
    times.put(layers.ranked().get(0).node(), new OperatorTimes.Pair(2, .5));
    times.put(layers.ranked().get(2).node(), new OperatorTimes.Pair(.25, .5));
    times.put("none of the plan's", new OperatorTimes.Pair(7, 1));
    FloatCurve curve = timed(layers, new OperatorTimes(times));
    assertThat(curve.millis().subList(0, 5)).containsExactly(11., 12.5, 12.5, 12.25, 12.25);
    assertThat(curve.millisText(1)).isEqualTo("12.5");
    assertThat(curve.plots()).hasSize(3).last().matches(p -> p.y().label().contains("ms"));
    assertThat(curve.caption()).contains("profiler, of 2 of 40");
  }

  private static FloatCurve timed(Layers layers, OperatorTimes times) {
    FloatCurve curve = FloatCurve.of(layers, RUN);
    Optional<Latency> latency = curve.latency().map(l -> l.with(times));
    return new FloatCurve(
        layers, true, curve.db(), curve.bytes(), FloatCurve.millis(layers, latency), latency);
  }

  @Test
  void measuredCurveAddsWhatIsGone() {
    Layers layers = Layers.of(PLAN, Optional.of(measured(1, 2, -.5)), RUN.order());
    assertThat(layers.ranked().get(0).node()).isEqualTo(RUN.order().get(1));
    assertThat(layers.gainText(layers.ranked().get(2))).isEqualTo("−0.50");
    assertThat(layers.gainText(layers.ranked().get(3))).isEqualTo("not measured");
    FloatCurve curve = FloatCurve.of(layers, RUN);
    assertThat(curve.gainDb(1)).isCloseTo(2, within(1e-9));
    double gone = 2 - Math.pow(10, -.2) - Math.pow(10, -.1);
    assertThat(curve.gainDb(2)).isCloseTo(-10 * Math.log10(1 - gone), within(1e-9));
    assertThat(curve.gainDb(40)).isEqualTo(curve.gainDb(2));
    Layers all = Layers.of(PLAN, Optional.of(measured(6, 6, 6)), RUN.order());
    assertThat(FloatCurve.of(all, RUN).gainDb(3)).as("more than all noise").isInfinite();
    assertThat(FloatCurve.of(all, RUN).gainDb(2)).isCloseTo(10 * Math.log10(3), within(1e-9));
  }

  @Test
  void nothingIsProposedForHardlyAnyGain() {
    FloatCurve little =
        FloatCurve.of(Layers.of(PLAN, Optional.of(measured(.1, .2)), RUN.order()), RUN);
    Proposal none = Proposal.of(little, GateOutcome.PASSED);
    assertThat(none.rules()).isEmpty();
    assertThat(none.sentence())
        .isEqualTo(
            "The gate passed, and the first 3 in float would gain only about +0.30 dB: nothing to change.");
    assertThat(Proposal.of(little, GateOutcome.FAILED).rules()).hasSize(3);
    FloatCurve much = FloatCurve.of(Layers.of(PLAN, Optional.of(measured(2, 3)), RUN.order()), RUN);
    assertThat(Proposal.of(much, GateOutcome.PASSED).rules())
        .first()
        .isEqualTo("  { tensors = \"%s\", quantize = false }".formatted(RUN.order().get(1)));
  }
}
