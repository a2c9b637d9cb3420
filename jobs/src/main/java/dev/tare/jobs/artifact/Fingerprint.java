package dev.tare.jobs.artifact;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What decides the content of a run: version of Tare, inputs by content, configuration.
 *
 * <p>Not part of it: output, run id and time; the locations of inputs, which are identified by
 * content; and what only changes speed.
 *
 * @param facts one line per fact, sorted
 */
public record Fingerprint(SortedMap<String, String> facts) {
  private static final Set<String> PLACES =
      Set.of(
          "model",
          "data",
          "eval-data",
          "tokenizer",
          "statistics",
          "plan",
          "quantized",
          "runs",
          "output",
          "run-id",
          "python",
          "config");
  private static final Set<String> SPEED =
      Set.of("partitions", "batch-size", "if-finished", "verbose");

  public Fingerprint {
    facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
  }

  public static Fingerprint of(
      String tareVersion,
      List<String> stages,
      Collection<InputRef> inputs,
      Map<String, String> configuration) {
    SortedMap<String, String> facts = new TreeMap<>();
    facts.put("tare version", tareVersion);
    facts.put("stages", String.join(", ", stages));
    Map<String, List<String>> identities = new TreeMap<>();
    for (InputRef input : inputs) {
      identities.computeIfAbsent(input.name(), n -> new ArrayList<>()).add(input.identity());
    }
    identities.forEach(
        (name, list) -> {
          Collections.sort(list);
          facts.put("input " + name, String.join("; ", list));
        });
    configuration.forEach(
        (key, value) -> {
          if (!PLACES.contains(key) && !SPEED.contains(key)) {
            facts.put("option " + key, value);
          }
        });
    return new Fingerprint(facts);
  }

  /** Hash over the facts in order, each key and value preceded by its length. */
  public String sha256() {
    StringBuilder text = new StringBuilder();
    facts.forEach(
        (key, value) ->
            text.append(key.length())
                .append(':')
                .append(key)
                .append('=')
                .append(value.length())
                .append(':')
                .append(value)
                .append('\n'));
    return Digest.of(text.toString()).sha256();
  }

  /** One sentence per fact in which another run differs; empty when both are equal. */
  public List<String> differences(Fingerprint other) {
    SortedMap<String, String> theirs = other.facts();
    Set<String> keys = new TreeSet<>(facts.keySet());
    keys.addAll(theirs.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String mine = facts.getOrDefault(key, "absent");
      String its = theirs.getOrDefault(key, "absent");
      if (!mine.equals(its)) {
        differences.add("%s is %s here and %s there".formatted(key, mine, its));
      }
    }
    return differences;
  }
}
