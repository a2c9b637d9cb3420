package dev.tare.engine.checkpoint;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Names modules for the {@code targets} of compressed-tensors: by a regular expression ({@code
 * re:}, matched from the start of a name) where modules differ in the numbers of their layers and
 * experts alone, which may be tens of thousands, else by their paths.
 */
final class ModuleTargets {

  private static final String NUMBER = "[0-9]+";
  private static final Predicate<String> IS_NUMBER = Pattern.compile(NUMBER).asMatchPredicate();

  private ModuleTargets() {}

  /**
   * Targets that match these modules and none of the others.
   *
   * @param own the modules of a group
   * @param all the modules of all groups
   */
  static SortedSet<String> of(Collection<String> own, Collection<String> all) {
    SortedMap<String, TreeSet<String>> byPattern = new TreeMap<>();
    TreeSet<String> targets = new TreeSet<>();
    for (String module : own) {
      pattern(module)
          .ifPresentOrElse(
              pattern -> byPattern.computeIfAbsent(pattern, key -> new TreeSet<>()).add(module),
              () -> targets.add(module));
    }
    TreeSet<String> others = new TreeSet<>(all);
    own.forEach(others::remove);
    for (Map.Entry<String, TreeSet<String>> each : byPattern.entrySet()) {
      Pattern pattern = Pattern.compile(each.getKey());
      boolean alone = others.stream().noneMatch(other -> pattern.matcher(other).lookingAt());
      if (alone && each.getValue().size() > 1) {
        targets.add("re:" + each.getKey());
      } else {
        targets.addAll(each.getValue());
      }
    }
    return targets;
  }

  /** From the word before the first number on, since loaders change what comes before that. */
  private static Optional<String> pattern(String module) {
    String[] words = module.split("\\.", -1);
    int first = 1;
    while (first < words.length && !IS_NUMBER.test(words[first])) {
      first++;
    }
    if (first >= words.length) {
      return Optional.empty();
    }
    StringBuilder pattern = new StringBuilder(".*").append(quoted(words[first - 1]));
    for (int i = first; i < words.length; i++) {
      pattern.append("\\.").append(IS_NUMBER.test(words[i]) ? NUMBER : quoted(words[i]));
    }
    return Optional.of(pattern.append('$').toString());
  }

  /** As Java and Python both read it. */
  private static String quoted(String word) {
    return word.replaceAll("[^A-Za-z0-9_\\x80-\\uffff]", "\\\\$0");
  }
}
