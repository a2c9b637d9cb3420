package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** Plans activations only from their statistics; no model runs. */
public final class ActivationPlanner {

  /** The method recorded in a plan for values that are probabilities. */
  static final String UNIT = "probabilities";

  /** The method recorded in a plan for a scale that the kernel prescribes. */
  static final String PRESCRIBED = "prescribed";

  /** What stands in a plan between the rule that decided and why its method was not used. */
  public static final String GUARD = "; guard: ";

  /** What stands in a plan, likewise, before why an input's channels were not equalized. */
  public static final String UNEQUALIZED = "; not equalized: ";

  /** The method recorded in a plan for a range that somebody else has found. */
  public static final String GIVEN = "given";

  private static final MinMax ALL = new MinMax();

  private final Recipe recipe;

  public ActivationPlanner(Recipe recipe) {
    this.recipe = recipe;
  }

  /**
   * Plans one tensor.
   *
   * @param statistics of the whole tensor, and of every channel if the recipe is per channel
   * @param query what the recipe's rules match; about the same tensor
   * @throws IllegalArgumentException if the statistics lack what the recipe's method or granularity
   *     needs; the message names the tensor
   */
  public TensorPlan plan(TensorStatistics statistics, TensorQuery query) {
    return plan(
        statistics,
        query,
        () -> statistics.channels().stream().map(Statistics::distribution).toList());
  }

  /**
   * Plans one tensor whose statistics may lack channels.
   *
   * @param channels gives the values of each channel, by which the guard judges the range; none if
   *     they are not known
   * @throws IllegalArgumentException as {@link #plan(TensorStatistics, TensorQuery)}
   */
  public TensorPlan plan(
      TensorStatistics statistics, TensorQuery query, Supplier<List<Distribution>> channels) {
    String tensor = statistics.tensor();
    Recipe.Decision decision = recipe.decide(query);
    TensorRule rule = decision.rule();
    Statistics whole =
        statistics
            .whole()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "Statistics of tensor '" + tensor + "' lack the row of the whole tensor"));
    Optional<String> reason = reasonForFloat(whole, rule);
    if (reason.isPresent()) {
      return TensorPlan.left(query, Optional.empty(), decision, reason.get());
    }
    if (rule.perChannel() && statistics.axis().isEmpty()) {
      throw new IllegalArgumentException(
          "Statistics of tensor '%s' have no channels, which a per-channel recipe needs: calibrate"
                  .formatted(tensor)
              + " with --channels histogram or extremes");
    }
    Optional<Range> prescribed = query.nature().range();
    if (prescribed.isPresent()) {
      Selected selected = select(tensor, whole, rule, (d, t) -> prescribed.get());
      return TensorPlan.of(
          query,
          Optional.empty(),
          decision,
          Granularity.perTensor(),
          ScaleColumns.of(selected.channel()),
          query.nature() == TensorQuery.Nature.PROBABILITIES ? UNIT : PRESCRIBED);
    }
    if (!rule.perChannel()) {
      return wholeTensor(whole, query, decision, channels);
    }
    boolean compared = !(rule.method() instanceof MinMax);
    UnclippedTally tally = new UnclippedTally();
    ScaleColumns.Builder scales =
        new ScaleColumns.Builder(rule.target().type(), statistics.channels().size());
    for (Statistics row : statistics.channels()) {
      Selected selected = select(tensor, row, rule, rule.method()::select);
      scales.add(selected.channel());
      if (compared) {
        tally(tally, row.distribution(), selected, rule.target());
      }
    }
    ScaleColumns found = scales.build();
    return TensorPlan.of(
        query,
        Optional.empty(),
        decision,
        Granularity.perChannel(statistics.axis().getAsInt()),
        compared && !found.isEmpty() ? found.with(tally.ofChannels()) : found);
  }

  private TensorPlan wholeTensor(
      Statistics whole,
      TensorQuery query,
      Recipe.Decision decision,
      Supplier<List<Distribution>> channels) {
    String tensor = query.tensor();
    TensorRule rule = decision.rule();
    ChannelPlan selected = select(tensor, whole, rule, rule.method()::select).channel();
    if (rule.method() instanceof MinMax) {
      return TensorPlan.of(
          query, Optional.empty(), decision, Granularity.perTensor(), ScaleColumns.of(selected));
    }
    ChannelLosses losses =
        new ChannelLosses(
            selected.range(),
            rule.target(),
            whole.distribution(),
            recipe.guard() ? channels.get() : List.of());
    Optional<String> refusal = MethodGuard.against(rule.method().name(), losses);
    if (refusal.isPresent()) {
      return TensorPlan.of(
          query,
          Optional.empty(),
          decision,
          Granularity.perTensor(),
          ScaleColumns.of(select(tensor, whole, rule, ALL::select).channel()),
          ALL.name(),
          decision.decidedBy() + GUARD + refusal.get());
    }
    return TensorPlan.of(
        query,
        Optional.empty(),
        decision,
        Granularity.perTensor(),
        ScaleColumns.of(selected).with(losses.unclipped(selected.expectedSqnrDb())));
  }

  /**
   * Returns the noise that quantization is expected to add to a tensor, over the signal, by the
   * range that its plan will have: that of the rule's method, or of all values where the guard
   * takes it; or by those of its channels.
   *
   * @param values of the whole tensor, which a scale can be made of
   * @param channels as in {@link #plan(TensorStatistics, TensorQuery, Supplier)}; where none of
   *     them has bins, the method's range of the whole tensor
   * @throws IllegalArgumentException if the values lack what the recipe's method needs; the message
   *     names the tensor
   */
  double noiseToSignal(
      Distribution values, TensorQuery query, Supplier<List<Distribution>> channels) {
    TensorRule rule = recipe.decide(query).rule();
    try {
      List<Distribution> scaled = rule.perChannel() ? scaled(channels.get(), rule) : List.of();
      double signal = 0;
      double noise = 0;
      for (Distribution each : scaled.isEmpty() ? List.of(values) : scaled) {
        Range range =
            scaled.isEmpty()
                ? guarded(each, rule, channels)
                : rule.method().select(each, rule.target());
        ExpectedError error = ExpectedError.of(each, rule.target().params(range));
        signal += error.signal();
        noise += error.noise();
      }
      return noise / signal;
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw unselected(query.tensor(), rule, e, "");
    }
  }

  /** The channels that an error can be expected of: extremes alone tell none. */
  private static List<Distribution> scaled(List<Distribution> channels, TensorRule rule) {
    return channels.stream()
        .filter(each -> !each.isEmpty())
        .filter(each -> !rule.target().rule().underflows(each.min(), each.max()))
        .toList();
  }

  private Range guarded(
      Distribution values, TensorRule rule, Supplier<List<Distribution>> channels) {
    Range range = rule.method().select(values, rule.target());
    return guards(rule)
            && MethodGuard.against(
                    rule.method().name(),
                    new ChannelLosses(range, rule.target(), values, channels.get()))
                .isPresent()
        ? ALL.select(values, rule.target())
        : range;
  }

  private static void tally(
      UnclippedTally tally, Distribution values, Selected selected, Target target) {
    Range all = ALL.select(values, target);
    ExpectedError withAll = ExpectedError.of(values, target.params(all));
    ChannelPlan channel = selected.channel();
    tally.add(
        channel.range(), channel.params().scale(), sums(selected.error()), all, sums(withAll));
  }

  private static QuantError sums(ExpectedError error) {
    return new QuantError(error.count(), error.signal(), 0, 0, error.noise());
  }

  /**
   * Plans one tensor whose range somebody else has found. What its error will be is not known. A
   * range beyond the recipe's {@code float-above} leaves it in float.
   *
   * @throws IllegalArgumentException if the recipe has a scale for each channel, or the range is
   *     too small for a scale
   */
  public TensorPlan plan(Range given, TensorQuery query) {
    Recipe.Decision decision = recipe.decide(query);
    TensorRule rule = decision.rule();
    if (rule.perChannel()) {
      throw new IllegalArgumentException(
          "Tensor '%s' has one range, and recipe '%s' wants one for each channel"
              .formatted(query.tensor(), recipe.name()));
    }
    if (given.magnitude() > recipe.floatAbove()) {
      return TensorPlan.left(query, Optional.empty(), decision, beyond(given.magnitude()));
    }
    if (rule.target().rule().underflows(given.low(), given.high())) {
      throw new IllegalArgumentException(
          "Tensor '%s' has the range [%s, %s], which is too small for a scale"
              .formatted(query.tensor(), given.low(), given.high()));
    }
    Optional<Range> prescribed = query.nature().range();
    Range range = prescribed.orElse(given);
    String method = GIVEN;
    if (prescribed.isPresent()) {
      method = query.nature() == TensorQuery.Nature.PROBABILITIES ? UNIT : PRESCRIBED;
    }
    return TensorPlan.of(
        query,
        Optional.empty(),
        decision,
        Granularity.perTensor(),
        ScaleColumns.of(
            new ChannelPlan(range, rule.target().params(range), Double.NaN, Double.NaN)),
        method);
  }

  /**
   * Plans one tensor whose scale somebody else has found. What its error will be is not known. A
   * range beyond the recipe's {@code float-above} leaves it in float.
   *
   * @throws IllegalArgumentException if the recipe has a scale for each channel, or an operator
   *     prescribes another one
   */
  public TensorPlan plan(FoundScales found, TensorQuery query) {
    Recipe.Decision decision = recipe.decide(query);
    TensorRule rule = decision.rule();
    QuantParams params = found.params(query.tensor(), rule.target(), 1).get(0);
    TensorPlan plan = plan(FoundScales.range(params, rule.target()), query);
    if (!plan.quantized()) {
      return plan;
    }
    QuantParams prescribed = plan.params().get(0);
    if (query.nature().range().isPresent() && !prescribed.equals(params)) {
      throw new IllegalArgumentException(
          "Tensor '%s' must have scale %s and zero point %d, which its operator prescribes, not %s and %d"
              .formatted(
                  query.tensor(),
                  prescribed.scale(),
                  prescribed.zeroPoint(),
                  params.scale(),
                  params.zeroPoint()));
    }
    return plan.withScales(
        plan.method(),
        ScaleColumns.of(new ChannelPlan(plan.channels().range(0), params, Double.NaN, Double.NaN)));
  }

  /** Whether the plan of a tensor depends on its channels, and not only on all its values. */
  public boolean readsChannels(TensorQuery query) {
    TensorRule rule = recipe.decide(query).rule();
    return rule.perChannel() || guards(rule);
  }

  private boolean guards(TensorRule rule) {
    return recipe.guard() && !rule.perChannel() && !(rule.method() instanceof MinMax);
  }

  private Optional<String> reasonForFloat(Statistics whole, TensorRule rule) {
    long infinities = whole.posInfs() + whole.negInfs();
    if (whole.count() == 0) {
      return Optional.of("no value was observed");
    }
    if (whole.nans() > 0 || infinities > 0) {
      return Optional.of(
          "%d NaN and %d infinite values among %d"
              .formatted(whole.nans(), infinities, whole.count()));
    }
    double magnitude = Math.max(Math.abs((double) whole.min()), Math.abs((double) whole.max()));
    if (magnitude > recipe.floatAbove()) {
      return Optional.of(beyond((float) magnitude));
    }
    return rule.target().rule().underflows(whole.min(), whole.max())
        ? Optional.of(
            "values reach no further than %s, too small for a scale".formatted((float) magnitude))
        : Optional.empty();
  }

  private String beyond(float magnitude) {
    return "values reach %s, beyond float-above %s".formatted(magnitude, recipe.floatAbove());
  }

  private record Selected(ChannelPlan channel, ExpectedError error) {}

  private static Selected select(
      String tensor,
      Statistics row,
      TensorRule rule,
      BiFunction<Distribution, Target, Range> select) {
    try {
      Distribution distribution = row.distribution();
      Range range = select.apply(distribution, rule.target());
      QuantParams params = rule.target().params(range);
      // ONNX saturates to the full range of the type, narrow or not.
      ExpectedError error = ExpectedError.of(distribution, params);
      return new Selected(
          new ChannelPlan(range, params, error.clippedShare(), error.sqnrDb()), error);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw unselected(
          tensor,
          rule,
          e,
          row.histogram().isEmpty() ? "; calibrate with --channels histogram" : "");
    }
  }

  private static IllegalArgumentException unselected(
      String tensor, TensorRule rule, RuntimeException cause, String advice) {
    return new IllegalArgumentException(
        "Cannot select a range for tensor '%s' by %s: %s%s"
            .formatted(tensor, rule.method().name(), cause.getMessage(), advice),
        cause);
  }
}
