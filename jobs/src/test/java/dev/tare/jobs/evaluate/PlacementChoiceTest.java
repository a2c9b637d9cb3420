package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.PlacementTrials.Trial;
import dev.tare.jobs.artifact.Quality;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PlacementChoiceTest {

  private static final PerSample NONE =
      new PerSample(List.of(), List.of(), List.of(), List.of(), List.of());

  private static Quality quality(double ratio, double sqnrDb, boolean asked, boolean passed) {
    return new Quality(
        64,
        "",
        List.of(
            new Quality.OutputQuality(
                "y",
                false,
                sqnrDb,
                .99,
                .9,
                new TreeMap<>(),
                Optional.empty(),
                NONE,
                Optional.empty())),
        Optional.empty(),
        0,
        1,
        new TreeSet<>(),
        new Quality.GateResult(asked, passed, passed ? List.of() : List.of("too noisy")),
        List.of(),
        Optional.empty(),
        Optional.of(new Latency("cpu", 1, 8, "x[3]", 40, 1, ratio, ratio, ratio, ratio)),
        Optional.empty());
  }

  @Test
  void theFastestThatPassesTheGateIsChosen() {
    PlacementChoice choice = new PlacementChoice();
    choice.add("inputs", quality(1.3, 30, true, true));
    choice.add("outputs", quality(.7, 8, true, false));
    choice.add("depthwise-float", quality(.9, 25, true, true));
    choice.add("convolutions-float", "the same as inputs");
    PlacementTrials trials = choice.of("onnxruntime");
    assertThat(trials.chosen().name()).isEqualTo("depthwise-float");
    assertThat(trials.trials())
        .extracting(Trial::reason)
        .containsExactly(
            "slower than depthwise-float",
            "too noisy",
            "the fastest that passes the gate",
            "the same as inputs");
    assertThat(trials.chosen().figures().orElseThrow().sqnrDb()).isEqualTo(25);
    assertThat(trials.trials().get(3).figures()).isEmpty();
  }

  @Test
  void whereNonePassesTheMostAccurateIsChosen() {
    PlacementChoice choice = new PlacementChoice();
    choice.add("inputs", quality(1.3, Double.NaN, true, false));
    choice.add("outputs", quality(.7, 8, true, false));
    choice.add("depthwise-float", quality(.9, 12, true, false));
    Trial chosen = choice.of("onnxruntime").chosen();
    assertThat(chosen.name()).isEqualTo("depthwise-float");
    assertThat(chosen.reason()).isEqualTo("the most accurate, none passes the gate");
  }

  @Test
  void withoutAGateTheFastestIsChosen() {
    PlacementChoice choice = new PlacementChoice();
    choice.add("inputs", quality(.8, 30, false, true));
    choice.add("outputs", quality(.7, 3, false, true));
    assertThat(choice.of("onnxruntime").chosen().reason()).isEqualTo("the fastest");
    assertThatIllegalStateException().isThrownBy(() -> new PlacementChoice().of("onnxruntime"));
  }
}
