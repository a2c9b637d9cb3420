package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.Quality;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class QualityWarningsTest {

  private static final OptionalDouble NONE = OptionalDouble.empty();
  private static final ChannelQuality SCORES = new ChannelQuality(-1, 5, 1, 4, 14.125, .25f, 0, 1);

  private static Quality.OutputQuality output(double cosine, double db, OutputFacts facts) {
    PerSample samples = new PerSample(List.of(), List.of(), List.of(), List.of(), List.of());
    return new Quality.OutputQuality(
        "y",
        false,
        db,
        cosine,
        cosine,
        new TreeMap<>(),
        Optional.empty(),
        samples,
        Optional.of(facts));
  }

  private static OutputFacts facts(boolean classes, boolean oneValue, ChannelQuality... channels) {
    return new OutputFacts(.76, classes, Optional.empty(), oneValue, 0, 0, 0, 0, List.of(channels));
  }

  private static List<String> failures(Gate gate, Quality.OutputQuality... outputs) {
    return gate.check(List.of(outputs), Set.of()).failures();
  }

  @Test
  void outputThatIsNotComparedIsNamed() {
    assertThat(QualityWarnings.of(List.of(), List.of("seq"), 9))
        .singleElement()
        .asString()
        .startsWith("'seq' is not compared: it is no tensor");
  }

  @Test
  void channelThatTheWholeHidesIsWarnedOf() {
    assertThat(
            QualityWarnings.of(
                List.of(output(.9999, 37, facts(false, false, SCORES))), List.of(), 9))
        .containsExactly(
            "'y': 1 of 5 channels of the last axis are below 20 dB; the worst, channel 4, has"
                + " 14.13 dB and errors up to 0.2500, where the float model gives 0.000 to 1.000");
    assertThat(
            QualityWarnings.of(List.of(output(.98, 15, facts(false, false, SCORES))), List.of(), 9))
        .as("the whole says it already")
        .isEmpty();
    assertThat(
            QualityWarnings.of(
                List.of(output(.9999, 37, facts(true, false, SCORES))), List.of(), 9))
        .as("classes compete")
        .isEmpty();
  }

  @Test
  void channelLimitIsHeldAgainstEveryOutput() {
    Gate gate = new Gate(NONE, NONE, OptionalDouble.of(20));
    ChannelQuality good = new ChannelQuality(-1, 5, 0, 4, 40, .25f, 0, 1);
    assertThat(
            failures(
                gate,
                output(1, 40, facts(false, false, good)),
                output(1, 37, facts(true, false, good, SCORES))))
        .containsExactly("SQNR of channel 4 of 'y' is 14.12500, below 20.00000");
    assertThat(failures(gate, output(1, 40, facts(false, false, good)))).isEmpty();
    assertThat(failures(gate, output(1, 19, facts(false, false))))
        .as("without channels the output is one")
        .containsExactly("SQNR of 'y' is 19.00000, below 20.00000");
    OutputFacts labels = new OutputFacts(0, false, Optional.of(1.0), false, 0, 0, 0, 0, List.of());
    assertThat(failures(gate, output(1, 90, labels)))
        .containsExactly("no output has channels: the model gives labels alone");
    assertThat(gate.check(List.of(output(1, 40, facts(false, false, good))), Set.of()).asked())
        .isTrue();
  }

  @Test
  void cosineOfOneValueIsHeldAsSqnr() {
    ChannelQuality only = new ChannelQuality(-1, 1, 1, 0, 9.5, .76f, 1.9f, 4.6f);
    Quality.OutputQuality score = output(1, 9.5, facts(false, true, only));
    assertThat(failures(new Gate(OptionalDouble.of(.95), NONE, NONE), score))
        .containsExactly(
            "SQNR of 'y', which follows from a cosine of 0.95 for an output of one value, is 9.50000,"
                + " below 10.00000");
    assertThat(failures(new Gate(OptionalDouble.of(.9), NONE, NONE), score)).isEmpty();
    assertThat(QualityWarnings.of(List.of(score), List.of(), 9))
        .containsExactly(
            "'y' is one value a sample, whose cosine can only be 1 or -1: its SQNR is 9.50 dB and"
                + " its largest error 0.7600, where the float model gives 1.900 to 4.600");
  }

  @Test
  void valuesThatAreInfiniteInOneModelOnlyFailAnyGate() {
    OutputFacts facts = new OutputFacts(0, false, Optional.empty(), false, 1, 2, 3, 4, List.of());
    Quality.OutputQuality output = output(1, 40, facts);
    assertThat(failures(new Gate(OptionalDouble.of(.5), NONE, NONE), output))
        .containsExactly(
            "4 values of 'y' are infinite or NaN in one model and not so in the other");
    assertThat(new Gate(NONE, NONE, NONE).check(List.of(output), Set.of()).outcome())
        .isEqualTo("none");
    assertThat(QualityWarnings.of(List.of(output), List.of(), 9))
        .hasSize(4)
        .anySatisfy(w -> assertThat(w).contains("another shape").contains("1 of 9 samples"))
        .anySatisfy(w -> assertThat(w).contains("no finite value").contains("2 of 9 samples"))
        .anySatisfy(w -> assertThat(w).contains("3 values are the same infinity"))
        .anySatisfy(w -> assertThat(w).contains("4 values are infinite or NaN in one model"));
  }

  @Test
  void labelsAreJudgedByTheShareOfEqualOnes() {
    SampleComparison comparison =
        SampleComparison.of(
            SampleOutput.ofLabels(Shape.of(4), 1, 2, 3, 4),
            SampleOutput.ofLabels(Shape.of(4), 1, 2, 7, 4));
    assertThat(comparison.error().cosine()).isEqualTo(.75);
    OutputFacts labels = new OutputFacts(1, false, Optional.of(.75), false, 0, 0, 0, 0, List.of());
    assertThat(failures(new Gate(OptionalDouble.of(.9), NONE, NONE), output(.75, 3, labels)))
        .containsExactly("share of equal labels of 'y' is 0.75000, below 0.90000");
  }

  @Test
  void outputsOfOtherShapesAreNotCompared() {
    SampleComparison comparison =
        SampleComparison.of(
            SampleOutput.ofNumbers(Shape.of(1, 2), 1, 2),
            SampleOutput.ofNumbers(Shape.of(2, 2), 1, 2, 3, 4));
    assertThat(comparison.sameShape()).isFalse();
    assertThat(comparison.error().count()).isZero();
  }

  @Test
  void equalInfinitiesAreNoDifference() {
    float[] expected = {1, Float.NEGATIVE_INFINITY, Float.NaN, 2, 3};
    float[] actual = {1, Float.NEGATIVE_INFINITY, Float.NaN, Float.POSITIVE_INFINITY, 3};
    SampleComparison comparison = SampleComparison.of(expected, actual, Shape.of(5));
    assertThat(comparison.error().count()).isEqualTo(2);
    assertThat(comparison.error().cosine()).isCloseTo(1, within(1e-12));
    assertThat(comparison.equalNonFinite()).isEqualTo(2);
    assertThat(comparison.differentNonFinite()).isEqualTo(1);
  }
}
