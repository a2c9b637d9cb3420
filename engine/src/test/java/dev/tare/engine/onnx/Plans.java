package dev.tare.engine.onnx;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Simple plans for tests: activations in [-8, 8], weights by their largest magnitude. */
public final class Plans {

  static final float ACTIVATION_SCALE = 16f / 255;

  private Plans() {}

  /** Everything quantizable: activations per tensor, weights per channel, biases. */
  public static QuantPlan everything(OnnxModel model) {
    Map<String, List<QuantizableNode>> inputs = new LinkedHashMap<>();
    Map<String, List<QuantizableNode>> weights = new LinkedHashMap<>();
    List<TensorPlan> plans = new ArrayList<>();
    for (QuantizableNode node : OnnxGraph.of(model).nodes()) {
      inputs.computeIfAbsent(node.input(), n -> new ArrayList<>()).add(node);
      weights.computeIfAbsent(node.weight(), n -> new ArrayList<>()).add(node);
      node.bias().ifPresent(bias -> plans.add(bias(model, node, bias)));
    }
    inputs.forEach((tensor, nodes) -> plans.add(activation(tensor, names(nodes))));
    weights.forEach((tensor, nodes) -> plans.add(weight(model, nodes.get(0), names(nodes))));
    plans.sort(
        (a, b) ->
            a.tensor().equals(b.tensor())
                ? a.role().compareTo(b.role())
                : a.tensor().compareTo(b.tensor()));
    return of(plans);
  }

  public static QuantPlan of(List<TensorPlan> plans) {
    return new QuantPlan("test", "", "", plans);
  }

  public static QuantPlan of(TensorPlan... plans) {
    return of(Arrays.asList(plans));
  }

  private static List<String> names(List<QuantizableNode> nodes) {
    return nodes.stream().map(QuantizableNode::node).toList();
  }

  public static TensorPlan activation(String tensor, List<String> consumers) {
    return plan(
        tensor,
        Role.ACTIVATION,
        consumers,
        Optional.empty(),
        QuantType.UINT8,
        OptionalInt.empty(),
        128,
        ACTIVATION_SCALE);
  }

  static TensorPlan weight(OnnxModel model, QuantizableNode node, List<String> consumers) {
    return plan(
        node.weight(),
        Role.WEIGHT,
        consumers,
        Optional.of(node.weightShape()),
        QuantType.INT8,
        OptionalInt.of(node.weightAxis()),
        0,
        weightScales(model, node));
  }

  static TensorPlan bias(OnnxModel model, QuantizableNode node, String bias) {
    float[] scales = weightScales(model, node);
    for (int c = 0; c < scales.length; c++) {
      scales[c] *= ACTIVATION_SCALE;
    }
    return plan(
        bias,
        Role.BIAS,
        List.of(node.node()),
        Optional.of(Shape.of(scales.length)),
        QuantType.INT32,
        OptionalInt.of(0),
        0,
        scales);
  }

  public static TensorPlan plan(
      String tensor,
      Role role,
      List<String> consumers,
      Optional<Shape> shape,
      QuantType type,
      OptionalInt axis,
      int zeroPoint,
      float... scales) {
    List<ChannelPlan> channels = new ArrayList<>();
    for (float scale : scales) {
      QuantParams params = new QuantParams(type, scale, zeroPoint);
      channels.add(new ChannelPlan(new Range(-1, 1), params, 0, Double.NaN));
    }
    return new TensorPlan(
        tensor,
        role,
        Format.QDQ,
        consumers,
        Optional.empty(),
        shape,
        new Target(type, true, false, false),
        "min-max",
        "recipe",
        new Granularity(axis, OptionalInt.empty()),
        ScaleColumns.of(channels));
  }

  private static float[] weightScales(OnnxModel model, QuantizableNode node) {
    Tensor weight = OnnxGraph.of(model).constant(node.weight());
    float[] values = weight.toFloatArray();
    float[] scales = new float[(int) weight.shape().dim(node.weightAxis())];
    long stride = weight.shape().stride(node.weightAxis());
    for (int i = 0; i < values.length; i++) {
      int c = (int) (i / stride % scales.length);
      scales[c] = Math.max(scales[c], Math.abs(values[i]) / 127f);
    }
    return scales;
  }

  /** Codes by the plan's scales, rounded to nearest. */
  public static ByteBuffer codes(OnnxModel model, TensorPlan plan) {
    Tensor constant = OnnxGraph.of(model).constant(plan.tensor());
    float[] values = constant.toFloatArray();
    float[] scales = plan.scales();
    long stride = plan.axis().isPresent() ? constant.shape().stride(plan.axis().getAsInt()) : 1;
    boolean narrow = plan.type() == QuantType.INT8;
    ByteBuffer codes =
        ByteBuffer.allocate(values.length * (narrow ? 1 : 4)).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      int code = (int) Math.rint(values[i] / scales[(int) (i / stride % scales.length)]);
      if (narrow) {
        codes.put((byte) code);
      } else {
        codes.putInt(code);
      }
    }
    return codes.flip();
  }
}
