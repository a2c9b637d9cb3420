package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * The float model whose weights carry the error of quantization.
 *
 * <p>Every quantized constant is fake-quantized: {@code (q - zeroPoint) * scale} of its integers,
 * in float32. Activations stay float, and the opset is the model's. It shows the error of the
 * weights only, and runs on runtimes without integer operators.
 */
public final class DequantizedModel {

  private DequantizedModel() {}

  /**
   * Creates the model from a plan. A constant {@code w} becomes {@code w_dequantized} for the
   * consumers in the plan.
   *
   * @param model the model that was quantized, prepared in the same way
   * @param codes the integers of a constant, as for {@link QdqRewriter#rewrite}
   * @param memory returns a zeroed buffer of a given size for each constant of the result, which is
   *     as large as the float model's
   * @throws IllegalArgumentException if the plan names tensors or nodes that the model does not
   *     have, or shape, channels or bytes differ
   */
  public static OnnxModel of(
      OnnxModel model,
      QuantPlan plan,
      Function<TensorPlan, ByteBuffer> codes,
      IntFunction<ByteBuffer> memory) {
    PlannedGraph graph = new PlannedGraph(model);
    for (TensorPlan tensor : plan.tensors()) {
      if (!tensor.quantized() || tensor.role() == Role.ACTIVATION) {
        continue;
      }
      Shape shape = graph.requireConstant(tensor);
      ByteBuffer bytes = PlannedGraph.requireBytes(tensor, shape, codes.apply(tensor));
      ByteBuffer floats =
          memory
              .apply(Math.toIntExact(DType.FLOAT32.byteSize(shape.size())))
              .order(ByteOrder.LITTLE_ENDIAN);
      Quantizer.dequantizeSlice(
          bytes.slice().order(ByteOrder.LITTLE_ENDIAN),
          floats.asFloatBuffer(),
          0,
          shape,
          tensor.params(),
          tensor.granularity());
      String name =
          graph.add(
              TensorCodec.encode(
                  graph.names().fresh(tensor.tensor() + "_dequantized"),
                  DType.FLOAT32,
                  shape.dims(),
                  floats));
      graph.connect(tensor, tensor.consumers(), List.of(), name);
    }
    return graph.build();
  }
}
