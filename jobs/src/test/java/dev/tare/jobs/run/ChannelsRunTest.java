package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of channels, decided by the model, and heaps that cannot hold it. */
@Tag("slow")
class ChannelsRunTest {

  /** Histograms of so many take more than auto allows. */
  private static final int WIDE = 80_000;

  @TempDir static Path shared;
  @TempDir Path folder;

  private static String wide;
  private static String small;
  private static String data;

  private Path output;

  @BeforeAll
  static void models() throws IOException {
    wide =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .weight("w1", 6, WIDE)
            .weight("w2", WIDE, 4)
            .node("MatMul", "first", List.of("x", "w1"), "m")
            .node("Relu", "bend", List.of("m"), "r")
            .node("MatMul", "second", List.of("r", "w2"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4)
            .write(shared.resolve("wide.onnx"));
    small = SmallModels.exportedMlp().write(shared.resolve("small.onnx"));
    data = write(shared.resolve("data"), "x array<float>", gaussian(30, 6, 1));
  }

  @BeforeEach
  void output() {
    output = folder.resolve("run");
  }

  private CommandLine.Result calibrate(String model, Path run, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("calibrate", "--model", model, "--data", data, "--output", run.toString()));
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  private static JsonNode calibration(Path run) throws IOException {
    return json(run.resolve("manifest.json")).path("properties").path("calibration");
  }

  @Test
  void autoKeepsExtremesWhereHistogramsTakeTooMuchInAnyNumberOfPartitions() throws IOException {
    List<String> contents = new ArrayList<>();
    for (int partitions : new int[] {1, 2, 7}) {
      Path run = folder.resolve("p" + partitions);
      CommandLine.Result result =
          calibrate(wide, run, "--partitions", String.valueOf(partitions)).ends(0);
      assertThat(result.err())
          .contains(
              "extremes of 80006 channels (histograms would take 1.0 GB a task",
              "auto allows 896 MB)");
      assertThat(calibration(run).path("channels").asText()).isEqualTo("extremes");
      assertThat(calibration(run).has("channel-bits")).isFalse();
      contents.add(contentSha256(run));
    }
    calibrate(wide, output, "--channels", "extremes").ends(0);
    assertThat(contents).containsOnly(contentSha256(output));
    List<Row> kept =
        spark()
            .read()
            .parquet(output.resolve("statistics").toString())
            .filter("channel is not null")
            .selectExpr("count(*)", "count(mantissa_bits)", "count(max)")
            .collectAsList();
    assertThat(kept).containsExactly(RowFactory.create(80_006L, 0L, 80_006L));
  }

  @Test
  void autoKeepsHistogramsWhereTheyFitAndMergesWithThoseThatWereAskedFor() throws IOException {
    Path asked = folder.resolve("asked");
    assertThat(calibrate(small, output).ends(0).err()).contains("histograms of 14 channels, ");
    calibrate(small, asked, "--channels", "histogram").ends(0);
    assertThat(contentSha256(output)).isEqualTo(contentSha256(asked));
    assertThat(calibration(output).path("channels").asText()).isEqualTo("histogram");
    assertThat(calibration(output).path("channel-bits").asInt()).isEqualTo(5);
    Path merged = folder.resolve("merged");
    tare("merge", "--output", merged.toString(), output.toString(), asked.toString()).ends(0);
    Path wholes = folder.resolve("wholes");
    calibrate(small, wholes, "--channels", "none").ends(0);
    Path mixed = folder.resolve("mixed");
    tare("merge", "--output", mixed.toString(), output.toString(), wholes.toString())
        .refuses(3, mixed, "channels", "histogram", "none");
  }

  @Test
  void aHeapThatCannotHoldWhatWasAskedForIsRefusedWithTheSizeThatCan() throws IOException {
    calibrate(wide, output, "--channels", "histogram", "--channel-bits", "10")
        .refuses(
            2,
            output,
            "histograms of 80006 channels",
            "set TARE_DRIVER_MEMORY=",
            "or --channels extremes (",
            "or --channels none (");
  }

  @Test
  void aRunOfAWideModelEndsWell() throws IOException {
    tare(
            "run",
            "--model",
            wide,
            "--data",
            data,
            "--min-cosine",
            "0.5",
            "--output",
            output.toString())
        .ends(0);
    assertThat(calibration(output).path("channels").asText()).isEqualTo("extremes");
    assertThat(tare("report", output.toString(), "--out", folder + "/r.html").ends(0).out())
        .contains("r.html");
  }

  /** Attention's scores: as many "channels" as the sample is long. */
  @Test
  void anAxisOfAnotherSizeInOtherSamplesIsNoChannelAxis() throws IOException {
    int[] lengths = IntStream.range(0, 24).map(i -> 1 + i % 5).toArray();
    assertThat(attention(lengths).ends(0).err())
        .contains("No channels for", "differs in size between samples");
    assertThat(calibration(output).path("tensors-without-channels").toString()).contains("\"s\"");
    assertThat(calibration(output).path("channels").asText()).isEqualTo("histogram");
  }

  @Test
  void aSampleThatDisagreesWithAllThatWereLookedAtIsNamedByItsTensor() throws IOException {
    int[] lengths = IntStream.range(0, 40).map(i -> i == 7 ? 3 : 2).toArray();
    attention(lengths).refuses(3, output, "tensor 's'", "channels on axis", "--channels none");
  }

  private CommandLine.Result attention(int... lengths) throws IOException {
    String model =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", "length", 6)
            .weight("w", 6, 6)
            .node("MatMul", "project", List.of("x", "w"), "p")
            .node("Transpose", "turn", List.of("p"), "t", permutation())
            .node("MatMul", "score", List.of("p", "t"), "s")
            .node("MatMul", "mix", List.of("s", "p"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", "length", 6)
            .write(folder.resolve("attention.onnx"));
    Random random = new Random(8);
    Row[] rows = new Row[lengths.length];
    for (int i = 0; i < rows.length; i++) {
      List<List<Float>> sample = new ArrayList<>();
      for (int k = 0; k < lengths[i]; k++) {
        List<Float> step = new ArrayList<>();
        for (int j = 0; j < 6; j++) {
          step.add((float) random.nextGaussian());
        }
        sample.add(step);
      }
      rows[i] = RowFactory.create(sample);
    }
    String texts = write(folder.resolve("lengths"), "x array<array<float>>", rows);
    return tare(
        "calibrate",
        "--model",
        model,
        "--data",
        texts,
        "--observe",
        "matmul",
        "--output",
        output.toString());
  }

  @Test
  void statisticsWithoutWhatARecipeNeedsSayHowToCalibrate() throws IOException {
    Path wholes = folder.resolve("wholes");
    calibrate(small, wholes, "--channels", "none").ends(0);
    select(wholes, "activations { granularity = per-channel }")
        .refuses(3, output, "have no channels", "--channels histogram or extremes");
    Path extremes = folder.resolve("extremes");
    calibrate(small, extremes, "--channels", "extremes").ends(0);
    select(extremes, "activations { granularity = per-channel, method = percentile-99.9 }")
        .refuses(3, output, "percentile-99.9", "--channels histogram");
  }

  private CommandLine.Result select(Path statistics, String own) throws IOException {
    Path recipe = Files.writeString(folder.resolve("own.conf"), "include \"int8\"\n" + own);
    return tare(
        "select",
        "--statistics",
        statistics.toString(),
        "--model",
        small,
        "--recipe",
        recipe.toString(),
        "--output",
        output.toString());
  }

  private static AttributeProto permutation() {
    return AttributeProto.newBuilder()
        .setName("perm")
        .setType(AttributeProto.AttributeType.INTS)
        .addAllInts(List.of(0L, 2L, 1L))
        .build();
  }
}
