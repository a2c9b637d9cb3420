package dev.tare.jobs.report;

import java.util.List;
import java.util.Optional;

/**
 * A drawing with its title, labels and caption.
 *
 * @param title text for readers who cannot see it
 * @param width columns of its view box, which is {@link Drawing#HEIGHT} high
 * @param path the outline, as an SVG path
 * @param left label at the left or lower edge
 * @param right label at the right or upper edge
 * @param marks positions of the chosen range: from the left in a histogram, from the top among
 *     channels; both or none
 * @param caption a sentence below
 */
record Chart(
    String title,
    int width,
    String path,
    String left,
    String right,
    List<String> marks,
    String caption) {

  Chart {
    marks = List.copyOf(marks);
  }

  /** Values by columns, with marks for the chosen range. */
  static Optional<Chart> ofValues(Spread spread, Optional<double[]> range) {
    if (spread.columns().isEmpty()) {
      return Optional.empty();
    }
    int width = spread.columns().size();
    List<String> marks =
        range
            .map(
                r ->
                    List.of(
                        Drawing.x(r[0], spread.left(), spread.right(), width),
                        Drawing.x(r[1], spread.left(), spread.right(), width)))
            .orElse(List.of());
    String zeros = "";
    if (spread.zeros() > 0) {
      zeros =
          "; %s are exact zeros"
              .formatted(Figures.percent((double) spread.zeros() / spread.count()));
    }
    return Optional.of(
        new Chart(
            "Distribution from %s to %s"
                .formatted(Figures.real(spread.min()), Figures.real(spread.max())),
            width,
            Drawing.bars(spread.columns()),
            Figures.real(spread.left()),
            Figures.real(spread.right()),
            marks,
            "%s values%s%s."
                .formatted(
                    Figures.count(spread.count()),
                    zeros,
                    marks.isEmpty()
                        ? ""
                        : spread.noise().filter(n -> n.clippedShare() > 0).isPresent()
                            ? ". Dashed: the chosen range; shaded: what it clips"
                            : ". Dashed: the chosen range, which clips nothing")));
  }

  /** Integers of a weight by columns. */
  static Optional<Chart> ofCodes(List<Long> counts, int qmin, int qmax) {
    long total = counts.stream().mapToLong(c -> c).sum();
    if (total == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new Chart(
            "Counts of the integers from %d to %d".formatted(qmin, qmax),
            counts.size(),
            Drawing.bars(counts),
            Figures.count(qmin),
            Figures.count(qmax),
            List.of(),
            "The integers of %s weights, each in the scale of its channel."
                .formatted(Figures.count(total))));
  }

  /** Ranges of channels, side by side. */
  static Optional<Chart> ofChannels(ChannelSpread channels, Optional<double[]> range, String each) {
    double bottom = channels.widestLow();
    double top = channels.widestHigh();
    if (channels.widest() < 0) {
      return Optional.empty();
    }
    for (double low : channels.lows()) {
      bottom = Double.isNaN(low) ? bottom : Math.min(bottom, low);
    }
    for (double high : channels.highs()) {
      top = Double.isNaN(high) ? top : Math.max(top, high);
    }
    if (range.isPresent()) {
      bottom = Math.min(bottom, range.get()[0]);
      top = Math.max(top, range.get()[1]);
    }
    List<String> marks = List.of();
    if (range.isPresent()) {
      marks =
          List.of(
              Integer.toString(Drawing.y(range.get()[1], bottom, top)),
              Integer.toString(Drawing.y(range.get()[0], bottom, top)));
    }
    String grouped =
        channels.perColumn() == 1 ? "" : ", %d to a column".formatted(channels.perColumn());
    String caption =
        "%s %ss%s. %s %d reaches furthest, %s to %s; half of them stay within ±%s."
            .formatted(
                Figures.count(channels.channels()),
                each,
                grouped,
                Character.toUpperCase(each.charAt(0)) + each.substring(1),
                channels.widest(),
                Figures.real(channels.widestLow()),
                Figures.real(channels.widestHigh()),
                Figures.real(channels.medianMagnitude()));
    return Optional.of(
        new Chart(
            "Ranges of %d %ss from %s to %s"
                .formatted(channels.channels(), each, Figures.real(bottom), Figures.real(top)),
            channels.lows().size(),
            Drawing.spans(channels.lows(), channels.highs(), bottom, top),
            Figures.real(bottom),
            Figures.real(top),
            marks,
            caption));
  }
}
