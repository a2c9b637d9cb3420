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
 * @param role its role for its consumers
 * @param format how the model stores it
 * @param consumers names of the nodes that read it quantized, in graph order, followed by {@link
 *     #GRAPH_OUTPUT} if the caller of the model reads it quantized; for a tensor that stays float,
 *     the nodes that would have read it quantized
 * @param floatReason why the tensor stays float; empty if it is quantized
 * @param shape shape of a constant; empty for an activation
 * @param target integer type and its limits
 * @param origin where its scales come from
 * @param decidedBy the rule of the recipe that decided the settings, and why its method was not
 *     used
 * @param granularity which values share a scale; per tensor if the tensor stays float
 * @param channels one entry per scale, row-major in {@link Granularity#paramsShape}; empty if the
 *     tensor stays float, and for an activation whose scale is computed at run time
 */
public record TensorPlan(
    String tensor,
    Role role,
    Format format,
    List<String> consumers,
    Optional<String> floatReason,
    Optional<Shape> shape,
    Target target,
    ScaleOrigin origin,
    String decidedBy,
    Granularity granularity,
    ScaleColumns channels) {

  /** The consumer of a graph output: the caller of the model. */
  public static final String GRAPH_OUTPUT = TensorQuery.GRAPH_OUTPUT;

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

  /** Creates the plan of a tensor whose scales, if any, are of its own values. */
  public TensorPlan(
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
    this(
        tensor,
        role,
        format,
        consumers,
        floatReason,
        shape,
        target,
        new ScaleOrigin.Selected(method),
        decidedBy,
        granularity,
        channels);
  }

  /** Returns where the scales come from, as the plan's document and table have it. */
  public String method() {
    return origin.text();
  }

  public boolean quantized() {
    return floatReason.isEmpty();
  }

  public QuantType type() {
    return target.type();
  }

  /** Channel axis, or the axis divided into blocks; empty for one scale per tensor. */
  public OptionalInt axis() {
    return granularity.axis();
  }

  /** The limits of the integers to which a constant is quantized. */
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

  /** Returns the same decision for other consumers. */
  TensorPlan with(List<String> others) {
    return new TensorPlan(
        tensor,
        role,
        format,
        others,
        floatReason,
        shape,
        target,
        origin,
        decidedBy,
        granularity,
        channels);
  }

  /** Returns the same decision with other scales. */
  TensorPlan withChannels(ScaleColumns others) {
    return new TensorPlan(
        tensor,
        role,
        format,
        consumers,
        floatReason,
        shape,
        target,
        origin,
        decidedBy,
        granularity,
        others);
  }

  /** Returns the same decision with scales that another method found. */
  TensorPlan withScales(String method, ScaleColumns others) {
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

  /** Returns the same decision with more about how it was made. */
  public TensorPlan decidedAlso(String more) {
    return decidedBy(decidedBy + more);
  }

  /** Returns the same decision without how it was made: equal ones do the same to a model. */
  public TensorPlan undecided() {
    return decidedBy("");
  }

  private TensorPlan decidedBy(String other) {
    return new TensorPlan(
        tensor,
        role,
        format,
        consumers,
        floatReason,
        shape,
        target,
        origin,
        other,
        granularity,
        channels);
  }

  /** Returns the same tensor left in float. */
  TensorPlan left(String reason) {
    return new TensorPlan(
        tensor,
        role,
        format,
        consumers,
        Optional.of(reason),
        shape,
        target,
        origin,
        decidedBy,
        Granularity.perTensor(),
        ScaleColumns.none());
  }

  /** Creates the plan of a tensor that stays float. */
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

  /** Creates the plan of a quantized tensor. */
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
    return of(query, shape, decision, granularity, channels, method, decision.decidedBy());
  }

  static TensorPlan of(
      TensorQuery query,
      Optional<Shape> shape,
      Recipe.Decision decision,
      Granularity granularity,
      ScaleColumns channels,
      String method,
      String decidedBy) {
    return new TensorPlan(
        query.tensor(),
        query.role(),
        query.format(),
        query.consumers(),
        Optional.empty(),
        shape,
        decision.rule().target(),
        method,
        decidedBy,
        granularity,
        channels);
  }

  /**
   * Creates the plan of a tensor with the scale of another; the method names the tensor the scale
   * was selected for.
   */
  static TensorPlan shared(TensorQuery query, TensorPlan source) {
    boolean passedOn = source.origin() instanceof ScaleOrigin.SharedWith;
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
        passedOn ? source.origin() : new ScaleOrigin.SharedWith(source.tensor()),
        source.decidedBy(),
        source.granularity(),
        source.channels());
  }
}
