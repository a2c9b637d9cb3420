package dev.tare.jobs.report;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Operators from the beginning of a model to its end.
 *
 * @param nodes their names
 * @param ofGraph whether this is the order of the model's graph, and not one of names
 */
record Depth(List<String> nodes, boolean ofGraph) {

  private static final Pattern NUMBERS = Pattern.compile("\\d+|\\D+");

  /** A part of a name with a number of its own: {@code layer.3}, {@code blocks/3}, {@code h_3}. */
  private static final Pattern NUMBERED = Pattern.compile("[A-Za-z]+[._/]?(\\d+)(?![A-Za-z0-9])");

  private static final int MOST_GROUPS = 200;
  private static final int MOST_LABELS = 16;

  Depth {
    nodes = List.copyOf(nodes);
  }

  /**
   * Sorts operators by their places in a graph; those inside a body come with the operator that has
   * it, and those that the graph lacks come last. Without a graph names are sorted, and the numbers
   * in them by value.
   */
  static Depth of(Collection<String> nodes, List<String> order) {
    Map<String, Integer> places = new HashMap<>();
    order.forEach(name -> places.putIfAbsent(name, places.size()));
    boolean known = nodes.stream().anyMatch(places::containsKey);
    Comparator<String> byName = Depth::compareNames;
    List<String> sorted = new ArrayList<>(nodes);
    sorted.sort(
        known
            ? Comparator.<String>comparingInt(n -> place(n, places)).thenComparing(byName)
            : byName);
    return new Depth(sorted, known);
  }

  private static int place(String node, Map<String, Integer> places) {
    for (int end = node.length(); end > 0; end = node.lastIndexOf('/', end - 1)) {
      Integer place = places.get(node.substring(0, end));
      if (place != null) {
        return place;
      }
    }
    return Integer.MAX_VALUE;
  }

  private static int compareNames(String a, String b) {
    Matcher left = NUMBERS.matcher(a);
    Matcher right = NUMBERS.matcher(b);
    while (left.find() && right.find()) {
      String l = left.group();
      String r = right.group();
      boolean numbers = Character.isDigit(l.charAt(0)) && Character.isDigit(r.charAt(0));
      int order = numbers ? new BigInteger(l).compareTo(new BigInteger(r)) : l.compareTo(r);
      if (order != 0) {
        return order;
      }
    }
    return a.compareTo(b);
  }

  /**
   * The axis of the operators: numbered at the first operator of each layer where names have the
   * numbers of layers, otherwise by position.
   */
  Axis axis() {
    List<Axis.Tick> starts = new ArrayList<>();
    String last = "";
    int named = 0;
    for (int i = 0; i < nodes.size(); i++) {
      Matcher layer = NUMBERED.matcher(nodes.get(i));
      if (layer.find()) {
        named++;
        String group = nodes.get(i).substring(0, layer.end());
        if (!group.equals(last)) {
          starts.add(new Axis.Tick(layer.group(1), (double) i / nodes.size()));
        }
        last = group;
      }
    }
    String order = ofGraph ? "in graph order" : "by name";
    boolean layers =
        starts.size() > 1 && starts.size() <= MOST_GROUPS && 2 * starts.size() <= named;
    if (!layers) {
      return Axis.ofCount("quantized operators " + order, nodes.size());
    }
    int every = (starts.size() + MOST_LABELS - 1) / MOST_LABELS;
    List<Axis.Tick> labels = new ArrayList<>();
    for (int i = 0; i < starts.size(); i += every) {
      labels.add(starts.get(i));
    }
    return new Axis(
        "quantized operators " + order + ", numbers are of layers", 0, nodes.size(), labels);
  }
}
