package dev.tare.engine.recipe;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes single decisions agree: a static operator is quantized with its input and its weight, or
 * not at all, and its bias follows.
 */
public final class PlanAssembler {

  /** A bias code may use this share of int32, so that rounding cannot overflow it. */
  private static final double MAX_BIAS_CODE = 1 << 30;

  private final Candidates candidates;
  private final WeightSource source;
  private final Map<String, TensorPlan> activations = new LinkedHashMap<>();
  private final Map<String, TensorPlan> weights = new LinkedHashMap<>();
  private final Map<String, TensorPlan> biases = new LinkedHashMap<>();
  private final Map<String, List<QuantizableNode>> runtime = new TreeMap<>();
  private final Users activationUsers = new Users();
  private final Users weightUsers = new Users();
  private final List<QuantizableNode> biased = new ArrayList<>();

  /**
   * @param activations decisions for every input of the static candidates
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

  /** The decisions, sorted by tensor, role and format. */
  public List<TensorPlan> assemble() {
    candidates.placed().shared().keySet().forEach(this::share);
    candidates.chosen().forEach(this::settle);
    // All scales first: a weight may serve several nodes, and each bias depends on its scale.
    biased.forEach(this::fitWeightToBias);
    biased.forEach(this::planBias);
    List<TensorPlan> all = new ArrayList<>(biases.values());
    PlacedTensors placed = candidates.placed();
    activations.forEach(
        (name, plan) -> all.add(placed.covers(name) ? plan : activationUsers.apply(plan)));
    weights.forEach(
        (name, plan) ->
            all.add(placed.operands().containsKey(name) ? plan : weightUsers.apply(plan)));
    runtime.forEach((name, nodes) -> all.add(atRunTime(name, nodes)));
    all.sort(
        Comparator.comparing(TensorPlan::tensor)
            .thenComparing(TensorPlan::role)
            .thenComparing(TensorPlan::format));
    return all;
  }

  /** The plan of an activation, made from that of its source where it shares a scale. */
  private TensorPlan share(String tensor) {
    PlacedTensors.Shared shared = candidates.placed().shared().get(tensor);
    if (shared != null && !activations.containsKey(tensor)) {
      activations.put(tensor, TensorPlan.shared(shared.query(), share(shared.source())));
    }
    return activations.get(tensor);
  }

  private void settle(Candidates.Candidate candidate) {
    QuantizableNode node = candidate.node();
    TensorPlan weight = weights.get(node.weight());
    boolean elsewhere =
        candidate.mode() != Mode.WEIGHT_ONLY
            && weight.granularity().blockSize().isEmpty()
            && weight.axis().isPresent()
            && weight.axis().getAsInt() != node.weightAxis();
    Optional<String> against =
        weight
            .floatReason()
            .map(r -> "the weight '%s' stays float: %s".formatted(node.weight(), r));
    if (against.isEmpty() && elsewhere) {
      against =
          Optional.of(
              "the weight '%s' has its channels along another axis elsewhere"
                  .formatted(node.weight()));
    }
    if (candidate.mode() == Mode.STATIC) {
      TensorPlan activation = activations.get(node.input());
      if (!activation.quantized()) {
        weightUsers.refuse(
            node.weight(),
            "its input '%s' stays float: %s"
                .formatted(node.input(), activation.floatReason().orElseThrow()));
        return;
      }
      against.ifPresentOrElse(
          reason -> activationUsers.refuse(node.input(), reason),
          () -> {
            activationUsers.add(node.input(), node);
            biased.add(node);
          });
    } else if (candidate.mode() == Mode.DYNAMIC && against.isEmpty()) {
      runtime.computeIfAbsent(node.input(), k -> new ArrayList<>()).add(node);
    }
    if (against.isEmpty()) {
      weightUsers.add(node.weight(), node);
    } else if (elsewhere) {
      weightUsers.refuse(node.weight(), against.get());
    }
  }

  /** DynamicQuantizeLinear knows one type. */
  private static TensorPlan atRunTime(String tensor, List<QuantizableNode> nodes) {
    return new TensorPlan(
        tensor,
        Role.ACTIVATION,
        Format.DYNAMIC,
        nodes.stream().map(QuantizableNode::node).toList(),
        Optional.empty(),
        Optional.empty(),
        new Target(QuantType.UINT8, false, false, false),
        "dynamic",
        Recipe.BASE,
        Granularity.perTensor(),
        List.of());
  }

  /** Who reads tensors quantized, and why others do not. */
  private static final class Users {
    private final Map<String, List<String>> users = new HashMap<>();
    private final Map<String, String> reasons = new HashMap<>();

    void add(String tensor, QuantizableNode node) {
      users.computeIfAbsent(tensor, k -> new ArrayList<>()).add(node.node());
    }

    void refuse(String tensor, String reason) {
      reasons.putIfAbsent(tensor, reason);
    }

    TensorPlan apply(TensorPlan plan) {
      if (!plan.quantized()) {
        return plan;
      }
      List<String> consumers = users.get(plan.tensor());
      return consumers != null
          ? plan.with(consumers)
          : plan.left(reasons.getOrDefault(plan.tensor(), "no operator would read it quantized"));
    }
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
    weights.put(node.weight(), weight.withChannels(channels));
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
            Format.QDQ,
            List.of(node.node()),
            Optional.empty(),
            Optional.of(source.constant(name).shape()),
            new Target(QuantType.INT32, true, false, false),
            "accumulator",
            weight.decidedBy(),
            weight.axis().isPresent() ? Granularity.perChannel(0) : Granularity.perTensor(),
            channels));
  }

  /** The bias of a node where it can be int32: a float vector with a value per output channel. */
  private Optional<float[]> quantizableBias(QuantizableNode node) {
    boolean accumulates =
        activations.get(node.input()).axis().isEmpty()
            && weights.get(node.weight()).granularity().blockSize().isEmpty();
    if (node.bias().isEmpty() || !accumulates) {
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

  private QuantParams inputParams(QuantizableNode node) {
    return activations.get(node.input()).channels().get(0).params();
  }
}
