package dev.tare.jobs.image;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A number for each channel, or one number for all.
 *
 * @param values 1 or 3 finite numbers, in the order of the model's channels
 */
public record ChannelValues(List<Double> values) implements Serializable {

  public ChannelValues {
    // An ArrayList, since Kryo cannot write the lists of List.copyOf.
    values = Collections.unmodifiableList(new ArrayList<>(values));
    if (values.size() != 1 && values.size() != 3) {
      throw new IllegalArgumentException(
          "%d numbers; give one, or one for each of three channels".formatted(values.size()));
    }
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("'" + value + "' is not a finite number");
      }
    }
  }

  /**
   * Reads numbers separated by commas.
   *
   * @throws IllegalArgumentException if there are not 1 or 3 of them
   */
  public static ChannelValues parse(String text) {
    List<Double> values = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      try {
        values.add(Double.valueOf(part.strip()));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("'%s' is not a number".formatted(part), e);
      }
    }
    return new ChannelValues(values);
  }

  public static ChannelValues of(Double... values) {
    return new ChannelValues(List.of(values));
  }

  double of(int channel) {
    return values.get(values.size() == 1 ? 0 : channel);
  }

  @Override
  public String toString() {
    return values.stream()
        .map(value -> BigDecimal.valueOf(value).stripTrailingZeros().toPlainString())
        .collect(Collectors.joining(","));
  }
}
