package dev.tare.engine.plan;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.statistics.Statistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * How far the parts of joined inputs reach, as far as they were observed, each as a whole: whether
 * an input joins unlike things, or alike ones whose channels differ as they do anywhere.
 */
public final class PartScales {

  /**
   * How many times as far as another a part reaches at least where they are unlike. A part that
   * reaches an eighth as far as the scale has three of eight bits less, 18 dB of the 50 that these
   * keep of uniform values: what loses less is not lost by what stands beside it.
   */
  static final double LEAST_FACTOR = 8;

  private final Map<String, List<String>> parts = new TreeMap<>();

  private PartScales() {}

  /** The parts of joined inputs; costs a walk through the graph. */
  public static PartScales of(ModelGraph graph, Set<String> inputs) {
    PartScales scales = new PartScales();
    JoinedParts joined = new JoinedParts(graph.topology());
    inputs.forEach(input -> scales.parts.put(input, joined.of(input)));
    return scales;
  }

  /** The parts of all, whose statistics decide. */
  public Set<String> decisive() {
    Set<String> all = new TreeSet<>();
    parts.values().forEach(all::addAll);
    return all;
  }

  /**
   * Returns the inputs that may have parts of unlike scale, with what is known of these. Left out
   * are those of which at least two parts were observed, and none of them reaches {@value
   * #LEAST_FACTOR} times as far as another that is not always 0; where fewer were, nothing is known
   * against it.
   *
   * @param values what was observed of a part, of all its values together
   */
  public Map<String, String> unlike(Function<String, Optional<Statistics>> values) {
    Map<String, String> known = new TreeMap<>();
    parts.forEach((input, own) -> known(own, values).ifPresent(text -> known.put(input, text)));
    return known;
  }

  private static Optional<String> known(
      List<String> parts, Function<String, Optional<Statistics>> values) {
    int observed = 0;
    String largest = "";
    String smallest = "";
    double most = 0;
    double least = Double.POSITIVE_INFINITY;
    for (String part : parts) {
      Optional<Statistics> seen = values.apply(part).filter(each -> each.finite() > 0);
      if (seen.isEmpty()) {
        continue;
      }
      observed++;
      double reached = Math.max(Math.abs(seen.get().min()), Math.abs(seen.get().max()));
      if (reached > most) {
        largest = part;
        most = reached;
      }
      if (reached > 0 && reached < least) {
        smallest = part;
        least = reached;
      }
    }
    if (observed < 2) {
      return Optional.of("how far its parts reach was not observed");
    }
    return most >= LEAST_FACTOR * least
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "its part '%s' reaches %s, '%s' %s",
                largest,
                (float) most,
                smallest,
                (float) least))
        : Optional.empty();
  }
}
