package dev.tare.jobs.report;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.UnclippedRange;
import dev.tare.engine.recipe.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One row of the table of quantized tensors, made when it is written.
 *
 * @param number position by expected SQNR, from 1 for the lowest
 * @param plan its decision
 * @param spread its values, of an activation
 * @param channels ranges of its channels, of an activation
 * @param codes counts of its integers, of a weight
 */
record TensorView(
    int number,
    TensorPlan plan,
    Optional<Spread> spread,
    Optional<ChannelSpread> channels,
    Optional<List<Long>> codes) {

  private static final int MOST_CONSUMERS = 12;
  private static final int MOST_COLUMNS = 128;

  String name() {
    return plan.tensor();
  }

  String role() {
    return word(plan.role());
  }

  String type() {
    return word(plan.type());
  }

  int bits() {
    return plan.type().dtype().bits();
  }

  String format() {
    return switch (plan.format()) {
      case QDQ -> "QuantizeLinear and DequantizeLinear";
      case DYNAMIC -> "at run time, before MatMulInteger or ConvInteger";
      case MATMUL_NBITS -> "packed for MatMulNBits";
      case MATMUL_BNB4 -> "packed for MatMulBnb4";
      case GATHER -> "codes of a table, for Gather";
    };
  }

  /**
   * Expected noise over signal. All channels have equal weight: the plan has their ratios, not
   * their powers.
   */
  static double noiseRatio(TensorPlan plan) {
    double sum = 0;
    int known = 0;
    for (int c = 0; c < plan.channels().size(); c++) {
      double db = plan.channels().expectedSqnrDb(c);
      if (!Double.isNaN(db)) {
        sum += Math.pow(10, -db / 10);
        known++;
      }
    }
    return known == 0 ? Double.NaN : sum / known;
  }

  static double sqnrDb(TensorPlan plan) {
    double ratio = noiseRatio(plan);
    return ratio == 0 ? Double.POSITIVE_INFINITY : -10 * StrictMath.log10(ratio);
  }

  /** Mean over channels of the share of clipped values; NaN if none is known. */
  static double clippedShare(TensorPlan plan) {
    return IntStream.range(0, plan.channels().size())
        .mapToDouble(plan.channels()::clippedShare)
        .filter(share -> !Double.isNaN(share))
        .average()
        .orElse(Double.NaN);
  }

  String sqnr() {
    return Figures.db(sqnrDb(plan));
  }

  /** The key that sorts the table, in JavaScript's form of numbers; an empty key sorts last. */
  String sqnrKey() {
    return key(sqnrDb(plan));
  }

  String clipped() {
    double share = clippedShare(plan);
    return share == 0 ? "0" : Figures.percent(share, 3);
  }

  String clippedKey() {
    return key(clippedShare(plan));
  }

  private static String key(double value) {
    return Double.isNaN(value)
        ? ""
        : Double.isInfinite(value) ? "1e9" : Float.toString((float) value);
  }

  /** The scale, or the lowest and the highest of several. */
  String scale() {
    double low = Double.POSITIVE_INFINITY;
    for (float scale : plan.scales()) {
      low = Math.min(low, scale);
    }
    double high = largestScale(plan);
    return plan.channels().isEmpty()
        ? "at run time"
        : low == high ? Figures.column(low) : Figures.column(low) + " … " + Figures.column(high);
  }

  String scaleKey() {
    return key(largestScale(plan));
  }

  /** NaN if there is no scale. */
  static double largestScale(TensorPlan plan) {
    return IntStream.range(0, plan.channels().size())
        .mapToDouble(plan.channels()::scale)
        .max()
        .orElse(Double.NaN);
  }

  String zeroPoint() {
    int low = Arrays.stream(plan.zeroPoints()).min().orElse(0);
    int high = Arrays.stream(plan.zeroPoints()).max().orElse(0);
    return plan.channels().isEmpty()
        ? "at run time"
        : low == high ? Figures.count(low) : Figures.count(low) + " … " + Figures.count(high);
  }

  String zeroPointKey() {
    return String.valueOf(Arrays.stream(plan.zeroPoints()).min().orElse(0));
  }

  String granularity() {
    if (plan.axis().isEmpty()) {
      return "one scale";
    }
    String scales = Figures.count(plan.channels().size());
    return plan.granularity().blockSize().isPresent()
        ? "%s scales, one for each block of %d along axis %d"
            .formatted(scales, plan.granularity().blockSize().getAsInt(), plan.axis().getAsInt())
        : "%s scales, one for each channel of axis %d".formatted(scales, plan.axis().getAsInt());
  }

  String range() {
    if (plan.channels().isEmpty()) {
      return "found at run time";
    }
    return range(plan) + (plan.channels().size() > 1 ? " over all" : "");
  }

  /** The interval that the ranges of all scales cover. */
  static String range(TensorPlan plan) {
    double low = 0;
    double high = 0;
    for (int c = 0; c < plan.channels().size(); c++) {
      low = Math.min(low, plan.channels().low(c));
      high = Math.max(high, plan.channels().high(c));
    }
    return Figures.real(low) + " … " + Figures.real(high);
  }

  String shape() {
    return plan.shape().map(Object::toString).orElse("");
  }

  String consumers() {
    List<String> named = plan.consumers();
    String text = String.join(", ", named.subList(0, Math.min(MOST_CONSUMERS, named.size())));
    return named.size() <= MOST_CONSUMERS
        ? text
        : text + " and %d more".formatted(named.size() - MOST_CONSUMERS);
  }

  /** The two parts of the error, in words and figures. */
  List<Fact> errors() {
    List<Fact> facts = new ArrayList<>();
    Optional<Spread.Noise> noise = spread.flatMap(Spread::noise);
    if (noise.isPresent()) {
      Spread.Noise n = noise.get();
      double total = n.clipped() + n.rounded();
      facts.add(
          new Fact("rounding alone", Figures.db(n.roundedDb()) + " dB", of(n.rounded(), total)));
      facts.add(
          new Fact(
              "clipping alone",
              n.clipped() == 0 ? "none" : Figures.db(n.clippedDb()) + " dB",
              n.clipped() == 0
                  ? "no value saturates"
                  : of(n.clipped(), total)
                      + "; %s of the values saturate"
                          .formatted(Figures.percent(n.clippedShare()))));
    } else if (clippedShare(plan) == 0) {
      facts.add(new Fact("rounding alone", sqnr() + " dB", "all of the noise"));
      facts.add(new Fact("clipping alone", "none", "no value saturates"));
    } else if (!plan.channels().isEmpty()) {
      facts.add(
          new Fact(
              "rounding and clipping",
              sqnr() + " dB",
              clipped() + " of the values saturate; the plan does not hold the parts"));
    }
    plan.channels().unclipped().ifPresent(all -> facts.add(fact(all)));
    if (plan.channels().size() > 1 && plan.granularity().blockSize().isEmpty()) {
      int worst = 0;
      for (int c = 1; c < plan.channels().size(); c++) {
        boolean less = plan.channels().expectedSqnrDb(c) < plan.channels().expectedSqnrDb(worst);
        worst = less ? c : worst;
      }
      facts.add(
          new Fact(
              "worst channel",
              Figures.db(plan.channels().expectedSqnrDb(worst)) + " dB",
              "channel " + worst));
    }
    return facts;
  }

  private static Fact fact(UnclippedRange all) {
    String range =
        "%s … %s".formatted(Figures.real(all.range().low()), Figures.real(all.range().high()));
    String clipped =
        all.clippedChannels().isEmpty()
            ? ""
            : "; what was chosen clips %s channels"
                .formatted(Figures.count(all.clippedChannels().getAsInt()));
    String farthest =
        all.farthest().isEmpty()
            ? ""
            : ", channel %d farthest (it has %s … %s and keeps %s dB, of %s with all values)"
                .formatted(
                    all.farthest().get(0).channel(),
                    Figures.real(all.farthest().get(0).range().low()),
                    Figures.real(all.farthest().get(0).range().high()),
                    Figures.db(all.farthest().get(0).chosenSqnrDb()),
                    Figures.db(all.farthest().get(0).expectedSqnrDb()));
    return new Fact(
        "with the range of all values",
        Figures.db(all.expectedSqnrDb()) + " dB",
        range + clipped + farthest);
  }

  /** Other ways to quantize an activation, from its statistics. */
  List<WhatIf> whatIf() {
    return spread.map(Spread::whatIf).orElse(List.of());
  }

  double expectedDb() {
    return sqnrDb(plan);
  }

  private static String of(double part, double total) {
    return total == 0 ? "" : Figures.percent(part / total) + " of the noise";
  }

  Optional<Chart> distribution() {
    return spread
        .flatMap(s -> Chart.ofValues(s, chosen()))
        .or(() -> codes.flatMap(c -> Chart.ofCodes(c, plan.limits().qmin(), plan.limits().qmax())));
  }

  /** The reason why no distribution is shown. */
  String noDistribution() {
    return switch (plan.role()) {
      case ACTIVATION -> "No statistics of this tensor were found.";
      case WEIGHT -> "No integers of this weight were found.";
      case BIAS ->
          "A bias has 32 bits, and the scale of its accumulator: what it loses is next to nothing.";
    };
  }

  /** The range of one scale. */
  private Optional<double[]> chosen() {
    return plan.channels().size() == 1
        ? Optional.of(new double[] {plan.channels().low(0), plan.channels().high(0)})
        : Optional.empty();
  }

  Optional<Chart> channelRanges() {
    if (plan.role() == Role.ACTIVATION) {
      return channels.flatMap(c -> Chart.ofChannels(c, chosen(), "channel"));
    }
    if (plan.channels().size() < 2) {
      return Optional.empty();
    }
    List<Double> lows = new ArrayList<>();
    List<Double> highs = new ArrayList<>();
    for (int c = 0; c < plan.channels().size(); c++) {
      lows.add((double) plan.channels().low(c));
      highs.add((double) plan.channels().high(c));
    }
    String each = plan.granularity().blockSize().isPresent() ? "block" : "channel";
    return Chart.ofChannels(ChannelSpread.of(lows, highs, MOST_COLUMNS), Optional.empty(), each);
  }

  /** The samples with the extremes, for an activation with statistics. */
  List<Extreme> extremes() {
    return spread
        .map(
            s ->
                List.of(
                    new Extreme("smallest", Figures.real(s.min()), s.lowest()),
                    new Extreme("largest", Figures.real(s.max()), s.highest())))
        .orElse(List.of());
  }

  /** An extreme and its origin. */
  record Extreme(String which, String value, Optional<Spread.Origin> origin) {

    String place() {
      return origin
          .map(
              o ->
                  o.file().orElse("file not recorded")
                      + (o.row() >= 0 ? ", row " + Figures.count(o.row()) : ""))
          .orElse("not recorded");
    }
  }

  static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }
}
