package dev.tare.jobs.console;

import dev.tare.engine.target.Targets;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.SelectionFacts;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says plainly that a run is no success, and what may help. */
public final class Verdict {

  private static final String CNN = "int8-cnn";

  /** In place of the other for models with scores and boxes in one output. */
  private static final String CNN_MSE = "int8-cnn-mse";

  /** Recipes that lose less than most, from the fastest to the most accurate. */
  private static final List<String> NEXT =
      List.of(CNN, CNN_MSE, "int8-transformer", "int8-dynamic", "int8-weights", "int8-weights-b32");

  /** Likewise for convolutional networks, where ONNX Runtime runs the model. */
  private static final List<String> NEXT_OF_CONVOLUTIONS =
      List.of(CNN, CNN_MSE, "int16x8-cnn", "int16x8-cnn-gptq", "int8-weights", "int8-weights-b32");

  private static final String TFLITE = "tflite";

  /** Likewise for .tflite models. */
  private static final List<String> NEXT_OF_TFLITE =
      List.of("int8-tflite", "int8-tflite-dynamic", "int16x8-tflite", "int8-tflite-weights");

  private static final int OTHERS = 4;

  private Verdict() {}

  /**
   * One sentence or two, the last words about a run; empty where int8 is not slower, or nothing was
   * measured.
   *
   * @param quality what evaluation measured
   * @param trials what was measured of placements
   * @param selection how the model was quantized; empty if the run does not know
   */
  public static Optional<String> of(
      Optional<Quality> quality,
      Optional<PlacementTrials> trials,
      Optional<SelectionFacts> selection) {
    Optional<PlacementTrials> slower = trials.filter(PlacementTrials::floatIsFaster);
    if (slower.isPresent()) {
      return Optional.of(ofAll(slower.get()));
    }
    return quality
        .flatMap(Quality::latency)
        .filter(Latency::floatIsFaster)
        .map(
            latency ->
                isOfTflite(selection)
                    ? ofTflite(latency)
                    : ofOthers(latency, trials.isPresent(), suits(selection, CNN)));
  }

  private static boolean isOfTflite(Optional<SelectionFacts> selection) {
    return selection.filter(facts -> facts.target().equals(TFLITE)).isPresent();
  }

  private static String ofTflite(Latency latency) {
    return text(
        "The float model is faster here: the quantized one takes %.2f times as long. Other devices"
            + " may differ; recipe int8-tflite-dynamic may help.",
        latency.ratio());
  }

  private static String ofOthers(Latency latency, boolean tried, boolean convolutions) {
    return text(
        "The float model is faster here: the quantized one takes %.2f times as long."
            + " Another recipe may help, such as int8-all%s%s%s.",
        latency.ratio(),
        convolutions ? " or int8-cnn for convolutions" : "",
        tried ? "" : ", --placement fastest",
        latency.byExecutors() ? ", or --target openvino" : "");
  }

  /**
   * What to try next where the gate failed; empty where it did not.
   *
   * @param quality what evaluation measured
   * @param selection how the model was quantized; empty if the run does not know
   */
  public static Optional<String> ofGate(
      Optional<Quality> quality, Optional<SelectionFacts> selection) {
    return quality
        .map(Quality::gate)
        .filter(gate -> !gate.failures().isEmpty())
        .flatMap(gate -> selection)
        .map(Verdict::next);
  }

  private static String next(SelectionFacts selection) {
    String others =
        recipes(selection).stream()
            .filter(name -> !name.equals(selection.recipe()))
            .filter(name -> !name.equals(CNN) || suits(Optional.of(selection), CNN))
            .filter(name -> !name.equals(CNN_MSE) || selection.suited().equals(Optional.of(name)))
            .limit(OTHERS)
            .collect(Collectors.joining(", "));
    return text(
        "The gate failed, by recipe %s. Try next: --recipe %s; or --sensitivity 16, which finds the"
            + " operators that cost most, to 'exclude' them in a recipe of yours.",
        selection.recipe(), others);
  }

  /** Whether a recipe suits the model, or the run does not know. */
  private static boolean suits(Optional<SelectionFacts> selection, String recipe) {
    return selection.flatMap(SelectionFacts::suited).map(recipe::equals).orElse(true);
  }

  private static List<String> recipes(SelectionFacts selection) {
    if (isOfTflite(Optional.of(selection))) {
      return NEXT_OF_TFLITE;
    }
    boolean convolutions =
        selection.recipe().contains("-cnn") && selection.target().equals(Targets.DEFAULT.name());
    return convolutions ? NEXT_OF_CONVOLUTIONS : NEXT;
  }

  private static String ofAll(PlacementTrials trials) {
    double best =
        trials.trials().stream()
            .flatMap(trial -> trial.figures().stream())
            .mapToDouble(figures -> figures.latency().ratio())
            .min()
            .orElseThrow();
    return text(
        "The float model is faster here than with every placement of %s: the fastest takes %.2f"
            + " times as long. Deploy the float model; recipe int8-all, which also quantizes what"
            + " is between products,%s may help.",
        trials.target(),
        best,
        trials.target().equals(Targets.DEFAULT.name()) ? " or --target openvino" : "");
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
