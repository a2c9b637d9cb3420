package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.BiasForm;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Plans the biases of static operators.
 *
 * <p>A bias has the target's {@link BiasForm}: integers with the scale of its accumulator, scale of
 * input times scale of weight. Not thread-safe.
 */
final class Biases {

  private static final String OVERFLOWS = "the scale of its sums overflows";

  private final ModelGraph source;
  private final TargetProfile target;
  private final Optional<BiasForm> form;
  private final Map<String, TensorPlan> quantized = new LinkedHashMap<>();
  private final Map<String, TensorPlan> left = new LinkedHashMap<>();

  Biases(ModelGraph source, TargetProfile target) {
    this.source = source;
    this.target = target;
    this.form = target.bias();
  }

  private double maxCode() {
    return form.orElseThrow().maxCode();
  }

  private Target integers() {
    return new Target(form.orElseThrow().type(), true, false, false);
  }

  List<TensorPlan> all() {
    List<TensorPlan> all = new ArrayList<>(quantized.values());
    all.addAll(left.values());
    return all;
  }

  /** Returns why the bias keeps an operator in float; empty if it does not. */
  Optional<String> reasonAgainst(QuantizableNode node, TensorPlan input, TensorPlan weight) {
    Optional<float[]> values = values(node, input, weight);
    if (values.isEmpty()) {
      return Optional.empty();
    }
    Optional<String> reason = Optional.empty();
    float[] bias = values.get();
    for (int c = 0; c < bias.length && reason.isEmpty(); c++) {
      float scale = weight.channels().scale(weight.axis().isPresent() ? c : 0);
      if (!Float.isFinite(bias[c])) {
        reason = Optional.of("it contains NaN or infinity");
      } else if (!fits(input, scale)) {
        reason = Optional.of(OVERFLOWS);
      } else if (weight.axis().isEmpty()
          && bias.length > 1
          && floor(bias[c], input, maxCode()) > form.orElseThrow().maxGrowth() * scale) {
        reason =
            Optional.of(
                "it reaches %s, for which the one scale of the weight would grow too far"
                    .formatted(bias[c]));
      } else if (!fits(
          input, Math.max(scale, weight.target().atLeast(floor(bias[c], input, maxCode()))))) {
        reason =
            Optional.of(
                "it reaches %s, and no finite scale of its sums reaches that".formatted(bias[c]));
      }
    }
    reason.ifPresent(r -> leave(node, weight, r));
    return reason.map(r -> "its bias '%s' stays float: %s".formatted(node.bias().get(), r));
  }

  private void leave(QuantizableNode node, TensorPlan weight, String reason) {
    String name = node.bias().orElseThrow();
    List<String> consumers = new ArrayList<>();
    if (left.containsKey(name)) {
      consumers.addAll(left.get(name).consumers());
    }
    consumers.add(node.node());
    left.put(
        name,
        new TensorPlan(
            name,
            Role.BIAS,
            Format.QDQ,
            consumers,
            Optional.of(reason),
            Optional.of(source.constant(name).shape()),
            integers(),
            "accumulator",
            weight.decidedBy(),
            Granularity.perTensor(),
            ScaleColumns.none()));
  }

  /**
   * Returns the weight, with the scale of a channel widened if the bias would not fit its form:
   * max(scale, |bias| / (scale of input * largest code)).
   */
  TensorPlan fitted(QuantizableNode node, TensorPlan input, TensorPlan weight) {
    Optional<float[]> bias = values(node, input, weight);
    if (bias.isEmpty()) {
      return weight;
    }
    float[] floors = new float[weight.channels().size()];
    for (int c = 0; c < bias.get().length; c++) {
      int w = weight.axis().isPresent() ? c : 0;
      floors[w] = Math.max(floors[w], floor(bias.get()[c], input, maxCode()));
    }
    for (int w = 0; w < floors.length; w++) {
      floors[w] = weight.target().atLeast(floors[w]);
    }
    return weight.withChannels(weight.channels().atLeast(floors));
  }

  /** Plans the bias of an operator whose weight has its final scales. */
  void plan(QuantizableNode node, TensorPlan input, TensorPlan weight) {
    if (values(node, input, weight).isEmpty() || quantized.containsKey(node.bias().orElseThrow())) {
      return;
    }
    String name = node.bias().orElseThrow();
    ScaleColumns.Builder channels =
        new ScaleColumns.Builder(integers().type(), weight.channels().size());
    for (ChannelPlan channel : weight.channels()) {
      if (!fits(input, channel.params().scale())) {
        // Another operator that reads the weight required this wider scale.
        leave(node, weight, OVERFLOWS);
        return;
      }
      QuantParams params = QuantParams.ofBias(scale(input), channel.params());
      float reach = (float) Math.min(Float.MAX_VALUE, (double) params.scale() * Integer.MAX_VALUE);
      channels.add(new ChannelPlan(new Range(-reach, reach), params, 0, Double.POSITIVE_INFINITY));
    }
    quantized.put(
        name,
        new TensorPlan(
            name,
            Role.BIAS,
            Format.QDQ,
            List.of(node.node()),
            Optional.empty(),
            Optional.of(source.constant(name).shape()),
            integers(),
            "accumulator",
            weight.decidedBy(),
            weight.axis().isPresent() ? Granularity.perChannel(0) : Granularity.perTensor(),
            channels.build()));
  }

  /**
   * Returns the bias of a node if it can be int32: a float vector with a value per output channel.
   */
  private Optional<float[]> values(QuantizableNode node, TensorPlan input, TensorPlan weight) {
    boolean accumulates =
        input.axis().isEmpty()
            && weight.granularity().blockSize().isEmpty()
            && input.type().isInteger()
            && weight.type().isInteger();
    if (target.biasOf(node).isEmpty() || !accumulates) {
      return Optional.empty();
    }
    Tensor bias = source.constant(node.bias().get());
    boolean fits =
        bias.dtype() == DType.FLOAT32
            && bias.shape().rank() == 1
            && (!node.channelScales()
                || bias.shape().dim(0) == node.weightShape().dim(node.weightAxis()));
    return fits ? Optional.of(bias.toFloatArray()) : Optional.empty();
  }

  /** Returns the smallest scale of a weight with which a bias fits int32. */
  static float floor(float bias, TensorPlan input, double maxCode) {
    return (float) (Math.abs((double) bias) / (scale(input).scale() * maxCode));
  }

  private static boolean fits(TensorPlan input, float weightScale) {
    return Float.isFinite(weightScale) && Float.isFinite(scale(input).scale() * weightScale);
  }

  private static QuantParams scale(TensorPlan input) {
    return input.channels().params(0);
  }
}
