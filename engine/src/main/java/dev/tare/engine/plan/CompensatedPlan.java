package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.BiasForm;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A plan with compensated products. Nothing is added to the model: a gain multiplies the scales of
 * its channel, so that the integers of the weight stay (but for values that lie on the edge between
 * two), and the shift goes into the bias.
 *
 * <p>The plan says so as a correction of a bias: the float weight and bias are multiplied by the
 * gains, and quantized with scales that are. What is quantized from the plan is then the same by
 * every way that leads from it.
 */
public final class CompensatedPlan {

  private final ModelGraph graph;
  private final Optional<BiasForm> form;
  private final TreeMap<String, CorrectedBias> corrected = new TreeMap<>();
  private final List<TensorPlan> tensors;

  private CompensatedPlan(QuantPlan plan, ModelGraph graph) {
    this.graph = graph;
    this.form = Targets.of(plan.target()).bias();
    this.tensors = new ArrayList<>(plan.tensors());
    plan.corrected().forEach(bias -> corrected.put(bias.node(), bias));
  }

  /**
   * Returns the plan with more changes, each on top of those that the plan has. A channel whose
   * bias would not fit its integers stays as it is, and a product of such channels alone too.
   *
   * @param graph of the model with the plan's changes
   * @throws IllegalArgumentException if plan or graph lack a product
   */
  public static QuantPlan of(QuantPlan plan, ModelGraph graph, List<Compensation> products) {
    CompensatedPlan compensated = new CompensatedPlan(plan, graph);
    products.forEach(compensated::apply);
    compensated.tensors.sort(
        Comparator.comparing(TensorPlan::tensor).thenComparing(TensorPlan::role));
    return new QuantPlan(
        plan.recipe(),
        plan.target(),
        plan.placement(),
        plan.modelSha256(),
        plan.widened(),
        plan.statisticsSha256(),
        plan.smoothed(),
        plan.gptq(),
        List.copyOf(compensated.corrected.values()),
        compensated.tensors);
  }

  private void apply(Compensation product) {
    QuantizableNode node =
        graph.nodes().stream()
            .filter(each -> each.node().equals(product.node()))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Cannot compensate node '%s': the model has no such product"
                            .formatted(product.node())));
    int weight = index(product.weight(), Role.WEIGHT, node);
    int bias = index(product.bias(), Role.BIAS, node);
    TensorPlan plan = tensors.get(weight);
    Optional<QuantParams> input = bias < 0 ? Optional.empty() : Optional.of(input(node));
    float[] gains = new float[product.gains().size()];
    float[] shifts = new float[gains.length];
    float[] values = graph.constant(product.bias()).toFloatArray();
    boolean changes = false;
    for (int c = 0; c < gains.length; c++) {
      float scale = plan.channels().scale(plan.axis().isPresent() ? c : 0);
      boolean kept =
          input.isEmpty()
              || (isOfRange(plan, c)
                  && fits(
                      product.gains().get(c) * values[c] + product.shifts().get(c),
                      input.get().scale() * (double) scale * product.gains().get(c)));
      gains[c] = kept ? product.gains().get(c) : 1;
      shifts[c] = kept ? product.shifts().get(c) : 0;
      changes |= gains[c] != 1 || shifts[c] != 0;
    }
    if (!changes) {
      return;
    }
    String result = record(product, gains, shifts);
    TensorPlan scaled = product.scales() ? scaled(plan, node, gains) : plan;
    tensors.set(weight, scaled);
    if (bias >= 0) {
      TensorPlan before = tensors.remove(bias);
      List<String> others =
          before.consumers().stream().filter(name -> !name.equals(node.node())).toList();
      if (!others.isEmpty()) {
        tensors.add(before.with(others));
      }
      tensors.add(ofBias(before, result, node, input.orElseThrow(), scaled));
    }
  }

  /** A shifted bias must fit its form; else the channel stays. */
  private boolean fits(float bias, double scale) {
    return Math.abs((double) bias) <= scale * form.orElseThrow().maxCode();
  }

  /** A scale that a bias widened is explained by that bias alone. */
  private static boolean isOfRange(TensorPlan weight, int channel) {
    int c = weight.axis().isPresent() ? channel : 0;
    float fitting = weight.target().params(weight.channels().range(c)).scale();
    return weight.channels().scale(c) <= fitting * (1 + PlanCheck.TOLERANCE);
  }

  private int index(String tensor, Role role, QuantizableNode node) {
    for (int i = 0; i < tensors.size(); i++) {
      TensorPlan each = tensors.get(i);
      if (each.role() == role
          && each.tensor().equals(tensor)
          && each.quantized()
          && each.consumers().contains(node.node())) {
        return i;
      }
    }
    if (role == Role.WEIGHT) {
      throw new IllegalArgumentException(
          "Cannot compensate node '%s': the plan quantizes no weight '%s' of it"
              .formatted(node.node(), tensor));
    }
    return -1;
  }

  private QuantParams input(QuantizableNode node) {
    return tensors.get(index(node)).channels().params(0);
  }

  private int index(QuantizableNode node) {
    int found = index(node.input(), Role.ACTIVATION, node);
    if (found < 0) {
      throw new IllegalArgumentException(
          "Cannot compensate node '%s': its bias is planned, and its input '%s' is not"
              .formatted(node.node(), node.input()));
    }
    return found;
  }

  /** Notes the change; returns the name of the changed bias. */
  private String record(Compensation product, float[] gains, float[] shifts) {
    Optional<CorrectedBias> before =
        Optional.ofNullable(corrected.get(product.node())).filter(CorrectedBias::corrects);
    List<Float> all = new ArrayList<>();
    List<Float> correction = new ArrayList<>();
    for (int c = 0; c < gains.length; c++) {
      int channel = c;
      double known = before.map(bias -> (double) bias.correction().get(channel)).orElse(0.0);
      correction.add((float) (gains[c] * known + shifts[c]));
      all.add((float) ((double) gains[c] * before.map(bias -> bias.gain(channel)).orElse(1f)));
    }
    boolean scales = all.stream().anyMatch(gain -> gain != 1);
    String result = before.map(CorrectedBias::result).orElse(product.result());
    corrected.put(
        product.node(),
        new CorrectedBias(
            product.node(),
            product.reader(),
            before.map(CorrectedBias::bias).orElse(product.bias()),
            result,
            before.map(CorrectedBias::overNoise).orElse(0.0),
            correction,
            scales ? all : List.of(),
            Optional.empty()));
    return result;
  }

  private static TensorPlan scaled(TensorPlan plan, QuantizableNode node, float[] gains) {
    Shape shape = plan.granularity().paramsShape(node.weightShape());
    boolean blocks = plan.granularity().blockSize().isPresent();
    long stride = blocks ? shape.stride(node.weightAxis()) : 1;
    float[] factors = new float[plan.channels().size()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = gains[(int) (i / stride % gains.length)];
    }
    return plan.withChannels(plan.channels().times(factors));
  }

  private static TensorPlan ofBias(
      TensorPlan before, String name, QuantizableNode node, QuantParams input, TensorPlan weight) {
    ScaleColumns.Builder channels =
        new ScaleColumns.Builder(before.type(), weight.channels().size());
    for (ChannelPlan channel : weight.channels()) {
      QuantParams params = QuantParams.ofBias(input, channel.params());
      float reach = (float) Math.min(Float.MAX_VALUE, (double) params.scale() * Integer.MAX_VALUE);
      channels.add(new ChannelPlan(new Range(-reach, reach), params, 0, Double.POSITIVE_INFINITY));
    }
    return new TensorPlan(
        name,
        Role.BIAS,
        before.format(),
        List.of(node.node()),
        Optional.empty(),
        before.shape(),
        before.target(),
        before.origin(),
        before.decidedBy(),
        weight.axis().isPresent() ? Granularity.perChannel(0) : Granularity.perTensor(),
        channels.build());
  }
}
