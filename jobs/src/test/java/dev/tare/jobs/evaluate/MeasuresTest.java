package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QualityJson;
import dev.tare.jobs.artifact.Sensitivity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class MeasuresTest {

  private static Quality.OutputQuality output(String name, double cosine, double sqnrDb) {
    TreeMap<Integer, Double> percentiles = new TreeMap<>();
    percentiles.put(1, .25);
    percentiles.put(50, .5);
    return new Quality.OutputQuality(
        name,
        name.equals("pooled"),
        sqnrDb,
        cosine,
        -1,
        percentiles,
        name.equals("pooled") ? Optional.empty() : Optional.of(.75),
        new PerSample(
            List.of(.25, 1.0),
            List.of(10.0, Double.POSITIVE_INFINITY),
            List.of(new PerSample.Worst("ab", .25, 10)),
            List.of(.1f, 2f),
            List.of(.2f, 2f)),
        name.equals("pooled")
            ? Optional.empty()
            : Optional.of(
                new OutputFacts(
                    Double.NaN, false, Optional.empty(), false, 0, 0, 0, 0, List.of())));
  }

  @Test
  void argmaxIsComparedAlongTheLastAxis() {
    float[] reference = {1, 5, 2, 9, 9, 0};
    float[] quantized = {1, 4, 3, 8, 9, 0};
    SampleComparison rows = SampleComparison.of(reference, quantized, Shape.of(2, 3));
    assertThat(rows.argmaxPositions()).isEqualTo(2);
    assertThat(rows.argmaxSame()).as("the first of equal values counts").isEqualTo(1);
    assertThat(SampleComparison.of(reference, quantized, Shape.of(6)).argmaxSame()).isZero();
    SampleComparison scalar = SampleComparison.of(new float[] {1}, new float[] {2}, Shape.SCALAR);
    assertThat(scalar.argmaxPositions()).isEqualTo(1);
    assertThat(scalar.argmaxSame()).isEqualTo(1);
    SampleComparison empty = SampleComparison.of(new float[0], new float[0], Shape.of(3, 0));
    assertThat(empty.argmaxPositions()).isZero();
  }

  @Test
  void errorIsOverAllValues() {
    SampleComparison same =
        SampleComparison.of(new float[] {3, 4}, new float[] {3, 4}, Shape.of(2));
    assertThat(same.error().sqnrDb()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(same.error().cosine()).isCloseTo(1, within(1e-12));
    SampleComparison other =
        SampleComparison.of(new float[] {3, 4}, new float[] {3, 3}, Shape.of(2));
    assertThat(other.error().sqnrDb()).isCloseTo(10 * Math.log10(25), within(1e-9));
    assertThat(other.error().cosine()).isCloseTo(21 / (5 * Math.sqrt(18)), within(1e-12));
  }

  @Test
  void embeddingIsTheNormalizedMeanOfTheTokens() {
    float length = (float) Math.sqrt(52);
    assertThat(Embedding.pool(new float[] {1, 2, 3, 4}, Shape.of(2, 2)))
        .containsExactly(new float[] {4 / length, 6 / length}, within(1e-6f));
    assertThat(Embedding.pool(new float[] {1, -1, -1, 1}, Shape.of(2, 2))).containsExactly(0, 0);
    assertThat(Embedding.pool(new float[] {3, 4}, Shape.of(1, 2)))
        .containsExactly(new float[] {.6f, .8f}, within(1e-6f));
  }

  @Test
  void nearestNeighboursAreComparedVectorByVector() {
    float[][] reference = {{1, 0}, {.9f, .1f}, {0, 1}};
    assertThat(Embedding.sameNearest(reference, reference)).isEqualTo(1);
    float[][] turned = {{1, 0}, {.1f, .9f}, {0, 1}};
    assertThat(Embedding.sameNearest(reference, turned)).isCloseTo(2.0 / 3, within(1e-12));
    float[][] ties = {{1, 0}, {1, 0}, {1, 0}};
    assertThat(Embedding.sameNearest(ties, ties)).isEqualTo(1);
    assertThat(Embedding.sameNearest(new float[1][2], new float[1][2])).isNaN();
    assertThat(Embedding.sameNearest(new float[0][], new float[0][])).isNaN();
  }

  private static Quality.GateResult check(OptionalDouble cosine, OptionalDouble sqnrDb) {
    return new Gate(cosine, sqnrDb, OptionalDouble.empty())
        .check(List.of(output("y", .98, 30)), Set.of());
  }

  @Test
  void gateHoldsAtItsLimit() {
    assertThat(check(OptionalDouble.of(.98), OptionalDouble.of(30)))
        .isEqualTo(new Quality.GateResult(true, true, List.of()));
    assertThat(check(OptionalDouble.empty(), OptionalDouble.empty()).passed()).isTrue();
  }

  @Test
  void gateNamesEveryLimitThatDidNotHold() {
    assertThat(check(OptionalDouble.of(.99), OptionalDouble.of(31)))
        .isEqualTo(
            new Quality.GateResult(
                true,
                false,
                List.of(
                    "cosine of 'y' is 0.98000, below 0.99000",
                    "SQNR of 'y' is 30.00000, below 31.00000")));
  }

  @Test
  void notANumberHoldsNoLimit() {
    Gate gate = new Gate(OptionalDouble.of(-1), OptionalDouble.empty(), OptionalDouble.empty());
    assertThat(gate.check(List.of(output("y", Double.NaN, 0)), Set.of()).failures())
        .containsExactly("cosine of 'y' is NaN: there were no finite values to compare");
  }

  private static Quality of(List<Quality.OutputQuality> outputs) {
    return new Quality(
        1,
        "by hash",
        outputs,
        Optional.empty(),
        0,
        1,
        new TreeSet<>(),
        new Quality.GateResult(true, true, List.of()),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Test
  void headlineIsTheEmbeddingWhereThereIsOne() {
    List<Quality.OutputQuality> both = List.of(output("y", 1, 1), output("pooled", .5, 2));
    assertThat(of(both).headline().name()).isEqualTo("pooled");
    assertThat(of(both.subList(0, 1)).headline().name()).isEqualTo("y");
  }

  @Test
  void reportIsTheDocumentedJson() {
    Quality quality =
        new Quality(
            7,
            "by hash",
            List.of(output("y", .5, Double.POSITIVE_INFINITY), output("pooled", Double.NaN, 20)),
            Optional.of(.875),
            6,
            1.5,
            new TreeSet<>(List.of("b", "a")),
            new Quality.GateResult(true, false, List.of("too low")),
            List.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(
                new Sensitivity(
                    5,
                    new Sensitivity.Score(20, .5),
                    new TreeMap<>(Map.of("dense", new Sensitivity.Score(21, .75))))));
    assertThat(QualityJson.format(quality))
        .isEqualTo(
            """
            {
              "format-version" : 1,
              "samples" : 7,
              "held-out" : "by hash",
              "cpus" : [ "a", "b" ],
              "gate" : "failed",
              "gate-failures" : [ "too low" ],
              "outputs" : [ {
                "name" : "y",
                "vector" : "as is",
                "sqnr-db" : null,
                "cosine" : {
                  "mean" : 0.5,
                  "min" : -1.0,
                  "p1" : 0.25,
                  "p50" : 0.5
                },
                "argmax-agreement" : 0.75,
                "per-sample" : {
                  "cosine-quantiles" : [ 0.25, 1.0 ],
                  "sqnr-db-quantiles" : [ 10.0, null ],
                  "worst" : [ {
                    "sample" : "ab",
                    "cosine" : 0.25,
                    "sqnr-db" : 10.0
                  } ]
                },
                "values" : {
                  "float" : [ 0.1, 2.0 ],
                  "quantized" : [ 0.2, 2.0 ]
                },
                "classes" : false,
                "largest-error" : null,
                "one-value" : false,
                "samples-of-other-shape" : 0,
                "samples-without-values" : 0,
                "equal-non-finite-values" : 0,
                "different-non-finite-values" : 0,
                "channels" : [ ]
              }, {
                "name" : "pooled",
                "vector" : "mean-pooled, normalized",
                "sqnr-db" : 20.0,
                "cosine" : {
                  "mean" : null,
                  "min" : -1.0,
                  "p1" : 0.25,
                  "p50" : 0.5
                },
                "per-sample" : {
                  "cosine-quantiles" : [ 0.25, 1.0 ],
                  "sqnr-db-quantiles" : [ 10.0, null ],
                  "worst" : [ {
                    "sample" : "ab",
                    "cosine" : 0.25,
                    "sqnr-db" : 10.0
                  } ]
                },
                "values" : {
                  "float" : [ 0.1, 2.0 ],
                  "quantized" : [ 0.2, 2.0 ]
                }
              } ],
              "warnings" : [ ],
              "nearest-neighbour-agreement" : 0.875,
              "nearest-neighbour-samples" : 6,
              "quantized-time-over-float" : 1.5,
              "sensitivity" : {
                "samples" : 5,
                "cosine-mean" : 0.5,
                "sqnr-db" : 20.0,
                "operators" : [ {
                  "node" : "dense",
                  "cosine-mean" : 0.75,
                  "sqnr-db" : 21.0
                } ]
              }
            }
            """);
  }
}
