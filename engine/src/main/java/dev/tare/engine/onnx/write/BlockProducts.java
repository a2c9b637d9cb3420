package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.plan.TensorPlan;
import java.util.List;

/** What operators of ONNX Runtime have in common that read a matrix in blocks of its columns. */
final class BlockProducts {

  private BlockProducts() {}

  /**
   * Stores the scales of a plan by column and block; the plan has them by block and column.
   *
   * @return the name of the constant
   */
  static String addScales(PlannedGraph graph, TensorPlan plan, int blocks, int columns) {
    float[] from = plan.scales();
    float[] scales = new float[from.length];
    for (int b = 0; b < blocks; b++) {
      for (int column = 0; column < columns; column++) {
        scales[column * blocks + b] = from[b * columns + column];
      }
    }
    return graph.add(
        TensorCodec.floats(
            graph.names().fresh(plan.tensor() + "_scale"), List.of((long) scales.length), scales));
  }

  /**
   * Replaces each MatMul that reads a weight as its right operand.
   *
   * @param constants inputs of the operator behind the left operand
   * @throws IllegalArgumentException if a consumer is another operator, or reads it on the left
   */
  static void replace(
      PlannedGraph graph,
      TensorPlan plan,
      String opType,
      List<String> constants,
      List<AttributeProto> attributes) {
    for (String consumer : plan.consumers()) {
      QuantizableNode product = graph.product(plan, consumer);
      NodeProto node = graph.node(plan, consumer);
      PlannedGraph.require(
          node.getOpType().equals("MatMul") && product.weightIndex() == 1,
          plan,
          "node '" + consumer + "' is not a MatMul with a constant right operand");
      graph.replace(
          plan,
          consumer,
          List.of(
              NodeProto.newBuilder()
                  .setOpType(opType)
                  .setDomain(PlannedGraph.RUNTIME_DOMAIN)
                  .setName(node.getName())
                  .addInput(product.input())
                  .addAllInput(constants)
                  .addOutput(node.getOutput(0))
                  .addAllAttribute(attributes)
                  .build()));
    }
  }
}
