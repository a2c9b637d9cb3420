package dev.tare.jobs.select;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.FoundScales;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.StrictJson;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * Ranges of activations that another tool has found, such as the observers of PyTorch, or scales
 * that it has learned: JSON with {@code format-version} 1 and {@code ranges}, an object that has
 * {@code min} and {@code max} for the name of each tensor; or, for activations and weights, an
 * object with two lists of equal length for each, "scale" and "zero-point"; or both, of different
 * tensors.
 *
 * @param where the file, for messages
 * @param byTensor each range, widened to contain 0
 * @param scales scales of other tensors, activations and weights
 */
record GivenRanges(
    String where, SortedMap<String, Range> byTensor, SortedMap<String, FoundScales> scales) {

  /** Name of the file among a run's inputs. */
  static final String ROLE = "ranges";

  private static final int VERSION = 1;
  private static final int MOST_BYTES = 64 << 20;
  private static final Set<String> KEYS = Set.of("format-version", "ranges", "scales");
  private static final Set<String> ENDS = Set.of("min", "max");
  private static final Set<String> OF_SCALE = Set.of("scale", "zero-point");

  GivenRanges {
    byTensor = Collections.unmodifiableSortedMap(new TreeMap<>(byTensor));
    scales = Collections.unmodifiableSortedMap(new TreeMap<>(scales));
  }

  /**
   * Reads a file.
   *
   * @throws TareException (bad input) if it is something else; the message names file and tensor
   */
  static GivenRanges read(String location, Configuration hadoop) throws IOException {
    return parse(Locations.readShortText(location, MOST_BYTES, hadoop), location);
  }

  static GivenRanges parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, VERSION, KEYS, where);
    SortedMap<String, Range> ranges = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : tensors(root, "ranges", where)) {
      String at = "%s, range of tensor '%s'".formatted(where, entry.getKey());
      ObjectNode ends = StrictJson.object(entry.getValue(), "ranges", where);
      StrictJson.allow(ends, ENDS, at);
      float min = end(ends, "min", at);
      float max = end(ends, "max", at);
      if (min > max) {
        throw TareException.badInput("%s: min %s is above max %s".formatted(at, min, max));
      }
      ranges.put(entry.getKey(), Range.containing(min, max));
    }
    SortedMap<String, FoundScales> scales = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : tensors(root, "scales", where)) {
      String at = "%s, scales of tensor '%s'".formatted(where, entry.getKey());
      if (ranges.containsKey(entry.getKey())) {
        throw TareException.badInput("%s: it has a range as well".formatted(at));
      }
      scales.put(entry.getKey(), scales(entry.getValue(), at));
    }
    if (ranges.isEmpty() && scales.isEmpty()) {
      throw TareException.badInput("%s has no ranges and no scales".formatted(where));
    }
    return new GivenRanges(where, ranges, scales);
  }

  private static Set<Map.Entry<String, JsonNode>> tensors(
      ObjectNode root, String key, String where) {
    return root.has(key) ? StrictJson.child(root, key, where).properties() : Set.of();
  }

  private static FoundScales scales(JsonNode node, String at) {
    ObjectNode lists = StrictJson.object(node, "scales", at);
    StrictJson.allow(lists, OF_SCALE, at);
    List<Float> scale = new ArrayList<>();
    for (JsonNode each : lists.path("scale")) {
      // The shortest decimal of a float, or all digits of its double: both round to it.
      if (!each.isNumber() || !(each.floatValue() > 0) || !Float.isFinite(each.floatValue())) {
        throw TareException.badInput(
            "%s: a scale must be positive and finite, not %s".formatted(at, each));
      }
      scale.add(each.floatValue());
    }
    List<Integer> zeroPoint = new ArrayList<>();
    for (JsonNode each : lists.path("zero-point")) {
      if (!each.canConvertToInt() || !each.isIntegralNumber()) {
        throw TareException.badInput(
            "%s: a zero point must be a whole number, not %s".formatted(at, each));
      }
      zeroPoint.add(each.intValue());
    }
    try {
      return new FoundScales(scale, zeroPoint);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(at, e.getMessage()), e);
    }
  }

  private static float end(ObjectNode ends, String key, String at) {
    JsonNode node = ends.path(key);
    if (!node.isNumber() || !Float.isFinite(node.floatValue())) {
      throw TareException.badInput(
          "%s: '%s' must be a finite number, not %s"
              .formatted(at, key, node.isMissingNode() ? "missing" : node));
    }
    return node.floatValue();
  }

  /**
   * Plans all that a recipe wants ranges for.
   *
   * @throws TareException (bad input) if one is missing or of no use
   */
  List<TensorPlan> plan(Recipe recipe, SortedMap<String, TensorQuery> wanted) {
    TreeSet<String> missing = new TreeSet<>(wanted.keySet());
    missing.removeAll(byTensor.keySet());
    missing.removeAll(scales.keySet());
    if (!missing.isEmpty()) {
      List<String> unused = unused(wanted.keySet());
      throw TareException.badInput(
          "%s has no range for %d tensors that recipe '%s' quantizes: %s%s"
              .formatted(
                  where,
                  missing.size(),
                  recipe.name(),
                  Printable.list(List.copyOf(missing)),
                  unused.isEmpty() ? "" : "; it has " + Printable.list(unused)));
    }
    ActivationPlanner planner = new ActivationPlanner(recipe);
    List<TensorPlan> plans = new ArrayList<>();
    for (Map.Entry<String, TensorQuery> query : wanted.entrySet()) {
      try {
        FoundScales found = scales.get(query.getKey());
        plans.add(
            found == null
                ? planner.plan(byTensor.get(query.getKey()), query.getValue())
                : planner.plan(found, query.getValue()));
      } catch (IllegalArgumentException e) {
        throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
      }
    }
    return plans;
  }

  private List<String> unused(Set<String> wanted) {
    return byTensor.keySet().stream().filter(name -> !wanted.contains(name)).toList();
  }
}
