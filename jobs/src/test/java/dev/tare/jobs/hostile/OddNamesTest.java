package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.planned;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Encoders;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of tensors and nodes that ONNX allows and something on the way does not. */
@Tag("slow")
class OddNamesTest {

  @TempDir Path folder;

  private CommandLine.Result run(Models graphs) throws IOException {
    String data = write(folder.resolve("data"), "x array<float>", gaussian(40, 6, 1));
    return tare(
        "run",
        "--model",
        graphs.write(folder.resolve("model.onnx")),
        "--data",
        data,
        "--min-cosine",
        "0.9",
        "--output",
        folder.resolve("run").toString());
  }

  /** A chain of products, each of whose results has one of the names; the last is the output. */
  private static Models chain(String... names) {
    Models graphs = Models.exported(13).input("x", TensorProto.DataType.FLOAT, "batch", 6);
    String from = "x";
    for (int i = 0; i < names.length; i++) {
      graphs.weight("w" + i, 6, 6).node("MatMul", "n" + i, List.of(from, "w" + i), names[i]);
      from = names[i];
    }
    return graphs.output(from, TensorProto.DataType.FLOAT, "batch", 6);
  }

  @Test
  void everyTensorIsCalibratedWhateverItsName() throws IOException {
    String smile = new String(Character.toChars(0x1F600));
    String[] names = {
      smile,
      "a\u0000b",
      "e\u0301",
      "\u00e9",
      "same",
      "Same",
      "with space",
      "q\"uo'te`",
      "out" + smile
    };
    run(chain(names)).ends(0);
    List<String> calibrated =
        spark()
            .read()
            .parquet(folder.resolve("run/statistics").toString())
            .select("tensor")
            .distinct()
            .as(Encoders.STRING())
            .collectAsList();
    assertThat(calibrated)
        .contains("x", smile, "a\u0000b", "e\u0301", "\u00e9", "same", "Same", "with space")
        .contains("q\"uo'te`");
    assertThat(planned(folder.resolve("run"), smile).path("quantized").asBoolean()).isTrue();
    assertThat(planned(folder.resolve("run"), "a\u0000b").path("quantized").asBoolean()).isTrue();
  }

  @Test
  void nodesOfOneNameAreToldApart() throws IOException {
    Models graphs = chain("a", "b", "c");
    graphs.graph.getNodeBuilderList().forEach(node -> node.setName("dup"));
    run(graphs).ends(0);
    assertThat(planned(folder.resolve("run"), "b").path("consumers").toString())
        .isEqualTo("[\"dup#2\"]");
  }

  @Test
  void aNameThatIsNoTextIsRefused() throws IOException {
    Models graphs = chain("a", "b");
    NodeProto.Builder first = graphs.graph.getNodeBuilder(0);
    first.clearOutput().addOutputBytes(ByteString.copyFrom(new byte[] {'a', (byte) 0x80}));
    graphs
        .graph
        .getNodeBuilder(1)
        .clearInput()
        .addInputBytes(first.getOutputBytes(0))
        .addInput("w1");
    run(graphs).refuses(3, folder.resolve("run"), "model.onnx", "not UTF-8", "bytes 6180");
    assertThat(Files.exists(folder.resolve("run/statistics"))).isFalse();
  }
}
