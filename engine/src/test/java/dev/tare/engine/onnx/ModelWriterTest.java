package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.UnsafeByteOperations;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelWriterTest {

  private static final int WIDTH = 600;

  @TempDir private Path folder;

  /** Weights of 1.4 MB, 31 kB and less. */
  private static OnnxModel model() {
    return Models.opset(13)
        .input("x", "batch", 4)
        .weight("small", 4, WIDTH)
        .weight("large", WIDTH, WIDTH)
        .weight("middle", WIDTH, 13)
        .weight("bias", 13)
        .node("MatMul", "one", List.of("x", "small"), List.of("a"))
        .node("MatMul", "two", List.of("a", "large"), List.of("b"))
        .node("MatMul", "three", List.of("b", "middle"), List.of("c"))
        .node("Add", "four", List.of("c", "bias"), List.of("y"))
        .output("y")
        .build();
  }

  private Path split(OnnxModel model, String name) throws IOException {
    Path file = Files.createDirectories(folder.resolve(name)).resolve("m.onnx");
    try (OutputStream out = Files.newOutputStream(file);
        OutputStream data = Files.newOutputStream(folder.resolve(name).resolve("m.data"))) {
      ModelWriter.writeSplit(model, out, "m.data", data);
    }
    return file;
  }

  private static float[] run(ModelFile file, String output) {
    float[][] values = new float[1][];
    try (Session inference = OrtRuntime.INSTANCE.open(file, InferenceOptions.of(1))) {
      inference
          .runner(List.of(output))
          .run(
              List.of(Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(4), 1, -2, 3, .5f)))),
              (name, floats, shape) -> {
                values[0] = new float[floats.remaining() / Float.BYTES];
                floats.asFloatBuffer().get(values[0]);
              });
    }
    return values[0];
  }

  @Test
  void aModelOfTwoFilesComputesWhatItDoesAsOne() throws IOException {
    OnnxModel model = model();
    Path whole = Files.write(folder.resolve("whole.onnx"), model.toByteArray());
    Path split = split(model, "split");

    assertThat(Files.size(split)).isLessThan(2_000);
    assertThat(run(ModelFile.of(split), "y")).isEqualTo(run(ModelFile.of(whole), "y"));
    OnnxModel again = OnnxModel.read(split);
    for (String name : List.of("small", "large", "middle", "bias")) {
      assertThat(OnnxGraph.of(again).constant(name)).isEqualTo(OnnxGraph.of(model).constant(name));
    }
    assertThat(again.toByteArray()).isEqualTo(model.toByteArray());
  }

  @Test
  void everyTensorCanBeMapped() throws IOException {
    Map<String, Map<String, String>> places = new TreeMap<>();
    OnnxModel read = OnnxModel.read(split(model(), "split"));
    for (TensorProto tensor : read.graph().getInitializerList()) {
      Map<String, String> place = new TreeMap<>();
      for (StringStringEntryProto entry : tensor.getExternalDataList()) {
        place.put(entry.getKey(), entry.getValue());
      }
      places.put(tensor.getName(), place);
    }

    assertThat(places)
        .isEqualTo(
            Map.of(
                "small", Map.of("location", "m.data", "offset", "0", "length", "9600"),
                "large", Map.of("location", "m.data", "offset", "65536", "length", "1440000"),
                "middle", Map.of("location", "m.data", "offset", "1507328", "length", "31200"),
                "bias", Map.of()));
    assertThat(folder.resolve("split/m.data")).hasSize(1507328 + 31200);
  }

  @Test
  void dataIsWrittenInPieces() throws IOException {
    int[] largest = new int[1];
    OutputStream data =
        new OutputStream() {
          @Override
          public void write(int b) {}

          @Override
          public void write(byte[] bytes, int from, int count) {
            largest[0] = Math.max(largest[0], count);
          }
        };
    ModelWriter.writeSplit(model(), OutputStream.nullOutputStream(), "m.data", data);
    assertThat(largest[0]).isEqualTo(1 << 20);
  }

  @Test
  void equalModelsGiveEqualBytes() throws IOException {
    Path once = split(model(), "once");
    Path twice = split(OnnxModel.read(once), "twice");

    assertThat(twice).hasSameBinaryContentAs(once);
    assertThat(twice.resolveSibling("m.data"))
        .hasSameBinaryContentAs(once.resolveSibling("m.data"));
  }

  @Test
  void whatChangesReferToIsNotCopied() throws IOException {
    Path split = split(model(), "split");
    OnnxModel exposed = ExposedOutputs.expose(OnnxModel.read(split), List.of("b"));
    Path file = folder.resolve("exposed.onnx");
    try (OutputStream out = Files.newOutputStream(file)) {
      ModelWriter.writeReferring(exposed, out);
    }

    assertThat(ModelWriter.canRefer(exposed)).isTrue();
    assertThat(ModelWriter.canRefer(model())).isFalse();
    assertThat(Files.size(file)).isLessThan(2_000);
    assertThat(run(ModelFile.withDataIn(file, split.getParent()), "b")).hasSize(WIDTH);
    assertThatThrownBy(() -> run(ModelFile.of(file), "b")).isInstanceOf(InferenceException.class);
  }

  @Test
  void preparationAndOpsetUpgradeKeepPlaces() throws IOException {
    Models models =
        Models.opset(11)
            .input("x", "batch", 4)
            .weight("w", 4, WIDTH)
            .weight("v", 4, WIDTH)
            .weight("factor", 1)
            .node("Gemm", "one", List.of("x", "w"), List.of("a"))
            .node("Mul", "two", List.of("a", "factor"), List.of("b"))
            .node("MatMul", "three", List.of("x", "v"), List.of("c"))
            .output("b", "c");
    OnnxModel whole = models.build();
    OnnxModel read = OnnxModel.read(split(whole, "split"));
    OnnxModel changed = OpsetUpgrade.upgrade(GraphPreparation.prepare(read));

    assertThat(changed.toByteArray())
        .isEqualTo(OpsetUpgrade.upgrade(GraphPreparation.prepare(whole)).toByteArray());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ModelWriter.writeReferring(changed, out);
    // The folded weight is in the file, the other one is not.
    assertThat(out.size()).isBetween(4 * WIDTH * 4, 2 * 4 * WIDTH * 4 - 1);
  }

  @Test
  void moreThanTwoGibibytesDoNotFitOneFile() {
    byte[] half = new byte[1 << 30];
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 1)
            .weight("w", 1, 1)
            .node("MatMul", "one", List.of("x", "w"), List.of("y"))
            .output("y")
            .build();
    TensorProto large =
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.INT8.getNumber())
            .addDims(half.length)
            .setRawData(UnsafeByteOperations.unsafeWrap(half))
            .build();
    var graph = model.graph().toBuilder();
    graph.addInitializer(large.toBuilder().setName("a"));
    OnnxModel one = model.with(model.proto().toBuilder().setGraph(graph).build());
    graph.addInitializer(large.toBuilder().setName("b"));
    OnnxModel two = model.with(model.proto().toBuilder().setGraph(graph).build());

    assertThat(ModelWriter.fitsOneFile(one)).isTrue();
    assertThat(ModelWriter.fitsOneFile(two)).isFalse();
    assertThatThrownBy(() -> two.writeTo(OutputStream.nullOutputStream()))
        .isInstanceOf(InvalidModelException.class)
        .hasMessage(
            "Cannot use model 'test.onnx': it has more than 2 GiB, which does not fit a single ONNX file");
  }
}
