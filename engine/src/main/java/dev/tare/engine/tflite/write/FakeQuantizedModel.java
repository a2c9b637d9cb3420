package dev.tare.engine.tflite.write;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tflite.LiteDraft;
import dev.tare.engine.tflite.LiteModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * The float model whose weights carry the error of quantization: every quantized constant is {@code
 * (q - zeroPoint) * scale} of its integers for the readers in the plan; activations stay float.
 */
public final class FakeQuantizedModel {

  private FakeQuantizedModel() {}

  /**
   * Creates the model from a plan.
   *
   * @param codes the integers of a constant
   * @param memory gives a zeroed buffer of so many bytes for each constant of the result
   * @throws IllegalArgumentException if the plan does not suit the model
   */
  public static LiteModel of(
      LiteModel model,
      QuantPlan plan,
      Function<TensorPlan, ByteBuffer> codes,
      IntFunction<ByteBuffer> memory) {
    PlannedTensors planned = new PlannedTensors(model, plan);
    LiteDraft draft = model.draft();
    ReplacedConstants constants =
        new ReplacedConstants(model, draft, new FreshTensors(model, draft));
    planned
        .constants()
        .forEach(
            (index, tensor) ->
                constants.replace(
                    model.tensors().get(index),
                    "/dequantized",
                    operator -> tensor.consumers().contains(operator.name()),
                    target -> draft.setData(target, floats(tensor, codes, memory))));
    return draft.finish(model.name());
  }

  private static ByteBuffer floats(
      TensorPlan plan, Function<TensorPlan, ByteBuffer> codes, IntFunction<ByteBuffer> memory) {
    Shape shape = plan.shape().orElseThrow();
    ByteBuffer floats =
        memory
            .apply(Math.toIntExact(DType.FLOAT32.byteSize(shape.size())))
            .order(ByteOrder.LITTLE_ENDIAN);
    Quantizer.dequantizeSlice(
        PlannedTensors.checked(plan, codes.apply(plan)).slice().order(ByteOrder.LITTLE_ENDIAN),
        floats.asFloatBuffer(),
        0,
        shape,
        plan.params(),
        plan.granularity());
    return floats;
  }
}
