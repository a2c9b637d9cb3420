package dev.tare.engine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import com.google.protobuf.ByteString;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.Observation;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.Preflight;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.opset.OpsetUpgradeTest;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.FunctionProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.SparseTensorProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TrainingInfoProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.onnx.write.QdqRewriterTest;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PreflightTest {

  private static void assertRefused(Models models, String reason) {
    assertRefused(models.bytes(), reason);
  }

  private static void assertRefused(byte[] bytes, String reason) {
    assertThatExceptionOfType(InvalidModelException.class)
        .isThrownBy(() -> Preflight.check(OnnxModel.parse(bytes, "bad.onnx")))
        .withMessageStartingWith("Cannot use model 'bad.onnx': ")
        .withMessageContaining(reason);
  }

  private static TensorProto.Builder tensor(String name, TensorProto.DataType type, Long... dims) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(type.getNumber())
        .addAllDims(List.of(dims));
  }

  private static Models with(TensorProto.Builder tensor) {
    return SmallModels.mlp().constant(tensor.build());
  }

  @Test
  void plainModelsPass() {
    assertThat(Preflight.check(SmallModels.mlp().build())).isEmpty();
    assertThat(Preflight.check(SmallModels.cnn().build())).isEmpty();
    assertThat(Preflight.check(QdqRewriterTest.capturing(11).build())).isEmpty();
  }

  @Test
  void filesThatAreNoModelsAreRefused() {
    byte[] good = SmallModels.mlp().bytes();
    byte[] random = new byte[5000];
    new Random(1).nextBytes(random);
    assertRefused(new byte[0], "the file is empty");
    assertRefused(random, "not an ONNX protobuf");
    assertRefused(Arrays.copyOf(good, good.length - 7), "not an ONNX protobuf");
    assertRefused(
        "version https://git-lfs".getBytes(StandardCharsets.UTF_8), "not an ONNX protobuf");
    assertRefused(new byte[] {8, 7}, "it has no graph");
  }

  @Test
  void anyTruncationIsRefusedOrLoads() {
    byte[] good = SmallModels.cnn().bytes();
    for (int length = 0; length < good.length; length += 13) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatExceptionOfType(InvalidModelException.class)
          .isThrownBy(() -> Preflight.check(OnnxModel.parse(cut, "cut")));
    }
  }

  @Test
  void anyFlippedByteIsRefusedOrLeavesAReadableModel() {
    flip(SmallModels.cnn().bytes(), 3000);
    flip(OpsetUpgradeTest.axes(9).bytes(), 3000);
  }

  /** Whatever a broken file does, it is refused by name or goes through every reader. */
  private static void flip(byte[] good, int times) {
    Random random = new Random(5);
    for (int i = 0; i < times; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(Math.min(900, bad.length))] ^= (byte) (1 << random.nextInt(8));
      try {
        OnnxModel model = OnnxModel.parse(bad, "flipped");
        Preflight.check(model);
        OnnxGraph.of(model).nodes().forEach(n -> OnnxGraph.of(model).constant(n.weight()));
        OnnxGraph.of(model).embeddings().forEach(e -> OnnxGraph.of(model).constant(e.table()));
        model.operatorCounts();
        model.parameterCount();
        model.constantBytes();
        Observation.resolve(Observation.ALL, OnnxFloatModel.of(model));
        OpsetUpgrade.upgrade(model);
      } catch (InvalidModelException | IllegalArgumentException e) {
        // A flipped element type can leave nothing to observe.
        assertThat(e).hasMessageMatching("(?s)Cannot (use|observe 'all' of) model 'flipped': .*");
      }
    }
  }

  @Test
  void manySubgraphsInALargeGraphAreCheckedInLinearTime() {
    Models models = SmallModels.mlp();
    for (int i = 0; i < 20_000; i++) {
      GraphProto.Builder branch = branch("Relu", "x", "inner" + i);
      models.node("If", "x", "outer" + i, Models.graph("then_branch", branch));
    }
    byte[] bytes = models.bytes();
    assertTimeout(Duration.ofSeconds(60), () -> OnnxModel.parse(bytes, "wide"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../out/secret.bin", "/etc/passwd", "*/_ORT_MEM_ADDR_/*", "weights.bin"})
  void externalDataIsRefusedWhereverItStands(String location) {
    TensorProto.Builder external =
        tensor("w", TensorProto.DataType.FLOAT, 2L)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    external.addExternalDataBuilder().setKey("location").setValue(location);
    assertRefused(with(external), "tensor 'w' stores its data in another file");

    AttributeProto value = AttributeProto.newBuilder().setName("value").setT(external).build();
    assertRefused(
        SmallModels.mlp().node("Constant", "", List.of(), List.of("value"), value),
        "attribute 'value' of Constant '' stores its data in another file");
    GraphProto.Builder branch = GraphProto.newBuilder().addInitializer(external);
    assertRefused(
        SmallModels.mlp().node("If", "x", "i", Models.graph("then_branch", branch)),
        "stores its data in another file");
    Models sparse = SmallModels.mlp();
    sparse.graph.addSparseInitializer(SparseTensorProto.newBuilder().setValues(external));
    assertRefused(sparse, "initializer 'w' is sparse");
    AttributeProto sparseValue =
        AttributeProto.newBuilder()
            .setName("sparse_value")
            .setSparseTensor(SparseTensorProto.newBuilder().setValues(external))
            .build();
    assertRefused(
        SmallModels.mlp().node("Constant", "", List.of(), List.of("value"), sparseValue),
        "is sparse");
  }

  @Test
  void sizesMustAgree() {
    assertRefused(
        with(
            tensor("w", TensorProto.DataType.FLOAT, 3L)
                .setRawData(ByteString.copyFrom(new byte[8]))),
        "tensor 'w' of type FLOAT and shape [3] has 8 bytes instead of 12");
    assertRefused(
        with(tensor("w", TensorProto.DataType.INT64, 3L).addInt64Data(1)),
        "tensor 'w' of type INT64 and shape [3] has 1 values instead of 3");
    assertRefused(
        with(tensor("w", TensorProto.DataType.FLOAT, 1L << 32, 1L << 32)),
        "tensor 'w' of shape [4294967296, 4294967296] has too many elements");
    assertRefused(
        with(
            tensor("w", TensorProto.DataType.FLOAT, 1L << 48)
                .setRawData(ByteString.copyFrom(new byte[8]))),
        "has 8 bytes instead of 1125899906842624");
    assertRefused(with(tensor("w", TensorProto.DataType.FLOAT, -2L)), "tensor 'w' has shape [-2]");
    assertRefused(with(tensor("w", TensorProto.DataType.UNDEFINED, 1L)), "unknown element type 0");
  }

  @Test
  void namesHaveOneMeaning() {
    assertRefused(SmallModels.mlp().weight("w1", 6, 8), "initializer 'w1' occurs twice");
    assertRefused(SmallModels.mlp().input("x", 3), "input 'x' occurs twice");
    assertRefused(SmallModels.mlp().node("Relu", "x", "d"), "tensor 'd' is defined twice");
    assertRefused(SmallModels.mlp().node("Relu", "x", "w1"), "tensor 'w1' is defined twice");
    assertRefused(
        SmallModels.mlp().node("Relu", "x", "n".repeat(1_000_000)), "a name of 1000000 characters");
    assertRefused(SmallModels.mlp().weight("", 2), "an initializer has no name");
  }

  @Test
  void brokenGraphsAreRefused() {
    assertRefused(
        SmallModels.mlp().node("Relu", "loose", List.of("nowhere"), List.of("r")),
        "node 5 (Relu 'loose') reads 'nowhere', which nothing defines");
    assertRefused(SmallModels.mlp().output("z"), "output 'z' is not computed by any node");
    assertRefused(
        SmallModels.mlp()
            .node("Add", "p", List.of("x", "q1"), List.of("p1"))
            .node("Relu", "p1", "q1"),
        "its graph has a cycle, at or before node 5 (Add 'p')");
    Models silent = SmallModels.mlp();
    silent.graph.clearOutput();
    assertRefused(silent, "its graph has no outputs");
  }

  @Test
  void cycleThroughASubgraphIsFound() {
    GraphProto.Builder branch =
        GraphProto.newBuilder()
            .addNode(Models.nodeOf("Relu", "", List.of("later"), List.of("r")))
            .addOutput(ValueInfoProto.newBuilder().setName("r"));
    assertRefused(
        SmallModels.mlp()
            .node("If", "x", "early", Models.graph("then_branch", branch))
            .node("Relu", "early", "later"),
        "its graph has a cycle");
  }

  @Test
  void unsortedNodesAreNoCycle() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "n", 6)
            .weight("w", 6, 6)
            .node("Relu", "h", "y")
            .node("MatMul", "x w", "h")
            .output("y")
            .build();
    assertThat(Preflight.check(model)).isEmpty();
    assertThat(Reference.run(model, Map.of("x", Reference.gaussian(1, 2, 6)), OptLevel.NO_OPT))
        .containsOnlyKeys("y");
  }

  @Test
  void nestingIsBounded() {
    assertThatCode(() -> Preflight.check(nested(16).build())).doesNotThrowAnyException();
    assertRefused(nested(17), "subgraphs are nested deeper than 16");
    assertRefused(nested(60), "not an ONNX protobuf");
  }

  private static Models nested(int depth) {
    GraphProto.Builder inner = branch("Relu", "x", "o" + depth);
    for (int i = depth - 1; i > 0; i--) {
      inner = branch("If", "x", "o" + i, Models.graph("then_branch", inner));
    }
    return SmallModels.mlp().node("If", "x", "o0", Models.graph("then_branch", inner));
  }

  private static GraphProto.Builder branch(
      String op, String in, String out, AttributeProto... attributes) {
    return GraphProto.newBuilder()
        .setName(out)
        .addNode(Models.nodeOf(op, "", List.of(in), List.of(out), attributes))
        .addOutput(ValueInfoProto.newBuilder().setName(out));
  }

  @Test
  void halfPrecisionIsRefused() {
    assertRefused(
        with(
            tensor("w", TensorProto.DataType.FLOAT16, 2L)
                .setRawData(ByteString.copyFrom(new byte[4]))),
        "constant 'w' is FLOAT16: the model is in half precision; export it in float32");
    assertRefused(
        with(tensor("w", TensorProto.DataType.BFLOAT16, 1L).addInt32Data(1)), "half precision");
    assertRefused(
        SmallModels.mlp().input("z", TensorProto.DataType.FLOAT16, 2), "input 'z' is FLOAT16");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "QuantizeLinear",
        "DequantizeLinear",
        "DynamicQuantizeLinear",
        "QLinearConv",
        "QLinearMatMul",
        "MatMulInteger",
        "ConvInteger"
      })
  void quantizedModelsAreRefused(String op) {
    assertRefused(
        SmallModels.mlp().node(op, "x", "q"),
        "it is already quantized: it has " + op + " (node '')");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "QAttention",
        "QGemm",
        "MatMulNBits",
        "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat",
        "QLinearAdd",
        "QEmbedLayerNormalization",
        "DynamicQuantizeLSTM",
        "GatherBlockQuantized"
      })
  void quantizedContribOperatorsAreRefused(String op) {
    Models models = SmallModels.mlp();
    models.graph.addNode(
        Models.nodeOf(op, "", List.of("x"), List.of("q")).toBuilder().setDomain("com.microsoft"));
    assertRefused(models, "it is already quantized: it has " + op);
  }

  @Test
  void ownRewritingIsRecognizedAsQuantized() {
    OnnxModel model = SmallModels.mlp().build();
    OnnxModel quantized =
        QdqRewriter.rewrite(model, Plans.everything(model), t -> Plans.codes(model, t));
    assertRefused(quantized.toByteArray(), "it is already quantized");
  }

  @Test
  void unknownDomainsAndFunctionsAreRefused() {
    Models custom = SmallModels.mlp();
    custom.graph.addNode(
        Models.nodeOf("Magic", "m", List.of("x"), List.of("q")).toBuilder().setDomain("my.ops"));
    assertRefused(custom, "operator Magic of domain 'my.ops' (node 'm') is not one of ONNX");
    Models functions = SmallModels.mlp();
    functions.model.addFunctions(FunctionProto.newBuilder().setName("gelu"));
    assertRefused(functions, "it defines functions ('gelu'); inline them first");
    Models training = SmallModels.mlp();
    training.model.addTrainingInfo(TrainingInfoProto.getDefaultInstance());
    assertRefused(training, "it carries training graphs");
  }

  @Test
  void contribOperatorsAreTaken() {
    Models models = SmallModels.mlp();
    models.model.addOpsetImport(Models.opset("com.microsoft", 1));
    models.graph.addNode(
        Models.nodeOf("Gelu", "", List.of("x"), List.of("g")).toBuilder()
            .setDomain("com.microsoft"));
    assertThat(Preflight.check(models.build())).isEmpty();
  }

  @Test
  void opsetsOutsideTheSupportedAreRefused() {
    Models old = SmallModels.mlp();
    old.model.clearOpsetImport().addOpsetImport(Models.opset("", 6));
    assertRefused(old, "it uses opset 6 of the standard operators; supported are 7 to 26");
    Models late = SmallModels.mlp();
    late.model.clearOpsetImport().addOpsetImport(Models.opset("", 99));
    assertRefused(late, "it uses opset 99");
    Models none = SmallModels.mlp();
    none.model.clearOpsetImport();
    assertRefused(none, "does not state which version");
  }

  @Test
  void newestOpsetIsOneThatTheRuntimeTakes() {
    Models newest = SmallModels.mlp();
    newest.model.clearOpsetImport().addOpsetImport(Models.opset("", Preflight.MAX_OPSET));
    assertThatCode(
            () ->
                Reference.run(
                    newest.build(), Map.of("x", Reference.gaussian(1, 2, 6)), OptLevel.NO_OPT))
        .doesNotThrowAnyException();
  }

  @Test
  void decodersWithACacheAreRefused() {
    assertRefused(
        SmallModels.mlp()
            .input("past_key_values.0.key", "b", 4, "s", 8)
            .node("Identity", "past_key_values.0.key", "present.0.key")
            .output("present.0.key"),
        "it is a decoder with a key-value cache");
  }

  @Test
  void inputsThatAreNoNumbersAreRefused() {
    assertRefused(
        SmallModels.mlp().input("words", TensorProto.DataType.STRING, "n"),
        "input 'words' is not a dense tensor of numbers");
    Models sequence = SmallModels.mlp();
    sequence.graph.addInput(
        ValueInfoProto.newBuilder()
            .setName("list")
            .setType(
                TypeProto.newBuilder().setSequenceType(TypeProto.Sequence.getDefaultInstance())));
    assertRefused(sequence, "input 'list' is not a dense tensor of numbers");
  }

  private static void assertTooMany(String op, Models models, AttributeProto... attributes) {
    assertRefused(
        models.node(op, "fill", IN.get(op), List.of("f"), attributes),
        op + " 'fill' makes more than 268435456 values");
  }

  private static final Map<String, List<String>> IN =
      Map.of(
          "ConstantOfShape", List.of("shape"),
          "Expand", List.of("x", "shape"),
          "Tile", List.of("x", "shape"),
          "Range", List.of("zero", "far", "one"),
          "Pad", List.of("x", "pads"),
          "Resize", List.of("x", "", "scales"),
          "Upsample", List.of("x", "scales"),
          "OneHot", List.of("x", "far", "both"),
          "RandomNormal", List.of());

  private static Models withNumbers() {
    return SmallModels.mlp()
        .constant(Models.longs("shape", 1L << 19, 1L << 19))
        .constant(Models.longs("pads", 0L, 1L << 40, 0L, 0L))
        .constant(Models.longs("both", 0L, 1L))
        .constant(TensorCodec.longs("zero", List.of(0L)).toBuilder().clearDims().build())
        .constant(TensorCodec.longs("one", List.of(1L)).toBuilder().clearDims().build())
        .constant(TensorCodec.longs("far", List.of(1L << 40)).toBuilder().clearDims().build())
        .constant(TensorCodec.floats("scales", List.of(2L), 1e5f, 1e5f));
  }

  @Test
  void operatorsThatMakeGigabytesOfConstantsAreRefused() {
    IN.keySet().stream()
        .filter(op -> !op.startsWith("Random"))
        .forEach(op -> assertTooMany(op, withNumbers()));
    assertTooMany("RandomNormal", withNumbers(), Models.ints("shape", 1L << 20, 1L << 20));
    assertTooMany("Pad", withNumbers(), Models.ints("pads", 0L, 0L, 0L, Long.MAX_VALUE));
    assertTooMany("Upsample", withNumbers(), Models.numbers("scales", 1e5f, 1e5f));
  }

  @Test
  void operatorsThatMakeGigabytesTogetherAreRefused() {
    Models chain =
        SmallModels.mlp()
            .constant(Models.longs("shape", 1L << 10, 1L << 10))
            .constant(Models.longs("more", 1L << 10, 1L))
            .node("Expand", "x shape", "e")
            .node("Tile", "once", List.of("e", "more"), List.of("t"));
    assertRefused(chain, "Tile 'once' makes more than 268435456 values");
    Models many = SmallModels.mlp().constant(Models.longs("shape", 1L << 14, 1L << 14));
    for (int i = 0; i < 5; i++) {
      many.node("Expand", "fill" + i, List.of("x", "shape"), List.of("e" + i));
    }
    assertRefused(
        many,
        "operators that fill tensors from constants make more than 1073741824 values together;"
            + " the last is Expand 'fill4'");
  }

  @Test
  void ordinaryFillsPass() {
    Models models =
        SmallModels.mlp()
            .constant(Models.longs("shape", -1L, 1L << 19))
            .constant(Models.longs("two", 2L, 2L))
            .constant(TensorCodec.floats("scales", List.of(2L), 2, 2))
            .node("Expand", "x shape", "e")
            .node("Tile", "x two", "t")
            .node("Resize", "", List.of("x", "", "scales"), List.of("r"));
    assertThat(Preflight.check(models.build())).isEmpty();
  }

  @Test
  void aFillInABodyIsFoundWithConstantsFromAround() {
    GraphProto.Builder body =
        GraphProto.newBuilder()
            .setName("body")
            .addNode(Models.nodeOf("Expand", "fill", List.of("x", "shape"), List.of("e")))
            .addOutput(ValueInfoProto.newBuilder().setName("e"));
    assertRefused(
        withNumbers().node("If", "x", "i", Models.graph("then_branch", body)),
        "Expand 'fill' makes more than");
  }

  @Test
  void loopsAreWarnedOf() {
    assertThat(
            Preflight.check(
                SmallModels.mlp().node("Loop", "spin", List.of("x"), List.of("l")).build()))
        .containsExactly("Loop 'spin' may run without end");
    assertThat(
            Preflight.check(
                SmallModels.mlp()
                    .constant(Models.longs("three", 3L))
                    .node("Loop", "spin", List.of("three"), List.of("l"))
                    .build()))
        .as("as often as a constant says")
        .isEmpty();
  }
}
