package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;

/**
 * How much the scale of an activation depends on which samples were seen, from the statistics of
 * disjoint parts of them; no model runs.
 *
 * <p>The scale is selected from every half of the parts and from all of them, and both are judged
 * by the values of all: the difference of their expected SQNR is what doubling the samples has
 * changed once. Doubling them again changes no more, but by chance, if parts are alike and the
 * range is one of shares or squared errors, which settle with the square root of the samples. Two
 * scales that both leave no error do not differ.
 *
 * <p>Where an end of the range is an extreme other than 0, as it is by min-max, more samples bring
 * a new one in half of the cases, and no half shows how far it is. So scales are also selected with
 * each of the pairs of ends that {@link FutureExtremes} predicts, and judged by the values of all,
 * without and with such ends among them: a wider range rounds more coarsely, and the old one clips.
 *
 * <p>The largest of all differences is a bound, which holds in at least 95 % of cases. Errors of
 * tensors add up in the output, so what moves each of them by at most so many dB, moves the output
 * by no more.
 *
 * <p>Law: a function of the parts, in any order if they are at most 8; of more, {@value #MOST}
 * halves are drawn, always the same. Cost: a merge and a selection for each half and for up to 25
 * pairs of ends.
 */
public final class ScaleStability {

  /** Parts that are needed: three pairs of halves. */
  public static final int FEWEST_PARTS = 4;

  private static final int MOST = 70;

  private static final long SEED = 20261128;

  private final ActivationPlanner planner;
  private final int parts;
  private final List<boolean[]> halves;

  /**
   * @param planner selects the scales
   * @param parts how many parts there are
   * @throws IllegalArgumentException if they are fewer than {@value #FEWEST_PARTS}
   */
  public ScaleStability(ActivationPlanner planner, int parts) {
    if (parts < FEWEST_PARTS) {
      throw new IllegalArgumentException(
          "%d parts of the samples say too little of how stable scales are: at least %d are needed"
              .formatted(parts, FEWEST_PARTS));
    }
    this.planner = planner;
    this.parts = parts;
    this.halves = halves(parts);
  }

  private static List<boolean[]> halves(int parts) {
    List<boolean[]> all = new ArrayList<>();
    // There are 70 halves of 8 parts; of many parts no two draws are likely to be equal.
    if (parts <= 8) {
      for (int bits = 0; bits < 1 << parts; bits++) {
        if (Integer.bitCount(bits) == parts / 2) {
          boolean[] half = new boolean[parts];
          for (int p = 0; p < parts; p++) {
            half[p] = (bits >> p & 1) == 1;
          }
          all.add(half);
        }
      }
      return all;
    }
    Random random = new Random(SEED);
    for (int draw = 0; draw < MOST; draw++) {
      boolean[] half = new boolean[parts];
      for (int left = parts / 2, p = 0; p < parts; p++) {
        if (random.nextInt(parts - p) < left) {
          half[p] = true;
          left--;
        }
      }
      all.add(half);
    }
    return all;
  }

  /**
   * The largest difference of the expected SQNR, in dB.
   *
   * @param statistics of one tensor, by part
   * @param query what the recipe's rules match; about the same tensor
   * @return empty if the tensor stays float, has a scale for each channel, only its extremes are
   *     known, by which no scale can be judged, fewer than {@value #FEWEST_PARTS} parts have values
   *     of it, or one scale leaves no error at all and another does, as of whole numbers, which no
   *     number of dB bounds
   * @throws IllegalArgumentException if there are not so many parts, or the recipe's method needs
   *     what they lack
   */
  public Optional<Double> changeDb(List<TensorStatistics> statistics, TensorQuery query) {
    return changeDb(merged(statistics, new boolean[statistics.size()], false), statistics, query);
  }

  /**
   * The same where more is known of all samples together than of each part, such as finer bins and
   * those of channels: by these the scales are judged, and whether the recipe's method is right for
   * the tensor at all.
   *
   * @param all statistics of all parts
   */
  public Optional<Double> changeDb(
      TensorStatistics all, List<TensorStatistics> statistics, TensorQuery query) {
    if (statistics.size() != parts) {
      throw new IllegalArgumentException(
          "Tensor '%s' has statistics of %d parts instead of %d"
              .formatted(query.tensor(), statistics.size(), parts));
    }
    Supplier<List<Distribution>> channels =
        () -> all.channels().stream().map(Statistics::distribution).toList();
    TensorStatistics seen = merged(statistics, new boolean[parts], false);
    Optional<ChannelPlan> whole = scale(seen, query, channels);
    Distribution values = all.whole().map(Statistics::distribution).orElseThrow();
    List<Statistics> filled =
        statistics.stream()
            .map(part -> part.whole().orElseThrow())
            .filter(part -> part.finite() > 0)
            .toList();
    if (whole.isEmpty() || values.bins() == 0 || filled.size() < FEWEST_PARTS) {
      return Optional.empty();
    }
    QuantParams params = whole.get().params();
    double reached = sqnrDb(values, params);
    // Many halves have the same extremes.
    Set<QuantParams> judged = new HashSet<>(Set.of(params));
    double largest = 0;
    for (boolean[] half : halves) {
      Optional<QuantParams> own =
          scale(merged(statistics, half, true), query, channels).map(ChannelPlan::params);
      if (own.isPresent() && judged.add(own.get())) {
        largest = Math.max(largest, difference(reached, sqnrDb(values, own.get())));
      }
    }
    Statistics row = all.whole().orElseThrow();
    Range range = whole.get().range();
    boolean below = range.low() < 0 && range.low() <= row.min();
    boolean above = range.high() > 0 && range.high() >= row.max();
    if (!below && !above) {
      return finite(largest);
    }
    Statistics coarse = seen.whole().orElseThrow();
    for (Range ends : FutureExtremes.pairs(filled, below, above)) {
      Statistics more = coarse.merge(FutureExtremes.counted(ends, coarse.mantissaBits()));
      Optional<QuantParams> own =
          scale(TensorStatistics.ofWhole(query.tensor(), more), query, channels)
              .map(ChannelPlan::params)
              .filter(found -> !found.equals(params));
      if (own.isPresent()) {
        Distribution then =
            row.merge(FutureExtremes.counted(ends, row.mantissaBits())).distribution();
        double clipped = sqnrDb(then, params);
        largest = Math.max(largest, difference(reached, sqnrDb(values, own.get())));
        largest = Math.max(largest, difference(clipped, sqnrDb(then, own.get())));
      }
    }
    return finite(largest);
  }

  /** Infinite where only one of both scales leaves no error. */
  private static double difference(double first, double second) {
    return first == second ? 0 : Math.abs(first - second);
  }

  private static Optional<Double> finite(double largest) {
    return Optional.of(largest).filter(Double::isFinite);
  }

  private static double sqnrDb(Distribution values, QuantParams params) {
    return ExpectedError.of(values, params).sqnrDb();
  }

  private static TensorStatistics merged(
      List<TensorStatistics> statistics, boolean[] half, boolean wanted) {
    TensorStatistics sum = null;
    for (int p = 0; p < half.length; p++) {
      if (half[p] == wanted) {
        sum = sum == null ? statistics.get(p) : sum.merge(statistics.get(p));
      }
    }
    return sum;
  }

  /** The only scale of a tensor. */
  private Optional<ChannelPlan> scale(
      TensorStatistics statistics, TensorQuery query, Supplier<List<Distribution>> channels) {
    TensorPlan plan = planner.plan(statistics, query, channels);
    return plan.quantized() && plan.axis().isEmpty()
        ? Optional.of(plan.channels().get(0))
        : Optional.empty();
  }
}
