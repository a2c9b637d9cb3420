package dev.tare.engine.pass;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.ExpectedShift;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Takes up in the bias what quantization adds to the mean of a product's results: {@code b += W
 * E[x] - Wq E[xq]}, without running a model. With dW = W - Wq this is {@code dW E[x] - Wq (E[xq] -
 * E[x])}, and {@link ExpectedShift} has both means of each channel from its histogram.
 *
 * <p>The mean of a channel is over all positions, so for a convolution with padding the correction
 * is a little too large: at the border some taps read zeros, which quantization keeps. Where a
 * correction is hardly larger than the error of its mean, it would rather add noise: with n samples
 * and values as different between samples as between positions, chance alone gives output channel o
 * the square {@code sum_j (dW_oj^2 Var[x_j] + Wq_oj^2 E[(xq_j - x_j)^2]) / n}. A bias is corrected
 * only if the sum of squares of its correction is more than twice that sum: then more is gained
 * than lost. Sums are float64 in channel order, so equal arguments give equal bits on any machine.
 *
 * @see <a href="https://arxiv.org/abs/1906.04721">Nagel et al., Data-Free Quantization Through
 *     Weight Equalization and Bias Correction, section 4.2</a>
 */
public final class BiasCorrection {

  private static final Set<String> OPERATORS = Set.of("Conv", "Gemm", "MatMul");
  private static final double LEAST = 2;

  private BiasCorrection() {}

  /**
   * A product whose bias may be corrected.
   *
   * @param node its name
   * @param input what it reads
   * @param weight the constant that it multiplies by
   * @param reader the node that adds the bias: itself, or an Add behind it
   * @param bias the constant; empty if it has none
   * @param result an unused name, for the corrected bias
   * @param floatInput whether its weight alone is quantized
   */
  public record Task(
      String node,
      String input,
      String weight,
      String reader,
      String bias,
      String result,
      boolean floatInput)
      implements Serializable {

    CorrectedBias left(double overNoise, String reason) {
      return new CorrectedBias(node, reader, bias, "", overNoise, List.of(), Optional.of(reason));
    }
  }

  /**
   * Finds the products that have a place for a correction, in graph order: Conv, Gemm without
   * factors, and MatMul with an Add of a constant vector behind it; static ones, and those whose
   * weights alone are quantized. Of what stands in a body of another operator, no bias is
   * corrected.
   */
  public static List<Task> tasks(Candidates candidates, ModelGraph graph) {
    Topology topology = graph.topology();
    FreeNames names = FreeNames.of(topology);
    Set<String> main =
        graph.nodes().stream().map(QuantizableNode::node).collect(Collectors.toSet());
    List<Task> tasks = new ArrayList<>();
    for (Candidates.Candidate candidate : candidates.chosen()) {
      QuantizableNode node = candidate.node();
      if (candidate.mode() == Mode.DYNAMIC
          || !main.contains(node.node())
          || candidate.format() != Format.QDQ
          || !OPERATORS.contains(node.opType())
          || node.inputIndex() != 0
          || node.use().scaledSum()) {
        continue;
      }
      if (!node.opType().equals("MatMul")) {
        tasks.add(task(candidate, node.node(), node.bias().orElse(""), names));
      } else if (node.weightShape().rank() == 2) {
        behind(node, topology, graph)
            .ifPresent(
                add -> tasks.add(task(candidate, add.node(), constant(add, topology), names)));
      }
    }
    return tasks;
  }

  private static Task task(
      Candidates.Candidate candidate, String reader, String bias, FreeNames names) {
    QuantizableNode node = candidate.node();
    String base = bias.isEmpty() ? node.weight() + "_bias" : bias;
    return new Task(
        node.node(),
        node.input(),
        node.weight(),
        reader,
        bias,
        names.unused(base + "_corrected"),
        candidate.mode() == Mode.WEIGHT_ONLY);
  }

  /** The only reader of a MatMul, if it adds a vector with a number for each output channel. */
  static Optional<GraphNode> behind(QuantizableNode node, Topology topology, ModelGraph graph) {
    String output =
        topology.nodes().stream()
            .filter(each -> each.node().equals(node.node()))
            .map(each -> each.outputs().get(0))
            .findFirst()
            .orElse("");
    List<GraphNode> readers = topology.readers().getOrDefault(output, List.of());
    if (readers.size() != 1
        || topology.outputs().contains(output)
        || !readers.get(0).opType().equals("Add")) {
      return Optional.empty();
    }
    GraphNode add = readers.get(0);
    String constant = constant(add, topology);
    if (constant.isEmpty()) {
      return Optional.empty();
    }
    Shape shape = graph.constant(constant).shape();
    long channels = node.weightShape().dim(node.weightAxis());
    boolean vector =
        shape.rank() >= 1
            && shape.rank() <= 2
            && shape.size() == channels
            && shape.dim(shape.rank() - 1) == channels;
    return vector ? Optional.of(add) : Optional.empty();
  }

  static String constant(GraphNode add, Topology topology) {
    return add.inputs().stream()
        .filter(topology.constants()::containsKey)
        .map(topology.constants()::get)
        .findFirst()
        .orElse("");
  }

  /**
   * Corrects one bias. Costs a walk through the weight.
   *
   * @param channels values of each channel of what the product reads, in channel order
   * @param input how that is quantized, per tensor; empty if it stays float
   * @param weight how the weight is quantized
   * @param samples from which the values come
   * @param rounded whether {@link Gptq} will round the weight: what that does to the mean is not
   *     known yet and taken up later, so only what quantization does to the input is corrected
   */
  public static CorrectedBias correct(
      Task task,
      ModelGraph graph,
      List<Distribution> channels,
      Optional<TensorPlan> input,
      TensorPlan weight,
      long samples,
      boolean rounded) {
    QuantizableNode node =
        graph.nodes().stream().filter(n -> n.node().equals(task.node())).findFirst().orElseThrow();
    Sums sums = new Sums(node);
    if (channels.size() != sums.inputs()) {
      return task.left(
          0,
          "the statistics have %d channels of its input, and it reads %d"
              .formatted(channels.size(), sums.inputs()));
    }
    if (channels.stream().anyMatch(channel -> channel.total() == 0)) {
      return task.left(0, "no value of a channel was observed");
    }
    List<ExpectedShift> shifts =
        channels.stream()
            .map(
                c ->
                    input
                        .map(plan -> ExpectedShift.of(c, plan.channels().params(0)))
                        .orElseGet(() -> ExpectedShift.of(c)))
            .toList();
    Tensor values = graph.constant(weight.tensor());
    Tensor quantized =
        rounded
            ? values
            : Quantizer.fakeQuantize(
                values, weight.params(), weight.granularity(), weight.limits(), Rounding.DIVISION);
    sums.add(values.floats(), quantized.floats(), shifts);
    double size = sums.squares();
    double chance = sums.chance() / samples;
    double overNoise = size == 0 ? 0 : Math.min(Double.MAX_VALUE, size / chance);
    if (!(overNoise > LEAST) || !sums.finite()) {
      return task.left(
          Double.isFinite(overNoise) ? overNoise : 0,
          "the correction is not above the noise of its mean over %d samples".formatted(samples));
    }
    return new CorrectedBias(
        task.node(),
        task.reader(),
        task.bias(),
        task.result(),
        overNoise,
        sums.correction(),
        Optional.empty());
  }

  /** Sums over the weights of each output channel. Not thread-safe. */
  private static final class Sums {
    private final int outputs;
    private final int inputs;
    private final int groups;
    private final int taps;
    private final boolean outputsFirst;
    private final double[] correction;
    private final double[] chance;

    Sums(QuantizableNode node) {
      Shape shape = node.weightShape();
      this.outputs = Math.toIntExact(shape.dim(node.weightAxis()));
      this.outputsFirst = node.weightAxis() == 0;
      this.groups = Math.toIntExact(node.groups());
      int perGroup = Math.toIntExact(shape.dim(outputsFirst ? 1 : 0));
      this.inputs = perGroup * groups;
      this.taps = Math.toIntExact(shape.size() / Math.max(1, (long) outputs * perGroup));
      this.correction = new double[outputs];
      this.chance = new double[outputs];
    }

    int inputs() {
      return inputs;
    }

    void add(FloatBuffer values, FloatBuffer quantized, List<ExpectedShift> shifts) {
      int perGroup = inputs / groups;
      int pairs = outputs * perGroup;
      for (int pair = 0; pair < pairs; pair++) {
        double difference = 0;
        double kept = 0;
        for (int tap = 0; tap < taps; tap++) {
          double q = quantized.get();
          difference += values.get() - q;
          kept += q;
        }
        int output = outputsFirst ? pair / perGroup : pair % outputs;
        int within = outputsFirst ? pair % perGroup : pair / outputs;
        ExpectedShift shift = shifts.get(output / (outputs / groups) * perGroup + within);
        correction[output] += difference * shift.mean() - kept * shift.shift();
        chance[output] += difference * difference * shift.variance() + kept * kept * shift.noise();
      }
    }

    double squares() {
      double sum = 0;
      for (double each : correction) {
        sum += each * each;
      }
      return sum;
    }

    double chance() {
      double sum = 0;
      for (double each : chance) {
        sum += each;
      }
      return sum;
    }

    boolean finite() {
      return correction().stream().allMatch(Float::isFinite);
    }

    List<Float> correction() {
      List<Float> rounded = new ArrayList<>(outputs);
      for (double each : correction) {
        rounded.add((float) each);
      }
      return rounded;
    }
  }
}
