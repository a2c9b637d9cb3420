package dev.tare.engine.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.Holes;
import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxFile;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExternalDataTest {

  private static final TensorProto.DataType FLOAT = TensorProto.DataType.FLOAT;

  @TempDir private Path temporary;
  private Path folder;

  @BeforeEach
  void write() throws IOException {
    folder = Files.createDirectories(temporary.resolve("model"));
    Files.write(folder.resolve("weights.bin"), new byte[64]);
    Files.write(temporary.resolve("secret.bin"), new byte[64]);
  }

  private static TensorProto.Builder external(String name, String location, String... more) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(FLOAT.getNumber())
            .addDims(2)
            .setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalDataBuilder().setKey("location").setValue(location);
    for (int i = 0; i < more.length; i += 2) {
      tensor.addExternalDataBuilder().setKey(more[i]).setValue(more[i + 1]);
    }
    return tensor;
  }

  private OnnxModel read(Models models) throws IOException {
    return OnnxModel.read(Files.write(folder.resolve("m.onnx"), models.bytes()));
  }

  private OnnxModel read(TensorProto.Builder tensor) throws IOException {
    return read(SmallModels.mlp().constant(tensor.build()));
  }

  private void refuses(TensorProto.Builder tensor, String reason) {
    assertThatThrownBy(() -> read(tensor))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageStartingWith("Cannot use model '")
        .hasMessageContaining(reason);
  }

  @Test
  void bytesComeFromTheFileAtTheirOffset() throws IOException {
    Path file = folder.resolve("deep/er/w.bin");
    Files.createDirectories(file.getParent());
    Files.write(file, new byte[] {9, 9, 9, 9, 0, 0, (byte) 0x80, 0x3f, 0, 0, 0, 0x40, 9});
    OnnxModel model = read(external("w", "deep/er/w.bin", "offset", "4", "checksum", "x"));

    assertThat(OnnxGraph.of(model).constant("w").toFloatArray()).containsExactly(1f, 2f);
    assertThat(OnnxFile.look(folder.resolve("m.onnx"), "m").dataFiles())
        .isEqualTo(Map.of("deep/er/w.bin", "tensor 'w'"));
  }

  @Test
  void dataOfAttributesAndSubgraphsIsReadToo() throws IOException {
    AttributeProto value =
        AttributeProto.newBuilder()
            .setName("value")
            .setType(AttributeProto.AttributeType.TENSOR)
            .setT(external("", "weights.bin"))
            .build();
    GraphProto.Builder branch = GraphProto.newBuilder().addInitializer(external("v", "more.bin"));
    Files.write(folder.resolve("more.bin"), new byte[8]);
    OnnxModel model =
        read(
            SmallModels.mlp()
                .node("Constant", "", List.of(), List.of("k"), value)
                .node("If", "x", "i", Models.graph("then_branch", branch)));

    assertThat(OnnxGraph.of(model).constant("k").toFloatArray()).containsExactly(0f, 0f);
    assertThat(OnnxFile.look(folder.resolve("m.onnx"), "m").dataFiles())
        .containsOnlyKeys("more.bin", "weights.bin");
    assertThat(
            OnnxGraph.of(OnnxModel.parse(model.toByteArray(), "whole"))
                .constant("k")
                .shape()
                .size())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "/etc/passwd",
        "../secret.bin",
        "junk/../../secret.bin",
        "./weights.bin",
        "a//b",
        "weights.bin/",
        "..",
        "a\\b",
        "c:weights.bin",
        "*/_ORT_MEM_ADDR_/*",
        "a\u0000b"
      })
  void placesOutsideTheFolderAreRefusedBeforeAnyFileIsOpened(String location) throws IOException {
    refuses(external("w", location), "which is not a path inside the model's folder");
    Path file = folder.resolve("m.onnx");
    assertThatThrownBy(() -> OnnxFile.look(file, "m").dataFiles())
        .isInstanceOf(InvalidModelException.class);
  }

  @Test
  void linksAreRefused() throws IOException {
    Files.createSymbolicLink(folder.resolve("soft.bin"), temporary.resolve("secret.bin"));
    Files.createLink(folder.resolve("hard.bin"), temporary.resolve("secret.bin"));
    Files.createDirectories(temporary.resolve("other"));
    Files.write(temporary.resolve("other/w.bin"), new byte[64]);
    Files.createSymbolicLink(folder.resolve("dir"), temporary.resolve("other"));

    refuses(external("w", "soft.bin"), "'soft.bin' (external data), which is a link to a file");
    refuses(external("w", "hard.bin"), "'hard.bin' (external data), which is a hard link");
    refuses(external("w", "dir/w.bin"), "'dir/w.bin' (external data), which is a link to a file");
  }

  @Test
  void aLinkToTheModelsFolderItselfIsNoLinkToElsewhere() throws IOException {
    read(external("w", "weights.bin"));
    Path link = Files.createSymbolicLink(temporary.resolve("current"), folder);

    assertThat(OnnxGraph.of(OnnxModel.read(link.resolve("m.onnx"))).constant("w").shape().size())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "offset,-16,has offset '-16'",
    "length,-1,has length '-1'",
    "length,9999999999999999999,has length '9999999999999999999'",
    "offset,0x10,has offset '0x10'",
    "offset,57,reads 8 bytes at 57 of 'weights.bin'",
    "offset,999999999999999999,reads 8 bytes at 999999999999999999",
    "length,4,of type FLOAT and shape [2] has 4 bytes instead of 8",
    "length,1125899906842624,has 1125899906842624 bytes instead of 8",
  })
  void regionsMustLieInTheFileAndHaveTheSizeOfTheTensor(String key, String value, String reason) {
    refuses(external("w", "weights.bin", key, value), reason);
  }

  @Test
  void whatCannotBeDataIsRefused() throws IOException {
    refuses(external("w", "missing.bin"), "tensor 'w' stores its data in 'missing.bin'");
    refuses(external("w", "missing.bin"), "and that file does not exist in the model's folder");
    Files.createDirectories(folder.resolve("directory"));
    refuses(external("w", "directory"), "and that file does not exist in the model's folder");
    refuses(
        external("w", "weights.bin").setDataType(TensorProto.DataType.STRING.getNumber()),
        "tensor 'w' of type STRING");
    refuses(external("w", "weights.bin").addDims(1L << 40).addDims(1L << 40), "too many elements");
    refuses(external("w", "weights.bin").setDataType(99), "unknown element type 99");
    refuses(external("w1", "weights.bin"), "initializer 'w1' occurs twice");
    AttributeProto list =
        AttributeProto.newBuilder()
            .setName("list")
            .setType(AttributeProto.AttributeType.TENSORS)
            .addTensors(external("", "weights.bin").setRawData(ByteString.copyFrom(new byte[8])))
            .build();
    assertThatThrownBy(() -> read(SmallModels.mlp().node("Relu", "x", "z", list)))
        .hasMessageContaining("attribute 'list' of Relu '' stores its data in another file");
  }

  @Test
  void dataInTwoPlacesIsRefused() {
    refuses(
        external("w", "weights.bin").setRawData(ByteString.copyFrom(new byte[8])),
        "tensor 'w' has data both in the model and elsewhere");
    refuses(
        external("w", "weights.bin").setDataLocation(TensorProto.DataLocation.DEFAULT),
        "tensor 'w' has external data but also says that its data is in the model");
  }

  @Test
  void sizesThatWrapAroundAreRefused() {
    TensorProto.DataType bytes = TensorProto.DataType.INT8;
    refuses(
        external("w", "weights.bin", "offset", "1")
            .setDataType(bytes.getNumber())
            .clearDims()
            .addDims(Long.MAX_VALUE),
        "reads 9223372036854775807 bytes at 1 of 'weights.bin', which has 64");
  }

  @Test
  void filesAreLookedAtBeforeTheyAreRead() throws IOException {
    Files.createSymbolicLink(folder.resolve("endless"), Path.of("/dev/zero"));
    Path file =
        Files.write(
            folder.resolve("m.onnx"),
            SmallModels.mlp().constant(external("w", "endless").build()).bytes());
    var files = OnnxFile.look(file, "m").dataFiles();

    assertThatThrownBy(() -> OnnxFile.requireDataFiles(file, "m", files))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageStartingWith("Cannot use model 'm': tensor 'w' stores its data in 'endless'");
  }

  @Tag("slow")
  @Test
  void aTensorTooLargeForABufferStaysWhereItIs() throws IOException {
    long rows = 1 << 20;
    try (RandomAccessFile large =
        new RandomAccessFile(folder.resolve("large.bin").toFile(), "rw")) {
      large.setLength(rows * 520 * 4);
    }
    Models models =
        Models.opset(13)
            .input("x", "batch", (int) rows)
            .constant(external("w", "large.bin").clearDims().addDims(rows).addDims(520).build())
            .node("MatMul", "product", List.of("x", "w"), List.of("y"))
            .output("y");
    OnnxModel model = read(models);

    assertThat(OnnxGraph.of(model).nodes()).isEmpty();
    assertThat(OnnxGraph.of(model).skipped())
        .containsExactly(new SkippedNode("product", "MatMul", "weight 'w' has more than 2 GiB"));
    assertThat(ModelWriter.fitsOneFile(model)).isFalse();
    assertThat(ModelWriter.canRefer(model)).isTrue();
    assertThatThrownBy(model::toByteArray).hasMessageContaining("it has more than 2 GiB");
    Path copy = Files.createDirectories(temporary.resolve("copy"));
    try (var out = Files.newOutputStream(copy.resolve("m.onnx"));
        var data = new Holes(copy.resolve("m.data"))) {
      ModelWriter.writeSplit(model, out, "m.data", data);
    }
    assertThat(copy.resolve("m.data")).hasSize(rows * 520 * 4);
    assertThat(OnnxGraph.of(OnnxModel.read(copy.resolve("m.onnx"))).skipped())
        .isEqualTo(OnnxGraph.of(model).skipped());
  }

  @Test
  void whatMustStayInTheModelsFileMustFitIt() throws IOException {
    try (RandomAccessFile large =
        new RandomAccessFile(folder.resolve("large.bin").toFile(), "rw")) {
      large.setLength(1L << 30);
    }
    Models models = SmallModels.mlp();
    for (String name : List.of("k", "l")) {
      AttributeProto value =
          AttributeProto.newBuilder()
              .setName("value")
              .setType(AttributeProto.AttributeType.TENSOR)
              .setT(external("", "large.bin").addDims(1 << 27))
              .build();
      models.node("Constant", name, List.of(), List.of(name), value);
    }
    assertThatThrownBy(() -> read(models))
        .hasMessageContaining("attribute 'value' of Constant 'l' would make more than 1 GiB");
  }
}
