package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlacementTrialsTest {

  private static PlacementTrials.Trial trial(String name, boolean chosen, double ratio) {
    Latency latency =
        new Latency("Xeon", 2, 8, "x[3]", 40, 12.5, 12.5 * ratio, ratio, ratio - .02, ratio + .02);
    return new PlacementTrials.Trial(
        name,
        chosen,
        chosen ? "the fastest" : "slower",
        Optional.of(new PlacementTrials.Figures(64, "y", 21.5, .998, latency)));
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
  void whatIsWrittenIsRead() {
    PlacementTrials trials = trials(1.25, .75);
    String text = trials.format();
    assertThat(text)
        .contains("\"format-version\" : 1", "\"target\" : \"onnxruntime\"", "\"sqnr-db\" : 21.5");
    assertThat(PlacementTrials.parse(text, "p")).isEqualTo(trials);
    assertThat(trials.chosen().name()).isEqualTo("outputs");
  }

  @Test
  void floatIsFasterThanAllOrNot() {
    assertThat(trials(1.25, .75).floatIsFaster()).isFalse();
    assertThat(trials(1.25, 1.01).floatIsFaster()).isFalse();
    assertThat(trials(1.25, 1.1).floatIsFaster()).isTrue();
  }

  @Test
  void documentsThatCannotBeAreRefused() {
    String text = trials(1.25, .75).format();
    assertThatThrownBy(() -> PlacementTrials.parse(text.replace("true", "false"), "p"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("p: 'placements' cannot be");
    assertThatThrownBy(() -> PlacementTrials.parse(text.replace("0.75", "-1"), "p"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("'ratio' cannot be -1");
    assertThatThrownBy(
            () -> PlacementTrials.parse(text.replace("version\" : 1", "version\" : 2"), "p"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("p has format version 2");
  }
}
