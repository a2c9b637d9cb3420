package dev.tare.engine.recipe;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Makes single decisions agree: an operator is quantized with its input and its weight, or not at
 * all, and its bias follows.
 */
public final class PlanAssembler {

  /** A bias code may use this share of int32, so that rounding cannot overflow it. */
  private static final double MAX_BIAS_CODE = 1 << 30;

  private final Candidates candidates;
  private final WeightSource source;
  private final Map<String, TensorPlan> activations = new LinkedHashMap<>();
  private final Map<String, TensorPlan> weights = new LinkedHashMap<>();
  private final Map<String, TensorPlan> biases = new LinkedHashMap<>();

  /**
   * @param activations decisions for every input of the candidates
   * @param weights decisions for every weight of the candidates
   */
  public PlanAssembler(
      Candidates candidates,
      WeightSource source,
      List<TensorPlan> activations,
      List<TensorPlan> weights) {
    this.candidates = candidates;
    this.source = source;
    activations.forEach(p -> this.activations.put(p.tensor(), p));
    weights.forEach(p -> this.weights.put(p.tensor(), p));
  }

  /** The decisions, sorted by tensor and role. */
  public List<TensorPlan> assemble() {
    Map<String, List<String>> activationUsers = new HashMap<>();
    Map<String, List<String>> weightUsers = new HashMap<>();
    Map<String, String> activationReasons = new HashMap<>();
    Map<String, String> weightReasons = new HashMap<>();
    List<QuantizableNode> biased = new ArrayList<>();
    for (QuantizableNode node : candidates.nodes()) {
      TensorPlan activation = activations.get(node.input());
      TensorPlan weight = weights.get(node.weight());
      if (!activation.quantized()) {
        weightReasons.putIfAbsent(
            node.weight(),
            "its input '%s' stays float: %s"
                .formatted(node.input(), activation.floatReason().orElseThrow()));
      } else if (!weight.quantized()) {
        activationReasons.putIfAbsent(
            node.input(),
            "the weight '%s' stays float: %s"
                .formatted(node.weight(), weight.floatReason().orElseThrow()));
      } else if (weight.axis().isPresent() && weight.axis().getAsInt() != node.weightAxis()) {
        activationReasons.putIfAbsent(
            node.input(),
            "the weight '%s' has its channels along another axis elsewhere"
                .formatted(node.weight()));
      } else {
        activationUsers.computeIfAbsent(node.input(), k -> new ArrayList<>()).add(node.node());
        weightUsers.computeIfAbsent(node.weight(), k -> new ArrayList<>()).add(node.node());
        biased.add(node);
      }
    }
    // All scales first: a weight may serve several nodes, and each bias depends on its scale.
    biased.forEach(this::fitWeightToBias);
    biased.forEach(this::planBias);
    List<TensorPlan> all = new ArrayList<>(biases.values());
    activations.forEach((name, plan) -> all.add(settle(plan, activationUsers, activationReasons)));
    weights.forEach((name, plan) -> all.add(settle(plan, weightUsers, weightReasons)));
    all.sort(Comparator.comparing(TensorPlan::tensor).thenComparing(TensorPlan::role));
    return all;
  }

  private static TensorPlan settle(
      TensorPlan plan, Map<String, List<String>> users, Map<String, String> reasons) {
    List<String> consumers = users.get(plan.tensor());
    if (!plan.quantized()) {
      return plan;
    }
    if (consumers != null) {
      return with(plan, consumers, Optional.empty(), plan.channels());
    }
    String reason = reasons.getOrDefault(plan.tensor(), "no operator would read it quantized");
    return with(plan, plan.consumers(), Optional.of(reason), List.of());
  }

  /**
   * Widens the scale of a weight channel where the bias would not fit int32: max(scale, |bias| /
   * (scale of input * 2^30)).
   */
  private void fitWeightToBias(QuantizableNode node) {
    Optional<float[]> bias = quantizableBias(node);
    if (bias.isEmpty()) {
      return;
    }
    TensorPlan weight = weights.get(node.weight());
    List<ChannelPlan> channels = new ArrayList<>(weight.channels());
    for (int c = 0; c < bias.get().length; c++) {
      int w = weight.axis().isPresent() ? c : 0;
      ChannelPlan channel = channels.get(w);
      float floor =
          (float) (Math.abs((double) bias.get()[c]) / (inputParams(node).scale() * MAX_BIAS_CODE));
      if (channel.params().scale() < floor) {
        QuantParams wider = new QuantParams(weight.type(), floor, channel.params().zeroPoint());
        channels.set(
            w,
            new ChannelPlan(
                channel.range(), wider, channel.clippedShare(), channel.expectedSqnrDb()));
      }
    }
    weights.put(node.weight(), with(weight, weight.consumers(), Optional.empty(), channels));
  }

  /**
   * A bias is int32 with the scale of its accumulator, scale of input times scale of weight: with a
   * float bias ONNX Runtime changes the arithmetic of the operator.
   */
  private void planBias(QuantizableNode node) {
    if (quantizableBias(node).isEmpty() || biases.containsKey(node.bias().orElseThrow())) {
      return;
    }
    String name = node.bias().orElseThrow();
    TensorPlan weight = weights.get(node.weight());
    List<ChannelPlan> channels = new ArrayList<>();
    for (ChannelPlan channel : weight.channels()) {
      QuantParams params = QuantParams.ofBias(inputParams(node), channel.params());
      float reach = (float) Math.min(Float.MAX_VALUE, (double) params.scale() * Integer.MAX_VALUE);
      channels.add(new ChannelPlan(new Range(-reach, reach), params, 0, Double.POSITIVE_INFINITY));
    }
    biases.put(
        name,
        new TensorPlan(
            name,
            Role.BIAS,
            List.of(node.node()),
            Optional.empty(),
            Optional.of(source.constant(name).shape()),
            QuantType.INT32,
            true,
            false,
            false,
            "accumulator",
            weight.axis().isPresent() ? OptionalInt.of(0) : OptionalInt.empty(),
            channels));
  }

  /** The bias of a node where it can be int32: a float vector with a value per output channel. */
  private Optional<float[]> quantizableBias(QuantizableNode node) {
    if (node.bias().isEmpty() || activations.get(node.input()).axis().isPresent()) {
      return Optional.empty();
    }
    Tensor bias = source.constant(node.bias().get());
    boolean fits =
        bias.dtype() == DType.FLOAT32
            && bias.shape().rank() == 1
            && bias.shape().dim(0) == node.weightShape().dim(node.weightAxis());
    return fits ? Optional.of(bias.toFloatArray()) : Optional.empty();
  }

  private QuantParams inputParams(QuantizableNode node) {
    return activations.get(node.input()).channels().get(0).params();
  }

  private static TensorPlan with(
      TensorPlan plan,
      List<String> consumers,
      Optional<String> floatReason,
      List<ChannelPlan> channels) {
    return new TensorPlan(
        plan.tensor(),
        plan.role(),
        consumers,
        floatReason,
        plan.shape(),
        plan.type(),
        plan.symmetric(),
        plan.narrowRange(),
        plan.reduceRange(),
        plan.method(),
        channels.isEmpty() ? OptionalInt.empty() : plan.axis(),
        channels);
  }
}
