package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class QualityJsonTest {

  private static final PerSample SAMPLES =
      new PerSample(
          List.of(.25, 1.0),
          List.of(10.0, 40.5),
          List.of(new PerSample.Worst("ab", .25, 10)),
          List.of(.1f, 2f),
          List.of(.2f, -3.4028235e38f),
          Optional.of(new Interval(.25, .75)));

  private static Quality.OutputQuality output(
      String name, boolean pooled, Optional<Double> argmax, Optional<OutputFacts> facts) {
    return new Quality.OutputQuality(
        name, pooled, 20, .5, -1, new TreeMap<>(Map.of(1, .25, 50, .5)), argmax, SAMPLES, facts);
  }

  private static OutputFacts facts(Optional<Double> labelsEqual) {
    return new OutputFacts(
        .76,
        labelsEqual.isEmpty(),
        labelsEqual,
        true,
        1,
        2,
        3,
        4,
        List.of(
            new ChannelQuality(-1, 5, 1, 4, 14.125, .25f, 0, 1),
            new ChannelQuality(1, 7, 0, 2, 30, .1f, -2.5f, 1e-30f)));
  }

  private static Quality whole() {
    return new Quality(
            7,
            "by hash",
            List.of(
                output("y", false, Optional.of(.75), Optional.of(facts(Optional.empty()))),
                output("y", true, Optional.empty(), Optional.empty()),
                output("label", false, Optional.empty(), Optional.of(facts(Optional.of(.875))))),
            Optional.of(.875),
            6,
            1.5,
            new TreeSet<>(List.of("a", "b")),
            new Quality.GateResult(true, false, List.of("too low")),
            List.of("mind the channels"),
            Optional.of(
                new TargetQuality(
                    "openvino",
                    "OpenVINO 1",
                    3,
                    List.of(new TargetQuality.Output("y", 20.5, 7.75)),
                    Optional.of(new TargetQuality.Kernels(52, 53)),
                    Optional.of("they part at Mul 'm'"))),
            Optional.of(
                new Latency("Xeon (avx2)", 2, 8, "x[3, 8]", 40, 12.5, 10, .8, .75, .875)
                    .with(new Turns(List.of(12.5, 13.001), List.of(10., 9.75)))
                    .with(
                        new OperatorTimes(
                            new TreeMap<>(Map.of("dense", new OperatorTimes.Pair(4.5, 1.25)))))),
            Optional.of(
                new Sensitivity(
                    5,
                    new Sensitivity.Score(20, .5),
                    new TreeMap<>(Map.of("dense", new Sensitivity.Score(21, .75))))))
        .with(
            new LabelQuality(
                Optional.of("kind"),
                "y",
                7,
                List.of(
                    new LabelQuality.Measure(
                        "accuracy", .75, .5, Optional.of(new Interval(-.5, .25))),
                    new LabelQuality.Measure("macro F1", .75, .5, Optional.empty()))));
  }

  private static String text() {
    return QualityJson.format(whole());
  }

  @Test
  void runtimeOfTheLatencyIsNamedUnlessExecutorsTimed() {
    Latency usual = whole().latency().orElseThrow();
    assertThat(usual.runtime()).isEqualTo("ONNX Runtime");
    assertThat(text()).doesNotContain("\"runtime\" : \"ONNX Runtime\"");
    Latency other =
        new Latency("OpenVINO 1, f32", "Xeon", 2, 8, "x[3]", 40, 12.5, 10, .8, .75, .875);
    String text = QualityJson.format(whole().with(other, whole().gate()));
    assertThat(text).contains("\"latency\" : {\n    \"runtime\" : \"OpenVINO 1, f32\",");
    assertThat(QualityJson.parse(text, "q").latency()).contains(other);
  }

  @Test
  void readsWhatItWrote() {
    assertThat(QualityJson.parse(text(), "q")).isEqualTo(whole());
    assertThat(QualityJson.format(QualityJson.parse(text(), "q"))).isEqualTo(text());
  }

  @Test
  void whatAnOlderVersionDidNotWriteIsEmpty() {
    Quality quality =
        QualityJson.parse(
            """
            {
              "format-version" : 1, "samples" : 7, "held-out" : "by hash", "gate" : "none",
              "outputs" : [ {
                "name" : "y", "vector" : "as is", "sqnr-db" : null,
                "cosine" : { "mean" : 0.5, "min" : null }, "argmax-agreement" : 0.75
              } ]
            }
            """,
            "q");
    Quality.OutputQuality output = quality.headline();
    assertThat(output.sqnrDb()).isNaN();
    assertThat(output.cosineMin()).isNaN();
    assertThat(output.facts()).isEmpty();
    assertThat(output.classAgreement()).as("whether there are classes is not known").contains(.75);
    assertThat(output.perSample().cosines()).isEmpty();
    assertThat(quality.gate().asked()).isFalse();
    assertThat(quality.timeRatio()).isNaN();
    assertThat(quality.sensitivity()).isEmpty();
  }

  @Test
  void keysOfANewerProgramArePassedOver() {
    String newer = text().replace("\"samples\" : 7,", "\"colour\" : { }, \"samples\" : 7,");
    assertThat(QualityJson.parse(newer, "q")).isEqualTo(whole());
  }

  @Test
  void valuesThatCannotBeAreRefusedByTheirKeys() {
    refuses("\"format-version\" : 1", "\"format-version\" : 2", "q has format version 2");
    refuses("\"difference-low\" : -0.5", "\"difference-low\" : 0.5", "q, labels, measures: 'd");
    refuses("\"samples\" : 7", "\"samples\" : -7", "q: 'samples' cannot be -7");
    refuses("\"gate\" : \"failed\"", "\"gate\" : \"open\"", "q: 'gate' cannot be \"open\"");
    refuses("\"min\" : -1.0", "\"min\" : -3.0", "q, output 'y', cosine: 'min' cannot be -3.0");
    refuses("\"p1\" : 0.25", "\"p1\" : 7", "q, output 'y', cosine: 'p1' cannot be 7");
    refuses("\"as is\"", "\"in part\"", "q, output 'y': 'vector' cannot be \"in part\"");
    refuses("\"as is\"", "\"labels, one-hot\"", "q, output 'y': 'vector' cannot be");
    refuses("\"float\" : [ 0.1,", "\"float\" : [ 0.1, 0.1,", "q, output 'y': 'values' cannot be");
    refuses("\"axis\" : -1", "\"axis\" : -2", "q, output 'y', channels: 'axis' cannot be -2");
    refuses("\"one-value\" : true", "\"one-value\" : 1", "q, output 'y': 'one-value' cannot be 1");
    refuses("\"node\" : \"dense\"", "\"knot\" : 1", "q, latency, operators lacks the key 'node'");
    refuses(
        "\"float-ms\" : 4.5",
        "\"float-ms\" : -4",
        "q, latency, operators: 'float-ms' cannot be -4");
    refuses(
        "\"node\" : \"dense\",\n      \"cosine",
        "\"knot\" : 1,\n      \"cosine",
        "q, sensitivity, operators lacks the key 'node'");
  }

  private static void refuses(String what, String with, String message) {
    assertThat(text()).contains(what);
    assertThatThrownBy(() -> QualityJson.parse(text().replace(what, with), "q"))
        .isInstanceOf(TareException.class)
        .hasMessageStartingWith(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
