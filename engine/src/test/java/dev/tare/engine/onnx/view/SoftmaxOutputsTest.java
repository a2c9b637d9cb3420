package dev.tare.engine.onnx.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.testkit.Models;
import org.junit.jupiter.api.Test;

class SoftmaxOutputsTest {

  private static Models model(int opset) {
    return Models.opset(opset).input("x", "batch", 4, 3);
  }

  private static Models declared(Models model, String name) {
    model.graph.addOutput(Models.info(name, TensorProto.DataType.FLOAT, "batch", 4, 3));
    return model;
  }

  @Test
  void probabilitiesLieBehindASoftmaxOverTheLastAxis() {
    Models direct = declared(model(13).node("Softmax", "x", "y"), "y");
    assertThat(SoftmaxOutputs.of(direct.build())).containsExactly("y");
    Models behind =
        declared(
            model(13)
                .node("LogSoftmax", "x", "p", Models.integer("axis", 2))
                .node("Identity", "p", "q")
                .node("Cast", "q", "y", Models.integer("to", 1)),
            "y");
    assertThat(SoftmaxOutputs.of(behind.build())).containsExactly("y");
  }

  @Test
  void otherOutputsAreNot() {
    Models map = declared(model(13).node("Softmax", "x", "y", Models.integer("axis", 1)), "y");
    assertThat(SoftmaxOutputs.of(map.build())).isEmpty();
    Models attention = declared(model(13).node("Softmax", "x", "p").node("Mul", "p x", "y"), "y");
    assertThat(SoftmaxOutputs.of(attention.build())).isEmpty();
    Models old = declared(model(11).node("Softmax", "x", "y"), "y");
    assertThat(SoftmaxOutputs.of(old.build())).as("axes 1 and 2 as one").isEmpty();
  }
}
