package dev.tare.jobs.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class VerdictTest {

  private static PlacementTrials.Trial trial(String name, boolean chosen, double ratio) {
    return new PlacementTrials.Trial(
        name,
        chosen,
        chosen ? "the fastest" : "slower than outputs",
        Optional.of(
            new PlacementTrials.Figures(
                64,
                "y",
                21.53,
                .99812,
                new Latency("cpu", 2, 8, "x[3]", 40, 10, 10, ratio, ratio - .02, ratio + .1))));
  }

  private static PlacementTrials trials(double first, double second) {
    return new PlacementTrials(
        "onnxruntime",
        List.of(
            trial("inputs", false, first),
            trial("outputs", true, second),
            new PlacementTrials.Trial(
                "depthwise-float", false, "the same as inputs", Optional.empty())));
  }

  @Test
  void floatIsFasterThanEveryPlacement() {
    assertThat(Verdict.of(Optional.empty(), Optional.of(trials(1.3, 1.1))))
        .contains(
            "The float model is faster here than with every placement of onnxruntime: the fastest"
                + " takes 1.10 times as long. Deploy the float model; recipe int8-all, which also"
                + " quantizes what is between products, or --target openvino may help.");
  }

  @Test
  void nothingIsSaidWhereOnePlacementIsNotSlower() {
    assertThat(Verdict.of(Optional.empty(), Optional.of(trials(1.3, .8)))).isEmpty();
    assertThat(Verdict.of(Optional.empty(), Optional.empty())).isEmpty();
  }

  @Test
  void tableHasALineForEachPlacement() {
    assertThat(PlacementTable.lines(trials(1.3, .8)))
        .containsExactly(
            "placement        time of float  95 %                           SQNR dB   cosine  outcome",
            "inputs                    1.30  1.28 to 1.40 (wider than 5 %)    21.53  0.99812  slower than outputs",
            "outputs                   0.80  0.78 to 0.90 (wider than 5 %)    21.53  0.99812  chosen: the fastest",
            "depthwise-float              -  -                                    -        -  the same as inputs");
  }

  @Test
  void aFailedGateTellsWhatToTryNext() {
    Quality failed = quality(List.of("cosine is low"));
    assertThat(Verdict.ofGate(Optional.of(failed), Optional.of("int8-cnn")))
        .contains(
            "The gate failed, by recipe int8-cnn. Try next: --recipe int8-transformer,"
                + " int8-dynamic, int8-weights, int8-weights-b32; or --sensitivity 16, which finds"
                + " the operators that cost most, to 'exclude' them in a recipe of yours.");
    Quality passed = quality(List.of());
    assertThat(Verdict.ofGate(Optional.of(passed), Optional.of("int8-cnn"))).isEmpty();
  }

  private static Quality quality(List<String> failures) {
    return new Quality(
        1,
        "data",
        List.of(),
        Optional.empty(),
        0,
        1,
        new TreeSet<>(),
        new Quality.GateResult(true, failures.isEmpty(), failures),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
