package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static java.util.Collections.max;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of models whose outputs are not one row of floats for each sample. */
@Tag("slow")
class OutputsRunTest {

  @TempDir static Path shared;

  private static String data;

  @BeforeAll
  static void rows() {
    Row[] labelled = gaussian(150, 6, 1);
    for (int i = 0; i < labelled.length; i++) {
      List<Float> x = labelled[i].getAs(0);
      List<Float> classes = x.subList(0, 4);
      int largest = classes.indexOf(max(classes));
      labelled[i] = RowFactory.create(x, "abcd".substring(largest, largest + 1));
    }
    data = write(shared.resolve("data"), "x array<float>, kind string", labelled);
  }

  private static Models graphs() {
    return Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w", 6, 4)
        .node("MatMul", "product", List.of("x", "w"), "m");
  }

  private static CommandLine.Result run(String name, Models graphs, String... more)
      throws IOException {
    String model = graphs.write(shared.resolve(name + ".onnx"));
    List<String> arguments = new ArrayList<>(List.of("run", "--model", model, "--data", data));
    arguments.addAll(List.of("--eval-data", data));
    if (!List.of(more).contains("--eval-samples")) {
      arguments.addAll(List.of("--eval-samples", "100"));
    }
    arguments.addAll(List.of("--output", folder(name)));
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  private static String folder(String name) {
    return shared.resolve("run-" + name).toString();
  }

  private static JsonNode quality(String name) throws IOException {
    return json(Path.of(folder(name)).resolve("quality.json"));
  }

  private static JsonNode output(String name, String output) throws IOException {
    for (JsonNode node : quality(name).path("outputs")) {
      if (node.path("name").asText().equals(output)) {
        return node;
      }
    }
    throw new AssertionError("no output '" + output + "'");
  }

  private static TensorProto float0(String name, float value) {
    return Models.floats(name, new float[] {value});
  }

  private static AttributeProto ints(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  @Test
  void scalarOverTheBatchIsOneValueOfEachSample() throws IOException {
    Models model =
        graphs()
            .node("ReduceMean", "mean", List.of("m"), "loss", Models.integer("keepdims", 0))
            .output("loss", TensorProto.DataType.FLOAT)
            .output("m", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result = run("scalar", model).ends(0);
    assertThat(result.out()).contains("'loss' is one value a sample, whose cosine can only be");
    JsonNode loss = output("scalar", "loss");
    assertThat(loss.path("one-value").asBoolean()).isTrue();
    assertThat(loss.path("largest-error").asDouble()).isBetween(1e-6, .05);
    assertThat(loss.path("values").path("float")).hasSize((int) samples("scalar"));
    assertThat(result.out()).contains("gate: passed\n");
  }

  private static long samples(String name) throws IOException {
    long samples = quality(name).path("samples").asLong();
    assertThat(samples).isEqualTo(100);
    return samples;
  }

  /** The rows of x above 0, through the weights: as many as there are. */
  private static Models choosing(Models graphs) {
    return graphs
        .constant(float0("zero", 0))
        .node("Greater", "positive", List.of("m", "zero"), "p")
        .node("NonZero", "places", List.of("p"), "nz")
        .node("Transpose", "turn", List.of("nz"), "rows", ints("perm", 1, 0))
        .node("GatherND", "choose", List.of("m", "rows"), "chosen");
  }

  @Test
  void outputWhoseShapeDependsOnValuesIsComparedWhereShapesAgree() throws IOException {
    Models model =
        choosing(graphs())
            .constant(float0("one", 1))
            .node("Mul", "same", List.of("chosen", "one"), "y")
            .output("y", TensorProto.DataType.FLOAT, "rows");
    CommandLine.Result result = run("shapes", model, "--recipe", "int4-weights").ends(0);
    JsonNode y = output("shapes", "y");
    long other = y.path("samples-of-other-shape").asLong();
    assertThat(other).as("four bits move values across zero").isBetween(1L, samples("shapes") - 1);
    assertThat(result.out())
        .contains("'y' has another shape in the quantized model for " + other + " of ");
    assertThat(y.path("cosine").path("mean").asDouble()).isBetween(.9, 1.0);
  }

  @Test
  void labelsAreComparedWhereThereIsNoFloat() throws IOException {
    Models model =
        graphs()
            .node("ArgMax", "pick", List.of("m"), "label", Models.integer("axis", 1))
            .output("label", TensorProto.DataType.INT64, "batch", 1);
    CommandLine.Result result =
        run("labels", model, "--min-cosine", "0.6", "--eval-samples", "9").ends(0);
    assertThat(result.err()).contains("equal labels ");
    assertThat(result.out())
        .contains("labels equal")
        .contains("gate: passed (on 9 samples only)")
        .doesNotContain("NaN");
    JsonNode label = output("labels", "label");
    assertThat(label.path("labels-equal").asDouble())
        .isEqualTo(label.path("cosine").path("mean").asDouble())
        .isBetween(.6, 1.0);
    CommandLine.Result failed =
        run("labels-4", model, "--recipe", "int4-weights", "--min-cosine", "1").ends(4);
    assertThat(failed.out()).contains("share of equal labels of 'label' is 0.");
  }

  @Test
  void mapsOfProbabilitiesAreComparedAsNumbers() throws IOException {
    Models model =
        graphs()
            .node("Softmax", "soft", List.of("m"), "p")
            .node("ZipMap", "zip", List.of("p"), "maps");
    model.model.addOpsetImportBuilder().setDomain("ai.onnx.ml").setVersion(1);
    int last = model.graph.getNodeCount() - 1;
    AttributeProto.Builder labels =
        AttributeProto.newBuilder()
            .setName("classlabels_strings")
            .setType(AttributeProto.AttributeType.STRINGS);
    List.of("d", "b", "c", "a").forEach(l -> labels.addStrings(ByteString.copyFromUtf8(l)));
    model.graph.getNodeBuilder(last).setDomain("ai.onnx.ml").addAttribute(labels);
    TypeProto.Tensor.Builder number =
        TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT.getNumber());
    TypeProto.Map.Builder map =
        TypeProto.Map.newBuilder()
            .setKeyType(TensorProto.DataType.STRING.getNumber())
            .setValueType(TypeProto.newBuilder().setTensorType(number));
    TypeProto.Sequence.Builder maps =
        TypeProto.Sequence.newBuilder().setElemType(TypeProto.newBuilder().setMapType(map));
    model.graph.addOutput(
        ValueInfoProto.newBuilder()
            .setName("maps")
            .setType(TypeProto.newBuilder().setSequenceType(maps)));
    run("maps", model, "--min-sqnr-db", "20").ends(0);
    JsonNode output = output("maps", "maps");
    assertThat(output.path("channels").get(0).path("channels").asInt()).isEqualTo(4);
    for (JsonNode value : output.path("values").path("float")) {
      assertThat(value.asDouble()).isBetween(0.0, 1.0);
    }
  }

  @Test
  void infinitiesOfBothModelsAreLeftOutAndCounted() throws IOException {
    Models model =
        graphs()
            .constant(Models.floats("mask", new float[] {0, Float.NEGATIVE_INFINITY, 0, 0}, 4))
            .node("Add", "masked", List.of("m", "mask"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result = run("infinite", model, "--min-cosine", "0.99").ends(0);
    assertThat(result.out()).contains("values are the same infinity, or NaN, in both models");
    assertThat(output("infinite", "y").path("equal-non-finite-values").asLong())
        .isEqualTo(samples("infinite"));
  }

  @Test
  void outputThatQuantizationDoesNotTouchHasAnInfiniteRatio() throws IOException {
    Models model =
        graphs()
            .node("Relu", "keep", List.of("x"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 6)
            .output("m", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result = run("untouched", model, "--min-sqnr-db", "100").ends(0);
    assertThat(result.out()).containsPattern("(?m)^y +inf .* inf \\(\\d\\) ").doesNotContain("NaN");
  }

  @Test
  void outputWithoutAnyFiniteValuePassesNoGate() throws IOException {
    Models model =
        graphs()
            .constant(float0("infinity", Float.POSITIVE_INFINITY))
            .node("Mul", "grow", List.of("m", "infinity"), "large")
            .node("Sub", "undefine", List.of("large", "large"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result = run("undefined", model, "--min-cosine", "-1").ends(4);
    assertThat(result.out())
        .contains("gate: failed; cosine of 'y' is NaN: there were no finite values to compare");
  }

  /** Boxes of hundreds and scores below 1 in one tensor. */
  @Test
  void badChannelOfSmallValuesIsSeenAndFailsItsGate() throws IOException {
    Models model =
        graphs()
            .constant(Models.floats("scale", new float[] {300, 300, 300, .01f}, 4))
            .node("Mul", "stretch", List.of("m", "scale"), "boxes")
            .constant(Models.floats("turn", turn(), 4, 4))
            .node("MatMul", "last", List.of("boxes", "turn"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result = run("boxes", model, "--min-channel-sqnr", "10").ends(4);
    assertThat(result.out())
        .contains("worst channel dB")
        .contains(" of 4 channels of the last axis are below 20 dB; the worst, channel 3, has ")
        .contains("gate: failed; SQNR of channel 3 of 'y' is ")
        .doesNotContain("argmax");
    JsonNode y = output("boxes", "y");
    assertThat(y.path("cosine").path("mean").asDouble()).isGreaterThan(.99);
    JsonNode worst = y.path("channels").get(0).path("worst");
    assertThat(worst.path("channel").asInt()).isEqualTo(3);
    assertThat(worst.path("float-high").asDouble()).isCloseTo(0, within(.1));
    assertThat(json(Path.of(folder("boxes")).resolve("manifest.json")).toString())
        .contains("\"min-channel-sqnr\":\"10.0\"")
        .contains("\"gate\":\"failed\"");
  }

  private static float[] turn() {
    float[] turn = new float[16];
    for (int i = 0; i < 4; i++) {
      turn[5 * i] = 1;
    }
    return turn;
  }

  /** The largest of the first four numbers is the class. */
  @Test
  void labelsGiveTheAccuracyOfBothModels() throws IOException {
    float[] first = new float[24];
    for (int i = 0; i < 4; i++) {
      first[5 * i] = 3;
    }
    Models softmax =
        Models.exported(13)
            .input("x", TensorProto.DataType.FLOAT, "batch", 6)
            .constant(Models.floats("w", first, 6, 4))
            .node("MatMul", "product", List.of("x", "w"), "m")
            .node("Softmax", "soft", List.of("m"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4);
    CommandLine.Result result =
        run("classes", softmax, "--labels", "kind", "--label-names", "a,b,c,d").ends(0);
    assertThat(result.out())
        .contains("argmax")
        .contains("labels of column 'kind', output y, 100 samples:\n  accuracy 1.0000 float, ");
    JsonNode accuracy = quality("classes").path("labels").path("measures").get(0);
    assertThat(accuracy.path("float").asDouble()).isEqualTo(1);
    assertThat(accuracy.path("quantized").asDouble())
        .isEqualTo(output("classes", "y").path("argmax-agreement").asDouble())
        .isBetween(.9, 1.0);
    assertThat(json(Path.of(folder("classes")).resolve("manifest.json")).toString())
        .contains("\"labels\":\"kind\"", "\"label-names\":\"a,b,c,d\"");
    run("no-column", softmax, "--labels", "sort")
        .refuses(3, Path.of(folder("no-column")), "no column 'sort' for labels; it has [x, kind]");
  }

  @Test
  void argmaxIsOfClassesOnly() throws IOException {
    Models softmax =
        graphs()
            .node("Softmax", "soft", List.of("m"), "y")
            .output("y", TensorProto.DataType.FLOAT, "batch", 4);
    assertThat(run("no-classes", softmax, "--classes", "none").ends(0).out())
        .doesNotContain("argmax");
    Models hidden = graphs().output("m", TensorProto.DataType.FLOAT, "batch", 4);
    assertThat(run("named", hidden, "--classes", "m").ends(0).out()).contains("argmax");
    run("unknown", hidden, "--labels", "kind")
        .refuses(2, Path.of(folder("unknown")), "--labels needs an output with classes, and of m");
    run("misnamed", hidden, "--classes", "y")
        .refuses(2, Path.of(folder("misnamed")), "--classes names 'y'", "the model has m");
  }

  @Test
  void modelWhoseOutputsCannotBeComparedIsRefusedBeforeAnyJob() throws IOException {
    Models model = graphs().node("SequenceConstruct", "pack", List.of("m"), "packed");
    TypeProto.Tensor.Builder number =
        TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT.getNumber());
    TypeProto.Sequence.Builder sequence =
        TypeProto.Sequence.newBuilder().setElemType(TypeProto.newBuilder().setTensorType(number));
    model.graph.addOutput(
        ValueInfoProto.newBuilder()
            .setName("packed")
            .setType(TypeProto.newBuilder().setSequenceType(sequence)));
    CommandLine.Result result = run("packed", model);
    result.refuses(
        3,
        Path.of(folder("packed")),
        "has no output that can be compared: packed",
        "make a tensor in front of them an output");
    assertThat(result.err()).doesNotContain("calibrate");
  }
}
