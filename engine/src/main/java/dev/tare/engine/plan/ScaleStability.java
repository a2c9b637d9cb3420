package dev.tare.engine.plan;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.QuantParams;
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
 * changed once. Doubling them again changes no more, but by chance, if parts are alike: ranges by
 * shares or squared errors settle with the square root of the samples, and extremes grow by less
 * and less. So the largest of these differences is a bound. Errors of tensors add up in the output,
 * so what moves each of them by at most so many dB, moves the output by no more.
 *
 * <p>Law: a function of the parts, in their order. Of more than {@value #MOST} halves so many are
 * drawn, always the same. Cost: a merge and a selection for each of them.
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
   * @return empty if the tensor stays float, has a scale for each channel, or only its extremes are
   *     known, by which no scale can be judged
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
    Optional<QuantParams> whole =
        params(merged(statistics, new boolean[parts], false), query, channels);
    Distribution values = all.whole().map(Statistics::distribution).orElseThrow();
    if (whole.isEmpty() || values.bins() == 0) {
      return Optional.empty();
    }
    double reached = ExpectedError.of(values, whole.get()).sqnrDb();
    // Many halves have the same extremes.
    Set<QuantParams> judged = new HashSet<>(Set.of(whole.get()));
    double largest = 0;
    for (boolean[] half : halves) {
      Optional<QuantParams> own = params(merged(statistics, half, true), query, channels);
      if (own.isPresent() && judged.add(own.get())) {
        double other = ExpectedError.of(values, own.get()).sqnrDb();
        largest = Math.max(largest, Math.abs(reached - other));
      }
    }
    return Optional.of(largest);
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

  private Optional<QuantParams> params(
      TensorStatistics statistics, TensorQuery query, Supplier<List<Distribution>> channels) {
    TensorPlan plan = planner.plan(statistics, query, channels);
    return plan.quantized() && plan.channels().size() == 1
        ? Optional.of(plan.channels().params(0))
        : Optional.empty();
  }
}
