package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two classifiers whose answers follow from their inputs by hand. */
@Tag("slow")
class LabelJobTest {

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();

  /** Scores are the inputs, of which the third may be damped, as by a coarse scale. */
  private ModelHandle model(String name, float third, boolean softmax) throws IOException {
    Models model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 3)
            .constant(Models.floats("w", new float[] {1, 0, 0, 0, 1, 0, 0, 0, third}, 3, 3))
            .node("MatMul", "product", List.of("x", "w"), softmax ? "m" : "y");
    if (softmax) {
      model.node("Softmax", "soft", List.of("m"), "y");
    }
    return ModelHandle.openToRun(
        model
            .output("y", TensorProto.DataType.FLOAT, "batch", 3)
            .write(folder.resolve(name + ".onnx")),
        SparkJobs.hadoop(spark));
  }

  private static Row row(String label, long row, float... x) {
    byte[] encoded = Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(3), x))).encode();
    return RowFactory.create(Sample.hash(encoded), encoded, label, "f", row);
  }

  private LabelQuality measured(
      List<Row> rows, int partitions, String classes, boolean softmax, String names)
      throws IOException {
    LabelOptions options =
        LabelOptions.of(
            Optional.of("kind"), Optional.of(names).filter(n -> !n.isEmpty()), OptionalInt.empty());
    return new LabelJob(spark, options)
        .run(
            model("float", 1, softmax),
            model("quantized", softmax ? .5f : .25f, softmax),
            LocalSpark.table(
                    "hash binary, sample binary, label string, file string, row bigint",
                    rows.toArray(Row[]::new))
                .repartition(partitions),
            classes);
  }

  private LabelQuality classes(Row... rows) throws IOException {
    return measured(List.of(rows), 1, "auto", true, "");
  }

  private static List<Row> known(String... names) {
    return List.of(
        row(names[0], 0, 3, 0, 0),
        row(names[1], 1, 0, 3, 0),
        row(names[2], 2, 0, 0, 3),
        // The second model takes these for the first and the second class.
        row(names[2], 3, 1, 0, 1.5f),
        row(names[2], 4, 0, 1, 1.5f),
        // Here it is the float model that errs.
        row(names[1], 5, 0, 1, 1.75f));
  }

  @Test
  void accuracyAndMacroF1AreThoseCountedByHand() throws IOException {
    LabelQuality quality = classes(known("0", "1", "2").toArray(Row[]::new));
    assertThat(quality.column()).contains("kind");
    assertThat(quality.output()).isEqualTo("y");
    assertThat(quality.samples()).isEqualTo(6);
    LabelQuality.Measure accuracy = quality.measures().get(0);
    assertThat(accuracy.ofFloat()).isEqualTo(5 / 6.0);
    assertThat(accuracy.ofQuantized()).isEqualTo(4 / 6.0);
    LabelQuality.Measure f1 = quality.measures().get(1);
    assertThat(f1.ofFloat()).isCloseTo((1 + 2 / 3.0 + 6 / 7.0) / 3, within(1e-15));
    assertThat(f1.ofQuantized()).isCloseTo((2 / 3.0 + 4 / 5.0 + 1 / 2.0) / 3, within(1e-15));
    assertThat(quality.measures())
        .allSatisfy(
            measure ->
                assertThat(quality.words(measure)).endsWith(": cannot be told apart on 6 samples"));
    assertThat(measured(known("cat", "dog", "owl"), 1, "auto", true, "cat,dog, owl"))
        .isEqualTo(quality);
  }

  /** Equal samples of different labels are among them. */
  @Test
  void figuresAreTheSameForAnyOrderAndPartitions() throws IOException {
    Random random = new Random(4);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      float[] x = {random.nextInt(4), random.nextInt(4), random.nextInt(4) + .5f};
      rows.add(row(Integer.toString(random.nextInt(3)), i, x));
    }
    LabelQuality classes = measured(rows, 1, "auto", true, "");
    LabelQuality neighbours = measured(rows, 1, "none", false, "");
    assertThat(classes.measures().get(0).ofFloat()).isBetween(.1, .9);
    for (int partitions : new int[] {1, 2, 7}) {
      Collections.shuffle(rows, random);
      assertThat(measured(rows, partitions, "auto", true, "")).isEqualTo(classes);
      assertThat(measured(rows, partitions, "none", false, "")).isEqualTo(neighbours);
    }
  }

  @Test
  void nearestNeighboursAreThoseFoundByHand() throws IOException {
    List<Row> rows =
        List.of(
            row("a", 0, 1, 0, 0),
            row("a", 1, 1, .1f, 0),
            row("b", 2, 0, 1, 0),
            row("b", 3, 0, 1, .1f),
            row("a", 4, 1, 0, 2),
            // Near the one before, until the third number is a quarter: then near the b's.
            row("a", 5, 0, .9f, 2));
    LabelQuality quality = measured(rows, 2, "none", false, "");
    assertThat(quality.measures()).hasSize(1);
    assertThat(quality.measures().get(0).name()).isEqualTo("nearest neighbours of the same label");
    assertThat(quality.measures().get(0).ofFloat()).isEqualTo(1);
    assertThat(quality.measures().get(0).ofQuantized()).isEqualTo(5 / 6.0);
    assertThatThrownBy(() -> measured(rows.subList(0, 1), 1, "none", false, ""))
        .hasMessageContaining("need at least 2 samples; there is 1");
  }

  private LabelQuality strings(List<Row> rows, LabelOptions options) throws IOException {
    List<ModelHandle> models = new ArrayList<>();
    for (float third : new float[] {1, .5f}) {
      models.add(
          ModelHandle.openToRun(
              Models.exported(13)
                  .input("x", TensorProto.DataType.FLOAT, "batch", 4, 3)
                  .constant(Models.floats("w", new float[] {1, 0, 0, 0, 1, 0, 0, 0, third}, 3, 3))
                  .node("MatMul", "product", List.of("x", "w"), "m")
                  .node("Softmax", "soft", List.of("m"), "y", Models.integer("axis", 2))
                  .output("y", TensorProto.DataType.FLOAT, "batch", 4, 3)
                  .write(folder.resolve("steps-" + third + ".onnx")),
              SparkJobs.hadoop(spark)));
    }
    return new LabelJob(spark, options)
        .run(
            models.get(0),
            models.get(1),
            LocalSpark.table(
                "hash binary, sample binary, label string, file string, row bigint",
                rows.toArray(Row[]::new)),
            "auto");
  }

  private static Row steps(String label, long row, float... x) {
    byte[] encoded = Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(4, 3), x))).encode();
    return RowFactory.create(Sample.hash(encoded), encoded, label, "f", row);
  }

  @Test
  void stringsAreThoseDecodedByHand() throws IOException {
    List<Row> rows =
        List.of(
            steps("aa", 0, 0, 3, 0, 0, 3, 0, 3, 0, 0, 0, 3, 0),
            // The second model reads "baa".
            steps("ba", 1, 0, 0, 3, 0, 1, 1.5f, 3, 0, 0, 0, 3, 0),
            // Both read "bb".
            steps("b", 2, 0, 0, 3, 3, 0, 0, 0, 0, 3, 0, 0, 3));
    LabelOptions named =
        LabelOptions.of(Optional.of("kind"), Optional.of("-,a,b"), OptionalInt.of(0));
    LabelQuality quality = strings(rows, named);
    LabelQuality.Measure labelled = quality.measures().get(0);
    assertThat(labelled.name()).isEqualTo("strings as labelled");
    assertThat(labelled.ofFloat()).isEqualTo(2 / 3.0);
    assertThat(labelled.ofQuantized()).isEqualTo(1 / 3.0);
    LabelQuality.Measure same = quality.measures().get(1);
    assertThat(same.name()).isEqualTo("strings as the float model's");
    assertThat(same.ofFloat()).isEqualTo(1);
    assertThat(same.ofQuantized()).isEqualTo(2 / 3.0);
    LabelOptions alone = LabelOptions.of(Optional.empty(), Optional.empty(), OptionalInt.of(0));
    assertThat(strings(rows, alone))
        .isEqualTo(new LabelQuality(Optional.empty(), "y", 3, List.of(same)));
    assertThatThrownBy(
            () ->
                strings(
                    rows, LabelOptions.of(Optional.empty(), Optional.empty(), OptionalInt.of(3))))
        .hasMessageContaining("--ctc-blank 3 is no class of output 'y', which has the classes 0");
    assertThatThrownBy(
            () -> LabelOptions.of(Optional.of("kind"), Optional.empty(), OptionalInt.of(0)))
        .hasMessageContaining("--labels with --ctc-blank needs --label-names");
  }

  @Test
  void labelsThatAreNoClassesAreRefusedByTheirRow() {
    Row good = row("1", 0, 0, 1, 0);
    refuses(
        "2 of 3 samples have no label in column 'kind' (first: f, row 4)",
        "",
        row(null, 9, 1, 0, 0),
        row(null, 4, 2, 0, 0),
        good);
    refuses(
        "Label '3' in column 'kind' of f, row 2 is no class of output 'y', which has the classes 0"
            + " to 2",
        "",
        row("7", 5, 1, 0, 0),
        good,
        row("3", 2, 2, 0, 0));
    refuses("Label '-1' in column 'kind' of f, row 2 is no class", "", good, row("-1", 2, 1, 0, 0));
    refuses("labels that are names need --label-names", "", row("cat", 2, 1, 0, 0));
    refuses(
        "Label 'owl' in column 'kind' of f, row 2 is none of --label-names cat,dog,cow",
        "cat,dog,cow",
        row("owl", 2, 1, 0, 0));
    refuses("--label-names has 2 names, but output 'y' has 3 classes", "a,b", row("a", 0, 1, 0, 0));
  }

  private void refuses(String message, String names, Row... rows) {
    assertThatThrownBy(() -> measured(List.of(rows), 2, "auto", true, names))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message);
  }

  @Test
  void outputsThatAreNotKnownToHaveClassesAreRefused() {
    assertThatThrownBy(() -> measured(List.of(row("1", 0, 0, 1, 0)), 1, "auto", false, ""))
        .hasMessageContaining("--labels needs an output with classes, and of y none is known");
    assertThatThrownBy(
            () -> LabelOptions.of(Optional.empty(), Optional.of("a"), OptionalInt.empty()))
        .hasMessageContaining("--label-names without --labels");
    assertThatThrownBy(
            () -> LabelOptions.of(Optional.of("kind"), Optional.of("a,,b"), OptionalInt.empty()))
        .hasMessageContaining("--label-names has an empty name, or one twice: a,,b");
  }
}
