package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.SmallModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run of a small convolutional network leaves on storage. */
class ArtifactsTest {

  @TempDir static Path shared;

  private static Path run;
  private static ModelProto before;
  private static ModelProto after;

  @BeforeAll
  static void run() throws IOException {
    String model = SmallModels.exportedCnn().write(shared.resolve("model.onnx"));
    String data = write(shared.resolve("data"), "image array<array<array<float>>>", images(30));
    run = shared.resolve("run");
    String[] arguments = {
      "run",
      "--model",
      model,
      "--data",
      data,
      "--recipe",
      "int8",
      "--output",
      run.toString(),
      "--min-sqnr-db",
      "28"
    };
    tare(arguments).ends(0);
    before = ModelProto.parseFrom(Files.readAllBytes(Path.of(model)));
    after = ModelProto.parseFrom(Files.readAllBytes(run.resolve("model.onnx")));
  }

  private static Row[] images(int count) {
    Random random = new Random(3);
    Row[] rows = new Row[count];
    for (int i = 0; i < count; i++) {
      List<List<List<Float>>> image = new ArrayList<>();
      for (int c = 0; c < 3; c++) {
        List<List<Float>> plane = new ArrayList<>();
        for (int y = 0; y < 8; y++) {
          List<Float> line = new ArrayList<>();
          for (int x = 0; x < 8; x++) {
            line.add((float) random.nextGaussian());
          }
          plane.add(line);
        }
        image.add(plane);
      }
      rows[i] = RowFactory.create(image);
    }
    return rows;
  }

  @Test
  void everyWeightAndBiasOfAConstantNodeIsQuantized() throws IOException {
    for (String tensor : List.of("kernel", "dense", "kernel_bias", "dense_bias", "image", "f")) {
      assertThat(planned(run, tensor).path("quantized").asBoolean()).as(tensor).isTrue();
    }
    assertThat(planned(run, "kernel_bias").path("type").asText()).isEqualTo("int32");
    assertThat(planned(run, "kernel").path("scale")).hasSize(5);
  }

  @Test
  void bytesInTheWeightsTableAreThoseInTheModel() {
    Map<String, TensorProto> initializers =
        after.getGraph().getInitializerList().stream()
            .collect(Collectors.toMap(TensorProto::getName, tensor -> tensor));
    Map<String, ByteArrayOutputStream> tables = new TreeMap<>();
    for (Row row :
        spark()
            .read()
            .parquet(run.resolve("weights").toString())
            .orderBy("tensor", "slice")
            .collectAsList()) {
      tables
          .computeIfAbsent(row.getAs("tensor"), t -> new ByteArrayOutputStream())
          .writeBytes(row.getAs("data"));
    }
    assertThat(tables.keySet()).containsExactly("dense", "dense_bias", "kernel", "kernel_bias");
    tables.forEach(
        (tensor, bytes) ->
            assertThat(initializers.get(tensor + "_quantized").getRawData().toByteArray())
                .as(tensor)
                .isEqualTo(bytes.toByteArray()));
  }

  @Test
  void tensorsTableSaysWhatThePlanSays() throws IOException {
    List<Row> rows = spark().read().parquet(run.resolve("tensors").toString()).collectAsList();
    assertThat(rows).hasSize(4);
    for (Row row : rows) {
      JsonNode plan = planned(run, row.getAs("tensor"));
      assertThat(row.<String>getAs("role")).isEqualTo(plan.path("role").asText());
      assertThat(row.<String>getAs("type")).isEqualTo(plan.path("type").asText());
      assertThat(row.<Integer>getAs("axis"))
          .isEqualTo(plan.has("axis") ? plan.path("axis").asInt() : null);
      assertThat(row.getList(row.fieldIndex("shape")).toString().replace(" ", ""))
          .isEqualTo(plan.path("shape").toString());
      List<Float> scales = new ArrayList<>();
      plan.path("scale").forEach(s -> scales.add(Float.parseFloat(s.asText())));
      assertThat(row.<Float>getList(row.fieldIndex("scales"))).isEqualTo(scales);
      List<Integer> zeroPoints = new ArrayList<>();
      plan.path("zero-point").forEach(z -> zeroPoints.add(z.asInt()));
      assertThat(row.<Integer>getList(row.fieldIndex("zero_points"))).isEqualTo(zeroPoints);
    }
    Row kernel = rows.stream().filter(r -> r.getAs("tensor").equals("kernel")).findFirst().get();
    assertThat(kernel.getList(kernel.fieldIndex("shape")).toString()).isEqualTo("[5, 3, 3, 3]");
    assertThat(kernel.<Integer>getAs("axis")).isZero();
  }

  @Test
  void modelKeepsItsFaceAndIsRaisedToOpset13() {
    assertThat(before.getOpsetImport(0).getVersion()).isEqualTo(11);
    assertThat(after.getOpsetImport(0).getVersion()).isGreaterThanOrEqualTo(13);
    assertThat(after.getGraph().getInputList()).isEqualTo(before.getGraph().getInputList());
    assertThat(after.getGraph().getOutputList()).isEqualTo(before.getGraph().getOutputList());
    assertThat(after.getMetadataPropsList()).isEqualTo(before.getMetadataPropsList());
    assertThat(after.getProducerName()).isEqualTo("tiny");
    assertThat(after.getDocString()).isEqualTo("a tiny model");
    assertThat(after.getGraph().getNodeList().stream().map(NodeProto::getOpType))
        .contains("QuantizeLinear", "DequantizeLinear", "Conv", "Gemm")
        .doesNotContain("Constant");
  }

  @Test
  void theRuntimeLoadsTheModelAndItIsNearTheFloatOne() throws IOException {
    try (Session inference =
        OrtRuntime.INSTANCE.open(run.resolve("model.onnx"), InferenceOptions.of(1))) {
      assertThat(inference.inputs()).containsExactly("image");
      assertThat(inference.floatOutputs()).containsExactly("y");
    }
    JsonNode output = json(run.resolve("quality.json")).path("outputs").path(0);
    assertThat(output.path("cosine").path("min").asDouble()).isGreaterThan(0.995);
    assertThat(output.path("sqnr-db").asDouble()).isGreaterThan(28);
  }

  @Test
  void filesAreFewAndTheirNumberDoesNotDependOnTheCluster() throws IOException {
    Map<String, Integer> files = new TreeMap<>();
    for (String table : List.of("statistics", "plan", "tensors", "weights")) {
      try (var parts = Files.list(run.resolve(table))) {
        files.put(table, (int) parts.filter(p -> p.toString().endsWith(".parquet")).count());
      }
    }
    assertThat(files).isEqualTo(Map.of("statistics", 1, "plan", 1, "tensors", 1, "weights", 4));
  }
}
