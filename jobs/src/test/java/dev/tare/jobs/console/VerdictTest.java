package dev.tare.jobs.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.SelectionFacts;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
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
    assertThat(Verdict.of(Optional.empty(), Optional.of(trials(1.3, 1.1)), Optional.empty()))
        .contains(
            "The float model is faster here than with every placement of onnxruntime: the fastest"
                + " takes 1.10 times as long. Deploy the float model; recipe int8-all, which also"
                + " quantizes what is between products, or --target openvino may help.");
  }

  @Test
  void nothingIsSaidWhereOnePlacementIsNotSlower() {
    assertThat(Verdict.of(Optional.empty(), Optional.of(trials(1.3, .8)), Optional.empty()))
        .isEmpty();
    assertThat(Verdict.of(Optional.empty(), Optional.empty(), Optional.empty())).isEmpty();
  }

  @Test
  void tableHasALineForEachPlacement() {
    assertThat(PlacementTable.lines(trials(1.3, .8)))
        .containsExactly(
            "placement        time of float  95 %                           SQNR dB   cosine "
                + " outcome",
            "inputs                    1.30  1.28 to 1.40 (wider than 5 %)    21.53  0.99812 "
                + " slower than outputs",
            "outputs                   0.80  0.78 to 0.90 (wider than 5 %)    21.53  0.99812 "
                + " chosen: the fastest",
            "depthwise-float              -  -                                    -        -  the"
                + " same as inputs");
  }

  @Test
  void aFailedGateTellsWhatToTryNext() {
    Quality failed = quality(List.of("cosine is low"));
    assertThat(Verdict.ofGate(Optional.of(failed), selected("int8-cnn", "openvino")))
        .contains(
            "The gate failed, by recipe int8-cnn. Try next: --recipe int8-transformer,"
                + " int8-dynamic, int8-weights, int8-weights-b32; or --sensitivity 16, which finds"
                + " the operators that cost most, to 'exclude' them in a recipe of yours.");
    assertThat(Verdict.ofGate(Optional.of(failed), selected("int8-cnn", "onnxruntime")))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .startsWith(
                        "The gate failed, by recipe int8-cnn. Try next: --recipe int16x8-cnn,"
                            + " int16x8-cnn-gptq, int8-weights, int8-weights-b32; or"));
    Quality passed = quality(List.of());
    assertThat(Verdict.ofGate(Optional.of(passed), selected("int8-cnn", "onnxruntime"))).isEmpty();
  }

  @Test
  void aRecipeForConvolutionsIsNamedOnlyWhereItSuits() {
    Optional<Quality> failed = Optional.of(quality(List.of("cosine is low")));
    assertThat(Verdict.ofGate(failed, selected("int8", "onnxruntime", "int8")).orElseThrow())
        .contains("Try next: --recipe int8-transformer, int8-dynamic,")
        .doesNotContain("int8-cnn");
    assertThat(Verdict.ofGate(failed, selected("int8", "onnxruntime", "int8-cnn")).orElseThrow())
        .contains("Try next: --recipe int8-cnn, int8-transformer,");
    assertThat(Verdict.ofGate(failed, selected("int8", "onnxruntime", "int8-cnn-mse")))
        .hasValueSatisfying(
            text ->
                assertThat(text).contains("Try next: --recipe int8-cnn-mse, int8-transformer,"));
    assertThat(Verdict.ofGate(failed, selected("int8-cnn-mse", "onnxruntime", "int8-cnn-mse")))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .contains("Try next: --recipe int16x8-cnn, int16x8-cnn-gptq, int8-weights,"));
    Optional<Quality> slow =
        Optional.of(
            quality(
                List.of(),
                Optional.of(new Latency("cpu", 2, 8, "x[3]", 40, 10, 10, 1.25, 1.2, 1.3))));
    assertThat(
            Verdict.of(slow, Optional.empty(), selected("int8", "onnxruntime", "int8"))
                .orElseThrow())
        .contains("Another recipe may help, such as int8-all, --placement");
  }

  private static Optional<SelectionFacts> selected(String recipe, String target) {
    return selected(recipe, target, Optional.empty());
  }

  private static Optional<SelectionFacts> selected(String recipe, String target, String suited) {
    return selected(recipe, target, Optional.of(suited));
  }

  private static Optional<SelectionFacts> selected(
      String recipe, String target, Optional<String> suited) {
    return Optional.of(
        new SelectionFacts(
            recipe, suited, target, Optional.empty(), Optional.empty(), new TreeMap<>(), 0));
  }

  @Test
  void aModelOfTensorFlowLiteHasRecipesOfItsOwn() {
    Optional<SelectionFacts> selection = selected("int8-tflite", "tflite");
    assertThat(Verdict.ofGate(Optional.of(quality(List.of("cosine is low"))), selection))
        .contains(
            "The gate failed, by recipe int8-tflite. Try next: --recipe int8-tflite-dynamic,"
                + " int16x8-tflite, int8-tflite-weights; or --sensitivity 16, which finds the"
                + " operators that cost most, to 'exclude' them in a recipe of yours.");
    Quality slow =
        quality(
            List.of(), Optional.of(new Latency("cpu", 2, 8, "x[3]", 40, 10, 10, 1.25, 1.2, 1.3)));
    assertThat(Verdict.of(Optional.of(slow), Optional.empty(), selection))
        .contains(
            "The float model is faster here: the quantized one takes 1.25 times as long. Other"
                + " devices may differ; recipe int8-tflite-dynamic may help.");
  }

  private static Quality quality(List<String> failures) {
    return quality(failures, Optional.empty());
  }

  private static Quality quality(List<String> failures, Optional<Latency> latency) {
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
        latency,
        Optional.empty());
  }
}
