package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.evaluate.SamplePart;
import dev.tare.jobs.evaluate.StoredWeights;
import dev.tare.jobs.evaluate.TrialJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A compensation that is kept. Inputs lie around 2, so that rounding weights of 4 bits moves each
 * result by nearly the same amount in every sample, which a shift takes back.
 */
@Tag("slow")
class CompensateRunTest {

  @TempDir Path folder;

  /** A product with a bias, whose weights follow from their shapes. */
  private String product(String file) throws IOException {
    return Models.opset(13)
        .input("x", "batch", 32)
        .weight("w", 32, 24)
        .weight("b", 24)
        .node("MatMul", "x w", "m")
        .node("Add", "m b", "y")
        .output("y")
        .write(folder.resolve(file));
  }

  @Test
  void linesThatAreKeptAreInPlanWeightsAndModel() throws IOException {
    String model = product("model.onnx");
    String data = write(folder.resolve("data"), "x array<float>", around(2, 96, 1));
    String others = write(folder.resolve("others"), "x array<float>", around(2, 48, 2));
    CommandLine.Result compensated = run(model, data, others, "lines", "--compensate");
    // These weights need no calibration, so one sample makes the same model but no line.
    CommandLine.Result plain = run(model, data, others, "plain", "--compensate", "--samples", "1");

    CompensationTrial trial = trial("lines");
    assertThat(trial.kept()).isTrue();
    assertThat(trial.compensated()).isOne();
    assertThat(trial.samples() + trial.measured()).isEqualTo(96);
    assertThat(trial.with().sqnrDb()).isGreaterThan(trial.without().sqnrDb() + 3);
    assertThat(compensated.err()).contains("kept: ");
    assertThat(plain.err())
        .contains("too few samples; the model stays as it is")
        .contains("Warning: The model was not compensated and stays as it is: ");
    assertThat(folder.resolve("plain/compensation.json")).doesNotExist();
    assertThat(CommandLine.tareAlone("inspect", folder.resolve("lines").toString()).ends(0).out())
        .containsPattern("compensation +kept: .* by a paired bootstrap \\(95 %\\), on ");
    assertThat(CommandLine.tareAlone("inspect", folder.resolve("plain").toString()).ends(0).out())
        .doesNotContain("compensation ");

    // On samples that neither lines nor the decision have seen.
    assertThat(sqnrDb("lines")).isGreaterThan(sqnrDb("plain") + 3);
    QuantPlan plan = CommandLine.plan(folder.resolve("lines"));
    assertThat(plan.corrected()).hasSize(1);
    CorrectedBias bias = plan.corrected().get(0);
    assertThat(bias.gains()).isNotEmpty();
    assertThat(trial.products().get(0).changed())
        .isEqualTo(
            (int)
                IntStream.range(0, 24)
                    .filter(c -> bias.gain(c) != 1 || bias.correction().get(c) != 0)
                    .count());
    assertThat(CommandLine.plan(folder.resolve("plain")).corrected()).isEmpty();
    for (String name : List.of("lines", "plain")) {
      RunFolder.open(folder.resolve(name).toString(), new Configuration()).verifyAll();
    }
  }

  /**
   * Every weight lies in the middle between two integers: with scales that a line multiplied it is
   * rounded to the other one as often as not, so that the model with the integers of before is
   * another one.
   */
  @Test
  void theModelThatIsPublishedIsTheOneThatWasMeasured() throws IOException {
    Random random = new Random(3);
    TensorProto.Builder middles =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .addDims(32)
            .addDims(24);
    for (int i = 0; i < 32 * 24; i++) {
      float middle = i < 24 ? 7.5f : random.nextInt(14) - 6.5f;
      middles.addFloatData(middle * (.01f + .0007f * (i % 24)));
    }
    String model =
        Models.opset(13)
            .input("x", "batch", 32)
            .constant(middles.build())
            .weight("b", 24)
            .node("MatMul", "x w", "m")
            .node("Add", "m b", "y")
            .output("y")
            .write(folder.resolve("middles.onnx"));
    Row[] rows = around(2, 96, 4);
    String data = write(folder.resolve("middles"), "x array<float>", rows);
    String others = write(folder.resolve("others"), "x array<float>", around(2, 48, 5));
    run(model, data, others, "edges", "--compensate");
    CompensationTrial trial = trial("edges");
    assertThat(trial.kept()).isTrue();

    QuantPlan plan = CommandLine.plan(folder.resolve("edges"));
    List<Row> samples = new ArrayList<>();
    for (Row row : rows) {
      List<Float> values = row.getAs(0);
      float[] x = new float[values.size()];
      for (int k = 0; k < x.length; k++) {
        x[k] = values.get(k);
      }
      byte[] encoded = Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(32), x))).encode();
      samples.add(RowFactory.create(Sample.hash(encoded), encoded));
    }
    TrialJob.Measured published =
        new TrialJob(CommandLine.spark())
            .run(
                ModelHandle.open(model, SparkJobs.hadoop(CommandLine.spark())),
                new TreeMap<>(Map.of("published", plan)),
                new StoredWeights(
                    new org.apache.hadoop.fs.Path(folder.resolve("edges/weights").toString()),
                    new HadoopSettings(Map.of()),
                    plan),
                CommandLine.spark()
                    .createDataFrame(samples, StructType.fromDDL("hash binary, sample binary"))
                    .filter(SamplePart.measured()));
    assertThat(published.samples()).isEqualTo((int) trial.measured());
    assertThat(published.scores().get("published")).isEqualTo(trial.with());
  }

  /** Inputs around 0, whose errors have hardly a constant part: some channels gain by chance. */
  @Test
  void aModelThatIsRefusedIsWrittenAsItWas() throws IOException {
    String model = product("middle.onnx");
    String data = write(folder.resolve("zeros"), "x array<float>", around(0, 96, 6));
    run(model, data, data, "refused", "--compensate");
    run(model, data, data, "as-it-was");
    CompensationTrial trial = trial("refused");
    assertThat(trial.kept()).isFalse();
    assertThat(trial.compensated()).isOne();
    assertThat(folder.resolve("refused/model.onnx"))
        .hasSameBinaryContentAs(folder.resolve("as-it-was/model.onnx"));
    assertThat(sqnrDb("refused")).isEqualTo(sqnrDb("as-it-was"));
    assertThat(CommandLine.plan(folder.resolve("refused")))
        .isEqualTo(CommandLine.plan(folder.resolve("as-it-was")));
    RunFolder.open(folder.resolve("refused").toString(), new Configuration()).verifyAll();
  }

  private CompensationTrial trial(String name) throws IOException {
    return CompensationTrial.parse(
        Files.readString(folder.resolve(name).resolve("compensation.json")), name);
  }

  private CommandLine.Result run(
      String model, String data, String others, String name, String... more) {
    List<String> words = new ArrayList<>(List.of("run", "--model", model, "--data", data));
    words.addAll(List.of("--eval-data", others, "--recipe", "int4-weights", "--min-cosine", "0"));
    words.addAll(List.of("--output", folder.resolve(name).toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new)).ends(0);
  }

  private double sqnrDb(String name) throws IOException {
    return json(folder.resolve(name).resolve("quality.json"))
        .path("outputs")
        .path(0)
        .path("sqnr-db")
        .asDouble();
  }

  private static Row[] around(float middle, int rows, long seed) {
    Random random = new Random(seed);
    Row[] made = new Row[rows];
    for (int i = 0; i < rows; i++) {
      List<Float> values = new ArrayList<>();
      for (int k = 0; k < 32; k++) {
        values.add(middle + (float) random.nextGaussian() * .5f);
      }
      made[i] = RowFactory.create(values);
    }
    return made;
  }
}
