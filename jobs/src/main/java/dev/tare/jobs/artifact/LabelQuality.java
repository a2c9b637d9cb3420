package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How well the float and the quantized model do what they are for, by labels of the samples or by
 * the strings that both read.
 *
 * @param column the data's column of labels; empty where strings are compared without any
 * @param output the output that was compared with them
 * @param samples how many have a part in the measures
 * @param measures at least one
 */
public record LabelQuality(
    Optional<String> column, String output, long samples, List<Measure> measures) {

  public LabelQuality {
    measures = List.copyOf(measures);
  }

  /**
   * A share of both models on the same samples, from 0 to 1; more is better.
   *
   * @param name what is measured, such as {@code accuracy}
   * @param ofFloat the float model's
   * @param ofQuantized the quantized model's
   * @param difference between which values quantized minus float is with a confidence of 95 %, by
   *     samples that are drawn for both models together; empty for a single sample
   */
  public record Measure(
      String name, double ofFloat, double ofQuantized, Optional<Interval> difference) {

    /** Whether the samples are enough to say which model is better. */
    public boolean apart() {
      return difference.filter(interval -> !interval.contains(0)).isPresent();
    }

    private void put(ObjectNode node) {
      node.put("name", name);
      JsonText.put(node, "float", ofFloat);
      JsonText.put(node, "quantized", ofQuantized);
      JsonText.put(node, "difference", ofQuantized - ofFloat);
      difference.ifPresent(
          interval -> {
            JsonText.put(node, "difference-low", interval.low());
            JsonText.put(node, "difference-high", interval.high());
          });
    }

    private static Measure of(ObjectNode node, String where) {
      FigureReader in = new FigureReader(node, where);
      double low = in.number("difference-low", -1, 1);
      double high = in.number("difference-high", -1, 1);
      if (low > high) {
        throw in.impossible("difference-high");
      }
      return new Measure(
          in.text("name"),
          in.number("float", 0, 1),
          in.number("quantized", 0, 1),
          Double.isNaN(low) || Double.isNaN(high)
              ? Optional.empty()
              : Optional.of(new Interval(low, high)));
    }
  }

  /** Both figures of a measure, the difference, and whether it is more than chance. */
  public String words(Measure measure) {
    String difference =
        measure
            .difference()
            .map(
                interval ->
                    String.format(
                        Locale.ROOT, " (95 %%: %+.4f to %+.4f)", interval.low(), interval.high()))
            .orElse("");
    return String.format(
        Locale.ROOT,
        "%s %.4f float, %.4f quantized; difference %+.4f%s%s",
        measure.name(),
        measure.ofFloat(),
        measure.ofQuantized(),
        measure.ofQuantized() - measure.ofFloat(),
        difference,
        measure.apart() ? "" : ": cannot be told apart on %d samples".formatted(samples));
  }

  void put(ObjectNode node) {
    column.ifPresent(name -> node.put("column", name));
    node.put("output", output);
    node.put("samples", samples);
    ArrayNode all = node.putArray("measures");
    measures.forEach(measure -> measure.put(all.addObject()));
  }

  static LabelQuality of(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    List<Measure> measures = new ArrayList<>();
    for (ObjectNode measure : in.objects("measures")) {
      measures.add(Measure.of(measure, where + ", measures"));
    }
    return new LabelQuality(
        node.has("column") ? Optional.of(in.text("column")) : Optional.empty(),
        in.text("output"),
        in.count("samples"),
        measures);
  }
}
