package dev.tare.engine.plan;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The decision for one tensor.
 *
 * @param tensor name in the model
 * @param role what it is to its consumers
 * @param format how the model holds it
 * @param consumers names of the nodes that read it quantized, in graph order, and {@link
 *     #GRAPH_OUTPUT} behind them where the model gives it out so; for a tensor that stays float,
 *     the ones that would have
 * @param floatReason why the tensor stays float; empty when it is quantized
 * @param shape shape of a constant; empty for an activation
 * @param target integer type and the part of it that is used
 * @param method range selection method, as the recipe spells it
 * @param decidedBy which rule of the recipe the settings are from
 * @param granularity which values share a scale; per tensor when the tensor stays float
 * @param channels one entry per scale, row-major in {@link Granularity#paramsShape}; empty when the
 *     tensor stays float, and for an activation whose scale is found at run time
 */
public record TensorPlan(
    String tensor,
    Role role,
    Format format,
    List<String> consumers,
    Optional<String> floatReason,
    Optional<Shape> shape,
    Target target,
    String method,
    String decidedBy,
    Granularity granularity,
    ScaleColumns channels) {

  /** Stands among consumers for whoever runs the model. */
  public static final String GRAPH_OUTPUT = TensorQuery.GRAPH_OUTPUT;

  /** How the method of a tensor begins that has the scale and zero point of another one. */
  public static final String SHARED = "shared:";

  /**
   * @throws IllegalArgumentException if channels and granularity, or channels and reason,
   *     contradict
   */
  public TensorPlan {
    consumers = List.copyOf(consumers);
    boolean without =
        floatReason.isPresent() || (format == Format.DYNAMIC && role == Role.ACTIVATION);
    if (without != channels.isEmpty()) {
      throw new IllegalArgumentException(
          "Invalid plan of tensor '%s': %d channels and reason %s"
              .formatted(tensor, channels.size(), floatReason));
    }
    if (granularity.axis().isEmpty() && channels.size() > 1) {
      throw new IllegalArgumentException(
          "Invalid plan of tensor '%s': %d channels without an axis"
              .formatted(tensor, channels.size()));
    }
  }

  public boolean quantized() {
    return floatReason.isEmpty();
  }

  public QuantType type() {
    return target.type();
  }

  /** Channel axis, or the axis that blocks cut; empty for one scale per tensor. */
  public OptionalInt axis() {
    return granularity.axis();
  }

  /** The integers that quantizing a constant by this plan yields. */
  public Limits limits() {
    return target.limits();
  }

  /** Scale and zero point of each channel, made when they are asked for. */
  public List<QuantParams> params() {
    return channels.params();
  }

  /** Scales, one per channel or a single one. */
  public float[] scales() {
    return channels.scales();
  }

  /** Zero points, one per channel or a single one. */
  public int[] zeroPoints() {
    return channels.zeroPoints();
  }

  /** The same decision for other consumers. */
  TensorPlan with(List<String> others) {
    return new TensorPlan(
        tensor,
        role,
        format,
        others,
        floatReason,
        shape,
        target,
        method,
        decidedBy,
        granularity,
        channels);
  }

  /** The same decision with other scales. */
  TensorPlan withChannels(ScaleColumns others) {
    return new TensorPlan(
        tensor,
        role,
        format,
        consumers,
        floatReason,
        shape,
        target,
        method,
        decidedBy,
        granularity,
        others);
  }

  /** The tensor left in float, after all. */
  TensorPlan left(String reason) {
    return new TensorPlan(
        tensor,
        role,
        format,
        consumers,
        Optional.of(reason),
        shape,
        target,
        method,
        decidedBy,
        Granularity.perTensor(),
        ScaleColumns.none());
  }

  /** A tensor that stays float. */
  static TensorPlan left(
      TensorQuery query, Optional<Shape> shape, Recipe.Decision decision, String reason) {
    return new TensorPlan(
        query.tensor(),
        query.role(),
        query.format(),
        query.consumers(),
        Optional.of(reason),
        shape,
        decision.rule().target(),
        decision.rule().method().name(),
        decision.decidedBy(),
        Granularity.perTensor(),
        ScaleColumns.none());
  }

  /** A tensor that is quantized. */
  static TensorPlan of(
      TensorQuery query,
      Optional<Shape> shape,
      Recipe.Decision decision,
      Granularity granularity,
      ScaleColumns channels) {
    return of(query, shape, decision, granularity, channels, decision.rule().method().name());
  }

  static TensorPlan of(
      TensorQuery query,
      Optional<Shape> shape,
      Recipe.Decision decision,
      Granularity granularity,
      ScaleColumns channels,
      String method) {
    return new TensorPlan(
        query.tensor(),
        query.role(),
        query.format(),
        query.consumers(),
        Optional.empty(),
        shape,
        decision.rule().target(),
        method,
        decision.decidedBy(),
        granularity,
        channels);
  }

  /** A tensor with the scale of another; the method names the one that it was selected for. */
  static TensorPlan shared(TensorQuery query, TensorPlan source) {
    boolean passedOn = source.method().startsWith(SHARED);
    Optional<String> reason =
        source
            .floatReason()
            .map(
                r ->
                    passedOn
                        ? r
                        : "it shares the scale of '%s', which stays float: %s"
                            .formatted(source.tensor(), r));
    return new TensorPlan(
        query.tensor(),
        query.role(),
        query.format(),
        query.consumers(),
        reason,
        Optional.empty(),
        source.target(),
        passedOn ? source.method() : SHARED + source.tensor(),
        source.decidedBy(),
        source.granularity(),
        source.channels());
  }
}
