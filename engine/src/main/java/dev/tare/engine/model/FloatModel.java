package dev.tare.engine.model;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * A float model of any format, whose structure was checked: what calibration, selection,
 * quantization and evaluation need to know of it.
 *
 * <p>Immutable and thread-safe.
 */
public interface FloatModel extends WritableModel {

  /** What a caller must feed, in the model's order. */
  List<TensorInfo> inputs();

  /** What the model gives out, in its order. */
  List<TensorInfo> outputs();

  /** Where the model comes from and in what form it is, for people: facts by name, in order. */
  Map<String, String> origin();

  /** Types of floats in the model's file that are float32 here; empty where it is as the file. */
  default Set<DType> widened() {
    return Set.of();
  }

  /**
   * Floating-point numbers among the constants, and integers with scales where the format has such.
   */
  long parameterCount();

  /** How often each operator occurs, by the names that rules of recipes match. */
  SortedMap<String, Integer> operatorCounts();

  /**
   * Whether shapes inside depend on the values of inputs: which rows belong to which sample of a
   * batch is then not known.
   */
  boolean shapesFollowValues();

  /**
   * Rows of the table that an input indexes: numbers from there on do not fit the model.
   *
   * @return empty where no operator takes rows of a constant by the input
   */
  OptionalLong tableRows(String input);

  /** Outputs that the graph shows to be probabilities of classes along their last axis. */
  Set<String> classOutputs();

  /**
   * Returns warnings: what cannot be judged without running the model.
   *
   * @throws InvalidModelException if Tare does not quantize such models: quantized already,
   *     operators that it does not know
   */
  List<String> requireQuantizable();

  /**
   * Makes sure that {@link #quantized} has a form to write the model in.
   *
   * @throws InvalidModelException if an operator cannot be expressed in it; named in the message
   */
  void requireWritable();

  /**
   * The same computation prepared for quantization: calibration observes this model, and plans name
   * its tensors. The model itself where nothing is to be done, so preparing again changes nothing.
   * Costs a copy of the weights that change.
   */
  FloatModel prepared();

  /**
   * The same computation with rescaled channels: what a plan with smoothed inputs quantizes. The
   * model itself without any. Equal arguments give equal models. Costs a copy of the weights that
   * change.
   *
   * @throws IllegalArgumentException if the model has no such tensors and products, or the format
   *     has no form for it
   */
  default FloatModel smoothed(List<SmoothedInput> inputs) {
    if (inputs.isEmpty()) {
      return this;
    }
    throw new IllegalArgumentException(
        "Cannot smooth model '%s': there is no form for it in this format".formatted(name()));
  }

  /**
   * The model with corrected biases: what a plan that has them quantizes. It does not compute the
   * same; the quantized model does so more nearly. The model itself without any. Equal arguments
   * give equal models.
   *
   * @throws IllegalArgumentException if the model has no such nodes and biases, or the format has
   *     no form for it
   */
  default FloatModel corrected(List<CorrectedBias> biases) {
    if (biases.stream().noneMatch(CorrectedBias::corrects)) {
      return this;
    }
    throw new IllegalArgumentException(
        "Cannot correct biases of model '%s': there is no form for it in this format"
            .formatted(name()));
  }

  /** The graph as planning sees it. Costs a walk through the model. */
  ModelGraph graph();

  /**
   * The same model with more outputs: first its own, then the named tensors, sorted. A tensor that
   * is an output already is not repeated.
   *
   * @throws IllegalArgumentException if the main graph computes no tensor of such a name
   */
  FloatModel exposing(SortedSet<String> tensors);

  /**
   * The model with every quantized tensor of a plan in place.
   *
   * @param codes the integers of a quantized weight or bias, row-major in the shape of the plan,
   *     little-endian; asked once for each, and not copied
   * @throws IllegalArgumentException if the plan names tensors or nodes that the model does not
   *     have, or shape, channels or bytes do not agree
   * @throws InvalidModelException as {@link #requireWritable}
   */
  WritableModel quantized(QuantPlan plan, Function<TensorPlan, ByteBuffer> codes);

  /**
   * The float model that computes with what is left of the weights: every quantized constant of a
   * plan is {@code (q - zeroPoint) * scale} of its integers; activations stay float.
   *
   * @param codes as {@link #quantized} takes them
   * @param memory gives a zeroed buffer of so many bytes for each constant of the result
   * @throws IllegalArgumentException as {@link #quantized}
   */
  WritableModel dequantized(
      QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, IntFunction<ByteBuffer> memory);
}
