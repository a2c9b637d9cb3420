package dev.tare.engine.onnx.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A Clip whose bounds are the outermost integers is not in the way of the runtime's fusions. */
class RedundantClipsTest {

  private static final Tensor IMAGE = Reference.gaussian(3, 2, 4, 5, 6);

  private static TensorProto scalar(String name, float value) {
    return TensorCodec.floats(name, List.of(), value);
  }

  /** Convolution, Clip, what moves values, QuantizeLinear: by steps of .02, from -2 to 3.1. */
  private static Models clipped(float low, float high, String moves) {
    Models models =
        Models.opset(13)
            .input("x", "batch", 4, 5, 6)
            .weight("w", 5, 4, 3, 3)
            .constant(scalar("step", .02f))
            .constant(
                TensorCodec.encode(
                    "middle", DType.UINT8, List.of(), ByteBuffer.wrap(new byte[] {100})))
            .constant(scalar("low", low))
            .constant(scalar("high", high))
            .node("QuantizeLinear", "x step middle", "xq")
            .node("DequantizeLinear", "xq step middle", "xd")
            .node("Conv", "c1", List.of("xd", "w"), List.of("a"))
            .node("Clip", "a low high", "b");
    String end = "b";
    if (moves.equals("MaxPool")) {
      models.node("MaxPool", "b", "c", Models.ints("kernel_shape", 1L, 1L));
      end = "c";
    } else if (!moves.isEmpty()) {
      models.node(moves, "b", "c");
      end = "c";
    }
    return models
        .node("QuantizeLinear", end + " step middle", "q")
        .node("DequantizeLinear", "q step middle", "y")
        .output("y");
  }

  private static OnnxModel dropped(OnnxModel model) {
    return model.with(
        model.proto().toBuilder().setGraph(RedundantClips.dropped(model.graph())).build());
  }

  private static List<String> operators(OnnxModel model) {
    return model.graph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MaxPool", "Identity", "Transpose"})
  void boundsThatAreTheOutermostIntegersGo(String moves) {
    Random random = new Random(5);
    for (int i = 0; i < 12; i++) {
      OnnxModel model =
          clipped(-1.991f - random.nextFloat(), 3.091f + random.nextFloat(), moves).build();
      OnnxModel without = dropped(model);
      assertThat(operators(without)).doesNotContain("Clip");
      assertThat(without.constants().contains("low")).isFalse();
      assertThat(Reference.run(without, Map.of("x", IMAGE), OptLevel.NO_OPT))
          .isEqualTo(Reference.run(model, Map.of("x", IMAGE), OptLevel.NO_OPT));
    }
  }

  @Test
  void boundsInsideStay() {
    for (float[] bounds : new float[][] {{-1.98f, 9}, {-9, 3.08f}, {0, 6}}) {
      OnnxModel model = clipped(bounds[0], bounds[1], "").build();
      assertThat(RedundantClips.dropped(model.graph())).isSameAs(model.graph());
    }
  }

  @Test
  void aClipThatIsReadInFloatTooStays() {
    OnnxModel model = clipped(-9, 9, "").node("Neg", "b", "z").output("z").build();
    assertThat(RedundantClips.dropped(model.graph())).isSameAs(model.graph());
    OnnxModel given = clipped(-9, 9, "").output("b").build();
    assertThat(RedundantClips.dropped(given.graph())).isSameAs(given.graph());
  }

  /** Bounds all around the outermost integers, where the runtime fails now and then. */
  @Test
  void theRuntimeLoadsWhatIsLeft() {
    Random random = new Random(6);
    for (int i = 0; i < 150; i++) {
      float low = -2f + .03f * (random.nextFloat() - .5f);
      float high = random.nextBoolean() ? 6 : 3.1f + .03f * (random.nextFloat() - .5f);
      OnnxModel model = dropped(clipped(low, high, i % 2 == 0 ? "" : "MaxPool").build());
      assertThat(Reference.run(model, Map.of("x", IMAGE), OptLevel.ALL_OPT))
          .as(low + " to " + high)
          .containsKey("y");
    }
  }
}
