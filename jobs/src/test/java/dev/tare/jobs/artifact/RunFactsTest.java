package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RunFactsTest {

  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  private static CalibrationFacts calibration() {
    return new CalibrationFacts(
        A,
        Optional.of(A),
        Optional.of(B),
        Optional.of(new CalibrationFacts.Gram(B, 7, List.of("y"))),
        B,
        12,
        Optional.of("constant-weight-inputs"),
        Optional.of(List.of("r", "x")),
        new CalibrationFacts.Channels(
            Optional.of("histogram"), OptionalInt.of(5), List.of("r"), Optional.of("all")),
        new CalibrationFacts.Conditions(List.of("1.29.0"), Optional.of("ALL"), List.of("avx2")),
        List.of("a processor"),
        Optional.of(
            new CalibrationFacts.Effort(8, OptionalLong.of(77), List.of("vm/1"), .004, .045)),
        OptionalInt.of(2),
        List.of("onnxruntime: 1 vs 2"));
  }

  private static RunFacts whole() {
    return RunFacts.NONE
        .with(calibration())
        .with(
            new SelectionFacts(
                "int8",
                Optional.of("int8-cnn"),
                "openvino",
                Optional.of("outputs"),
                Optional.of(A),
                new TreeMap<>(Map.of(Role.ACTIVATION, 2, Role.BIAS, 1)),
                3))
        .with(new QuantizationFacts("openvino", 3, 96, 652))
        .with(new DequantizationFacts(3))
        .with(new EvaluationFacts(6, "by hash", "y", .75, Double.NaN), GateOutcome.FAILED)
        .with(
            new DataFacts(
                "parquet",
                OptionalInt.of(128),
                Optional.of("text"),
                Optional.of("48x192"),
                Optional.of("text-1"),
                14,
                12,
                new TreeMap<>(Map.of("empty", 2L)),
                new TreeMap<>()))
        .with(List.of("mind the loop"));
  }

  private static String text() {
    return StrictJson.format(whole().toJson());
  }

  private static RunFacts read(String text) {
    return RunFacts.fromJson(StrictJson.parse(text, "m"), "m");
  }

  @Test
  void readsWhatItWrote() {
    assertThat(read(text())).isEqualTo(whole());
    assertThat(RunFacts.NONE.toJson()).isEmpty();
    assertThat(read("{}")).isEqualTo(RunFacts.NONE);
  }

  @Test
  void whatAnOlderManifestDoesNotTellIsEmpty() {
    CalibrationFacts facts =
        read("""
        { "calibration" : { "content-sha256" : "%s", "model-sha256" : "%s", "samples" : 5 } }
        """
                .formatted(A, B))
            .calibration()
            .orElseThrow();
    assertThat(facts.tensors()).isEmpty();
    assertThat(facts.channels().mode()).isEmpty();
    assertThat(facts.effort()).isEmpty();
    assertThat(facts.conditions().runtime()).isEmpty();
    assertThat(facts.toJson().properties()).hasSize(3);
  }

  @Test
  void planWithoutStatisticsNamesNone() {
    SelectionFacts facts =
        new SelectionFacts(
            "w",
            Optional.empty(),
            "onnxruntime",
            Optional.empty(),
            Optional.empty(),
            new TreeMap<>(),
            0);
    assertThat(facts.toJson().path("content-sha256").textValue()).isEmpty();
    assertThat(read(StrictJson.format(RunFacts.NONE.with(facts).toJson())).selection())
        .contains(facts);
  }

  @Test
  void unknownKeysAreRefusedByName() {
    refuses(
        "\"observe\"", "\"colour\" : 1, \"observe\"", "m has the unknown key 'calibration.colour'");
    refuses("\"gate\"", "\"colour\" : 1, \"gate\"", "m has the unknown key 'colour'");
    refuses("\"quantized-bias\"", "\"quantized-gain\"", "unknown key 'selection.quantized-gain'");
    refuses("\"images\"", "\"sounds\"", "m has the unknown key 'data.sounds'");
  }

  @Test
  void valuesThatCannotBeAreRefusedByTheirKeys() {
    refuses(
        "\"samples\" : 12",
        "\"samples\" : -12",
        "m: 'calibration.samples' must be a whole number, not negative, not -12");
    refuses(
        "\"model-sha256\" : \"b",
        "\"model-sha256\" : \"x",
        "m: 'calibration.model-sha256' must be a sha256, not \"xbbb");
    refuses("\"recipe\" : \"int8\",", "", "m: 'selection.recipe' must be a text, not absent");
    refuses("\"r\",", "7,", "m: 'calibration.tensors' must be an array of texts, not [7,");
    refuses("\"empty\" : 2", "\"empty\" : \"2\"", "m: 'data.skipped-rows' must be an object of");
    refuses("\"failed\"", "\"open\"", "m: 'gate' must be passed, failed or none, not open");
    refuses(
        "\"run-seconds\" : 0.004",
        "\"run-seconds\" : \"long\"",
        "m: 'calibration.run-seconds' must be seconds, not \"long\"");
    refuses("\"data\" : {", "\"data\" : 7, \"more\" : {", "m: 'data' must be an object, not 7");
  }

  private static void refuses(String what, String with, String message) {
    assertThat(text()).contains(what);
    assertThatThrownBy(() -> read(text().replace(what, with)))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
