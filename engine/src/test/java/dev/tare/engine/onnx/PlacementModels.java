package dev.tare.engine.onnx;

import static dev.tare.testkit.Models.integer;
import static dev.tare.testkit.Models.ints;
import static dev.tare.testkit.Models.longs;
import static dev.tare.testkit.Models.number;
import static dev.tare.testkit.Models.text;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The models whose placement {@code placement/ort_placement.py} listed; the main method writes them
 * for it, every node with its name.
 */
public final class PlacementModels {

  private PlacementModels() {}

  static final List<String> NAMES =
      List.of("vision", "views", "normalized", "direction", "recognition", "sentences");

  public static OnnxModel model(String name) {
    return switch (name) {
      case "vision" -> vision();
      case "views" -> views();
      case "normalized" -> normalized();
      default ->
          GraphPreparation.prepare(PublishedModels.valueOf(name.toUpperCase(Locale.ROOT)).read());
    };
  }

  public static Map<String, Tensor> input(String name, long seed) {
    return switch (name) {
      case "vision" -> Map.of("image", Reference.gaussian(seed, 2, 3, 8, 8));
      case "views" -> Map.of("x", Reference.gaussian(seed, 2, 6, 4));
      case "normalized" ->
          Map.of(
              "ids",
              Tensor.ofLongs(Shape.of(1, 5), new long[] {1, 3, 5, 7, seed % 9}),
              "x",
              Reference.gaussian(seed, 1, 4, 6, 6));
      default -> PublishedModels.valueOf(name.toUpperCase(Locale.ROOT)).input(seed);
    };
  }

  private static OnnxModel vision() {
    return Models.opset(13)
        .input("image", "batch", 3, 8, 8)
        .weight("k1", 4, 3, 3, 3)
        .weight("b1", 4)
        .weight("k2", 4, 1, 3, 3)
        .weight("k3", 4, 4, 1, 1)
        .weight("dense", 128, 5)
        .weight("dense_bias", 5)
        .constant(TensorCodec.floats("zero", List.of(), 0f))
        .constant(TensorCodec.floats("six", List.of(), .6f))
        .constant(TensorCodec.floats("scales", List.of(4L), 1f, 1f, 2f, 2f))
        .node("Conv", "conv1", List.of("image", "k1", "b1"), List.of("c1"), pads())
        .node("Relu", "relu1", List.of("c1"), List.of("r1"))
        .node("Conv", "depthwise", List.of("r1", "k2"), List.of("c2"), pads(), integer("group", 4))
        .node("Clip", "clip", List.of("c2", "zero", "six"), List.of("r2"))
        .node("Conv", "conv3", List.of("r2", "k3"), List.of("c3"))
        .node("Add", "skip", List.of("c3", "r1"), List.of("sum"))
        .node("Relu", "relu2", List.of("sum"), List.of("r3"))
        .node("MaxPool", "max", List.of("r3"), List.of("m"), kernel(), strides())
        .node("AveragePool", "average", List.of("r3"), List.of("a"), kernel(), strides())
        .node("Concat", "both", List.of("m", "a"), List.of("cat"), integer("axis", 1))
        .node("GlobalAveragePool", "gate", List.of("cat"), List.of("g"))
        .node("Sigmoid", "sigmoid", List.of("g"), List.of("s"))
        .node("Mul", "gated", List.of("cat", "s"), List.of("scaled"))
        .node(
            "Resize", "up", List.of("scaled", "", "scales"), List.of("u"), text("mode", "nearest"))
        .node("MaxPool", "down", List.of("u"), List.of("d"), kernel(), strides())
        .node("Flatten", "flatten", List.of("d"), List.of("flat"))
        .node("Gemm", "head", List.of("flat", "dense", "dense_bias"), List.of("logits"))
        .node("Softmax", "softmax", List.of("logits"), List.of("y"))
        .output("y", "logits")
        .build();
  }

  private static dev.tare.engine.onnx.proto.AttributeProto pads() {
    return ints("pads", 1L, 1L, 1L, 1L);
  }

  private static dev.tare.engine.onnx.proto.AttributeProto kernel() {
    return ints("kernel_shape", 2L, 2L);
  }

  private static dev.tare.engine.onnx.proto.AttributeProto strides() {
    return ints("strides", 2L, 2L);
  }

  private static OnnxModel views() {
    return Models.opset(13)
        .input("x", 2, 6, 4)
        .weight("w", 4, 8)
        .weight("shift", 8)
        .weight("other", 2, 6, 8)
        .constant(TensorCodec.floats("one", List.of(), 1f))
        .constant(TensorCodec.floats("half", List.of(), .5f))
        .constant(longs("shape", 2L, 6L, 2L, 4L))
        .constant(longs("back", 2L, 6L, 8L))
        .constant(longs("wide", 0L, 0L, 1L, 0L, 0L, 1L))
        .constant(longs("from", 1L))
        .constant(longs("to", 7L))
        .constant(longs("axis", 2L))
        .constant(longs("first", 0L))
        .constant(longs("k", 3L))
        .constant(longs("last", 2L))
        .node("Transpose", "early", List.of("x"), List.of("xt"), ints("perm", 0L, 2L, 1L))
        .node("Transpose", "again", List.of("xt"), List.of("xtt"), ints("perm", 0L, 2L, 1L))
        .node("MatMul", "project", List.of("xtt", "w"), List.of("p"))
        .node("Add", "bias", List.of("p", "shift"), List.of("q"))
        .node("Reshape", "heads", List.of("q", "shape"), List.of("h"))
        .node("Transpose", "swap", List.of("h"), List.of("t"), ints("perm", 0L, 2L, 1L, 3L))
        .node("Transpose", "keys", List.of("h"), List.of("kt"), ints("perm", 0L, 2L, 3L, 1L))
        .node("MatMul", "scores", List.of("t", "kt"), List.of("sc"))
        .node("Mul", "half_scores", List.of("sc", "half"), List.of("sh"))
        .node("Softmax", "attention", List.of("sh"), List.of("at"), integer("axis", -1))
        .node("MatMul", "mix", List.of("at", "t"), List.of("mx"))
        .node("Transpose", "unswap", List.of("mx"), List.of("mt"), ints("perm", 0L, 2L, 1L, 3L))
        .node("Reshape", "join", List.of("mt", "back"), List.of("j"))
        .node("Sub", "minus", List.of("j", "one"), List.of("n"))
        .node("Tanh", "tanh", List.of("n"), List.of("th"))
        .node("Unsqueeze", "grow", List.of("th", "first"), List.of("gr"))
        .node("LeakyRelu", "leaky", List.of("j"), List.of("lk"), number("alpha", .1f))
        .node("Split", "halves", List.of("lk"), List.of("s1", "s2"), integer("axis", 2))
        .node("Concat", "cat", List.of("s2", "s1"), List.of("ct"), integer("axis", 2))
        .node("Greater", "above", List.of("ct", "half"), List.of("cond"))
        .node("Where", "choose", List.of("cond", "ct", "lk"), List.of("wh"))
        .node("Where", "constant", List.of("cond", "ct", "other"), List.of("wc"))
        .node("Pad", "pad", List.of("wh", "wide"), List.of("pd"))
        .node("Pad", "pad_one", List.of("wh", "wide", "one"), List.of("po"))
        .node("Slice", "slice", List.of("pd", "from", "to", "axis"), List.of("sl"))
        .node("TopK", "top", List.of("sl", "k"), List.of("tk", "ti"))
        .node("CumSum", "sums", List.of("tk", "last"), List.of("cs"))
        .node("Relu", "relu", List.of("cs"), List.of("rl"))
        .node("Add", "residual", List.of("cs", "rl"), List.of("rs"))
        .node("Squeeze", "shrink", List.of("gr", "first"), List.of("sq"))
        .output("rs", "po", "sq", "wc", "j")
        .build();
  }

  private static OnnxModel normalized() {
    return Models.opset(17)
        .input("ids", TensorProto.DataType.INT64, 1, 5)
        .input("x", 1, 4, 6, 6)
        .weight("table", 10, 8)
        .weight("positions", 5, 8)
        .weight("gamma", 8)
        .weight("beta", 8)
        .weight("w", 8, 8)
        .weight("up", 4, 2, 2, 2)
        .weight("up_bias", 4)
        .weight("scale", 4)
        .weight("shift", 4)
        .weight("mean", 4)
        .constant(TensorCodec.floats("variance", List.of(4L), 1f, 2f, .5f, 1.5f))
        .node("Gather", "embed", List.of("table", "ids"), List.of("e"))
        .node("Add", "place", List.of("e", "positions"), List.of("ep"))
        .node("LayerNormalization", "norm", List.of("ep", "gamma", "beta"), List.of("ln"))
        .node("MatMul", "product", List.of("ln", "w"), List.of("y"))
        .node(
            "ConvTranspose",
            "deconv",
            List.of("x", "up", "up_bias"),
            List.of("dc"),
            integer("group", 2),
            ints("strides", 2L, 2L))
        .node("InstanceNormalization", "instance", List.of("dc", "scale", "shift"), List.of("in"))
        .node(
            "BatchNormalization",
            "batch",
            List.of("in", "scale", "mean", "shift", "variance"),
            List.of("z"))
        .output("y", "z")
        .build();
  }

  /** Writes the models into the folder that the first argument names. */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    SortedMap<String, OnnxModel> models = new TreeMap<>();
    NAMES.forEach(name -> models.put(name, model(name)));
    for (Map.Entry<String, OnnxModel> entry : models.entrySet()) {
      OnnxModel model = entry.getValue();
      OnnxModel named =
          model.with(
              model.proto().toBuilder()
                  .setGraph(Nodes.named(model.graph(), model.nodeNames()))
                  .build());
      Files.write(folder.resolve(entry.getKey() + ".onnx"), named.toByteArray());
    }
  }
}
