package dev.tare.engine.onnx.view;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.OptionalLong;

/** The table that turns token ids into vectors: a Gather of a constant by a model input. */
public final class EmbeddingTable {

  private EmbeddingTable() {}

  /**
   * Returns the number of rows of the table that an input indexes; larger ids are not valid for the
   * model.
   *
   * @return empty if no Gather reads the input as indices into a constant's first axis
   */
  public static OptionalLong rows(OnnxModel model, String input) {
    for (NodeProto node : model.graph().getNodeList()) {
      if (Nodes.is(node, "Gather")
          && Nodes.input(node, 1).equals(input)
          && Nodes.intAttribute(node, "axis", 0) == 0) {
        TensorProto table = model.constants().find(Nodes.input(node, 0)).orElse(null);
        if (table != null && table.getDimsCount() > 0) {
          return OptionalLong.of(table.getDims(0));
        }
      }
    }
    return OptionalLong.empty();
  }
}
