package dev.tare.jobs.select;

import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.MixedError;
import dev.tare.jobs.artifact.WeightLevel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * Which weights become smaller first: the frontier of predicted error and size, and the point of it
 * that meets a budget.
 *
 * <p>Noise powers of groups add up, and so do, for small errors, the distances of cosines from 1.
 * Groups interact, so each level's errors are scaled such that the model with all groups at this
 * level gets what was measured of it. Where models along the frontier were measured too, what they
 * have beyond that, and the lower ends of their confidence, correct all others. Of a group those
 * levels are considered that lie on the lower convex hull of error over bytes; the steps of all
 * groups, sorted by error per byte saved, are the frontier (Shoham and Gersho, 1988). It is
 * monotone: each step saves bytes and adds error.
 */
public final class Frontier {

  /** Further points say nothing more. */
  private static final int MOST_POINTS = 200;

  /** SQNR above which groups hardly interact. */
  private static final double MOST_DB = 45;

  private static final Budget BY_NOISE = Budget.parse("sqnr>=0dB");

  private record Choice(WeightLevel level, long bytes, double noise, double distance) {}

  /** From one level of a group to its next smaller one. */
  private record Step(String weight, int number, Choice from, Choice to, double slope) {}

  /** What a model costs so far; noise over signal and 1 - cosine. */
  private record Sum(long bytes, double noise, double distance) {
    Sum after(Step step) {
      return plus(step.to(), step.from());
    }

    Sum before(Step step) {
      return plus(step.from(), step.to());
    }

    private Sum plus(Choice added, Choice removed) {
      return new Sum(
          bytes + added.bytes() - removed.bytes(),
          noise + added.noise() - removed.noise(),
          distance + added.distance() - removed.distance());
    }
  }

  /**
   * A model in which weights have different levels.
   *
   * @param levels by weight
   * @param bytes of these weights with their scales and zero points
   */
  public record Mixture(SortedMap<String, WeightLevel> levels, long bytes) {}

  private final Budget budget;
  private final SortedMap<String, List<Choice>> hulls = new TreeMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final long elements;
  private final long besides;
  private final Sum whole;
  private Correction noise = new Correction(List.of());
  private Correction surelyNoise = noise;
  private Correction distance = noise;
  private Correction surelyDistance = noise;
  private List<BudgetPlan.Point> measured = List.of();

  /**
   * @param errors of a run of {@code tare sensitivity}
   * @param mixed models along the frontier of noise that it measured
   * @param modelBytes of the float model's file
   */
  Frontier(Budget budget, List<GroupError> errors, List<MixedError> mixed, long modelBytes) {
    this(budget, errors, modelBytes);
    if (!mixed.isEmpty()) {
      correct(new Frontier(BY_NOISE, errors, modelBytes), mixed);
    }
  }

  private Frontier(Budget budget, List<GroupError> errors, long modelBytes) {
    this.budget = budget;
    ToDoubleFunction<Choice> error =
        budget.measure() == Budget.Measure.COSINE ? Choice::distance : Choice::noise;
    Map<WeightLevel, double[]> factors = factors(errors);
    SortedMap<String, List<GroupError>> groups = new TreeMap<>();
    for (GroupError measured : errors) {
      measured
          .weight()
          .ifPresent(
              weight -> groups.computeIfAbsent(weight, key -> new ArrayList<>()).add(measured));
    }
    long values = 0;
    long floats = 0;
    for (Map.Entry<String, List<GroupError>> group : groups.entrySet()) {
      GroupError first = group.getValue().get(0);
      values += first.elements();
      floats += first.floatBytes();
      List<Choice> choices = new ArrayList<>();
      choices.add(new Choice(WeightLevel.FLOAT, first.floatBytes(), 0, 0));
      for (GroupError measured : group.getValue()) {
        double[] factor = factors.get(measured.level());
        Choice choice =
            new Choice(
                measured.level(),
                measured.bytes(),
                measured.noise() * factor[0],
                distance(measured) * factor[1]);
        if (Double.isFinite(choice.noise()) && Double.isFinite(choice.distance())) {
          choices.add(choice);
        }
      }
      List<Choice> hull = hull(choices, error);
      hulls.put(group.getKey(), hull);
      for (int i = 1; i < hull.size(); i++) {
        steps.add(
            new Step(
                group.getKey(),
                i,
                hull.get(i - 1),
                hull.get(i),
                slope(hull.get(i - 1), hull.get(i), error)));
      }
    }
    elements = values;
    besides = modelBytes - floats;
    whole = new Sum(floats, 0, 0);
    steps.sort(
        Comparator.comparingDouble(Step::slope)
            .thenComparing(Step::weight)
            .thenComparing(Step::number));
  }

  private static double distance(GroupError measured) {
    return Math.max(0, 1 - measured.cosine());
  }

  private void correct(Frontier byNoise, List<MixedError> mixed) {
    List<Correction.Anchor> noises = new ArrayList<>();
    List<Correction.Anchor> lowNoises = new ArrayList<>();
    List<Correction.Anchor> distances = new ArrayList<>();
    List<Correction.Anchor> lowDistances = new ArrayList<>();
    List<BudgetPlan.Point> points = new ArrayList<>();
    for (MixedError model : mixed) {
      Sum sum = byNoise.ofBytes(model.bytes());
      noises.add(new Correction.Anchor(sum.noise(), power(model.sqnrDb())));
      lowNoises.add(new Correction.Anchor(sum.noise(), power(model.sqnrDbLow())));
      distances.add(new Correction.Anchor(sum.distance(), 1 - model.cosine()));
      lowDistances.add(new Correction.Anchor(sum.distance(), 1 - model.cosineLow()));
      points.add(
          new BudgetPlan.Point(
              besides + model.bytes(),
              8.0 * model.bytes() / elements,
              model.sqnrDb(),
              model.cosine(),
              model.sqnrDbLow(),
              model.cosineLow()));
    }
    noise = new Correction(noises);
    surelyNoise = new Correction(lowNoises);
    distance = new Correction(distances);
    surelyDistance = new Correction(lowDistances);
    measured = points;
  }

  /** The last point that has as many bytes of weights, or more. */
  private Sum ofBytes(long bytes) {
    Sum sum = whole;
    for (Step step : steps) {
      Sum next = sum.after(step);
      if (next.bytes() < bytes) {
        break;
      }
      sum = next;
    }
    return sum;
  }

  private static double power(double sqnrDb) {
    return StrictMath.pow(10, -sqnrDb / 10);
  }

  /**
   * Models along the frontier that are worth measuring, from the largest: their SQNR, as it is
   * predicted without any, falls in equal steps to that of the smallest model.
   *
   * @param errors of groups, and of all together at each level
   * @param most how many
   */
  public static List<Mixture> mixtures(List<GroupError> errors, int most) {
    Frontier frontier = new Frontier(BY_NOISE, errors, 0);
    List<Mixture> mixtures = new ArrayList<>();
    double[] sqnrDb = new double[frontier.steps.size()];
    Sum sum = frontier.whole;
    for (int i = 0; i < sqnrDb.length; i++) {
      sum = sum.after(frontier.steps.get(i));
      // Where hardly anything is quantized yet, rounding may leave less than nothing.
      sqnrDb[i] = decibels(Math.max(0, sum.noise()));
    }
    int last = -1;
    for (int m = 0; m < most && sqnrDb.length > 0; m++) {
      double end = sqnrDb[sqnrDb.length - 1];
      double wanted = Math.max(MOST_DB, end) + m * (end - Math.max(MOST_DB, end)) / (most - 1);
      int at = m == most - 1 ? sqnrDb.length - 1 : 0;
      while (at < sqnrDb.length - 1 && sqnrDb[at] > wanted) {
        at++;
      }
      if (at > last) {
        mixtures.add(frontier.mixture(at + 1));
        last = at;
      }
    }
    return mixtures;
  }

  /** After so many steps. */
  private Mixture mixture(int taken) {
    SortedMap<String, WeightLevel> levels = new TreeMap<>();
    hulls.forEach((weight, hull) -> levels.put(weight, hull.get(0).level()));
    Sum sum = whole;
    for (Step step : steps.subList(0, taken)) {
      levels.put(step.weight(), step.to().level());
      sum = sum.after(step);
    }
    return new Mixture(levels, sum.bytes());
  }

  /** What was measured of models along the frontier. */
  List<BudgetPlan.Point> measured() {
    return measured;
  }

  /** By level: what all groups together give over what they add up to, of noise and distance. */
  private static Map<WeightLevel, double[]> factors(List<GroupError> errors) {
    Map<WeightLevel, double[]> factors = new HashMap<>();
    for (WeightLevel level : WeightLevel.QUANTIZED) {
      double[] sums = new double[2];
      double[] together = {Double.NaN, Double.NaN};
      for (GroupError error : errors) {
        if (error.level() != level) {
          continue;
        }
        if (error.weight().isEmpty()) {
          together = new double[] {error.noise(), distance(error)};
        } else {
          sums[0] += Double.isFinite(error.noise()) ? error.noise() : 0;
          sums[1] += Double.isFinite(distance(error)) ? distance(error) : 0;
        }
      }
      factors.put(level, new double[] {factor(together[0], sums[0]), factor(together[1], sums[1])});
    }
    return factors;
  }

  private static double factor(double together, double sum) {
    return sum > 0 && together > 0 && Double.isFinite(together) ? together / sum : 1;
  }

  private static double slope(Choice from, Choice to, ToDoubleFunction<Choice> error) {
    return (error.applyAsDouble(to) - error.applyAsDouble(from)) / (from.bytes() - to.bytes());
  }

  /** From the most bytes to the fewest, with slopes that grow. */
  private static List<Choice> hull(List<Choice> choices, ToDoubleFunction<Choice> error) {
    List<Choice> sorted = new ArrayList<>(choices);
    sorted.sort(Comparator.comparingLong(Choice::bytes).reversed().thenComparingDouble(error));
    List<Choice> hull = new ArrayList<>();
    for (Choice choice : sorted) {
      if (!hull.isEmpty() && choice.bytes() == hull.get(hull.size() - 1).bytes()) {
        continue;
      }
      while (hull.size() > 0
          && error.applyAsDouble(choice) <= error.applyAsDouble(hull.get(hull.size() - 1))
          && (hull.size() > 1 || error.applyAsDouble(choice) < 0)) {
        hull.remove(hull.size() - 1);
      }
      while (hull.size() > 1
          && slope(hull.get(hull.size() - 1), choice, error)
              <= slope(hull.get(hull.size() - 2), hull.get(hull.size() - 1), error)) {
        hull.remove(hull.size() - 1);
      }
      hull.add(choice);
    }
    return hull;
  }

  /** All points from float to the smallest model, thinned where there are very many. */
  List<BudgetPlan.Point> points() {
    List<BudgetPlan.Point> points = new ArrayList<>();
    Sum sum = whole;
    points.add(point(sum));
    for (Step step : steps) {
      sum = sum.after(step);
      points.add(point(sum));
    }
    if (points.size() <= MOST_POINTS) {
      return points;
    }
    List<BudgetPlan.Point> some = new ArrayList<>();
    for (int i = 0; i < MOST_POINTS; i++) {
      some.add(points.get((int) ((long) i * (points.size() - 1) / (MOST_POINTS - 1))));
    }
    return some;
  }

  private BudgetPlan.Point point(Sum sum) {
    double added = Math.max(0, sum.noise());
    double apart = Math.max(0, sum.distance());
    return new BudgetPlan.Point(
        besides + sum.bytes(),
        8.0 * sum.bytes() / elements,
        decibels(noise.of(added)),
        Math.max(-1, 1 - distance.of(apart)),
        decibels(surelyNoise.of(added)),
        Math.max(-1, 1 - surelyDistance.of(apart)));
  }

  private static double decibels(double noise) {
    return noise == 0 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(noise);
  }

  /**
   * What a budget chooses.
   *
   * @param levels by weight; float where they stay so
   */
  record Chosen(BudgetPlan.Point predicted, SortedMap<String, WeightLevel> levels) {}

  /** The smallest model within a limit of quality, or the best within one of size, if any is. */
  Optional<Chosen> choose() {
    Map<String, Integer> at = new HashMap<>();
    Sum sum = whole;
    if (budget.measure().quality()) {
      for (Step step : steps) {
        Sum next = sum.after(step);
        // A step that is too much blocks the group's next ones, not those of others.
        if (at.getOrDefault(step.weight(), 0) == step.number() - 1 && budget.met(point(next))) {
          at.put(step.weight(), step.number());
          sum = next;
        }
      }
    } else {
      int taken = 0;
      while (taken < steps.size() && !budget.met(point(sum))) {
        Step step = steps.get(taken++);
        at.put(step.weight(), step.number());
        sum = sum.after(step);
      }
      // The last steps saved more than was needed: what cost most is taken back where it fits.
      for (int i = taken - 1; i >= 0; i--) {
        Step step = steps.get(i);
        if (at.get(step.weight()) == step.number() && budget.met(point(sum.before(step)))) {
          at.put(step.weight(), step.number() - 1);
          sum = sum.before(step);
        }
      }
    }
    if (!budget.met(point(sum))) {
      return Optional.empty();
    }
    SortedMap<String, WeightLevel> levels = new TreeMap<>();
    hulls.forEach(
        (weight, hull) -> levels.put(weight, hull.get(at.getOrDefault(weight, 0)).level()));
    return Optional.of(new Chosen(point(sum), levels));
  }
}
