package dev.tare.engine.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which parameter of a checkpoint an initializer of a graph is.
 *
 * @param parameters names of parameters by names of initializers
 * @param unknown initializers that have the values of no parameter, sorted
 */
public record ParameterNames(SortedMap<String, String> parameters, List<String> unknown) {

  public ParameterNames {
    parameters = new TreeMap<>(parameters);
    unknown = List.copyOf(unknown);
  }

  /**
   * Finds for each initializer the parameter with its values.
   *
   * @param initializers hash of shape and values by name
   * @param candidates the same of the parameters
   * @param given pairs that a person decided, which are taken as they are
   * @throws IllegalArgumentException if several parameters have an initializer's values, or two
   *     initializers would be one parameter; the message names them
   */
  public static ParameterNames find(
      SortedMap<String, String> initializers,
      SortedMap<String, String> candidates,
      SortedMap<String, String> given) {
    Map<String, List<String>> byDigest = new TreeMap<>();
    candidates.forEach(
        (name, digest) -> byDigest.computeIfAbsent(digest, values -> new ArrayList<>()).add(name));
    SortedMap<String, String> parameters = new TreeMap<>();
    SortedMap<String, String> taken = new TreeMap<>();
    List<String> unknown = new ArrayList<>();
    for (Map.Entry<String, String> each : initializers.entrySet()) {
      String initializer = each.getKey();
      List<String> found =
          given.containsKey(initializer)
              ? List.of(given.get(initializer))
              : byDigest.getOrDefault(each.getValue(), List.of());
      if (found.size() > 1) {
        throw new IllegalArgumentException(
            "%d parameters have the values of initializer '%s': %s; name the right one in --mapping"
                .formatted(found.size(), initializer, String.join(", ", found)));
      }
      if (found.isEmpty()) {
        unknown.add(initializer);
        continue;
      }
      String other = taken.put(found.get(0), initializer);
      if (other != null) {
        throw new IllegalArgumentException(
            "Initializers '%s' and '%s' are both parameter '%s'"
                .formatted(other, initializer, found.get(0)));
      }
      parameters.put(initializer, found.get(0));
    }
    return new ParameterNames(parameters, unknown);
  }
}
