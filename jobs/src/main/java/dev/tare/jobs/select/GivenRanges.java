package dev.tare.jobs.select;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.plan.ActivationPlanner;
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
 * Ranges of activations that another tool has found, such as the observers of PyTorch: JSON with
 * {@code format-version} 1 and {@code ranges}, an object that has {@code min} and {@code max} for
 * the name of each tensor.
 *
 * @param where the file, for messages
 * @param byTensor each range, widened to contain 0
 */
record GivenRanges(String where, SortedMap<String, Range> byTensor) {

  /** Name of the file among a run's inputs. */
  static final String ROLE = "ranges";

  private static final int VERSION = 1;
  private static final int MOST_BYTES = 64 << 20;
  private static final Set<String> KEYS = Set.of("format-version", "ranges");
  private static final Set<String> ENDS = Set.of("min", "max");

  GivenRanges {
    byTensor = Collections.unmodifiableSortedMap(new TreeMap<>(byTensor));
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
    for (Map.Entry<String, JsonNode> entry : StrictJson.child(root, "ranges", where).properties()) {
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
    if (ranges.isEmpty()) {
      throw TareException.badInput("%s has no ranges".formatted(where));
    }
    return new GivenRanges(where, ranges);
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
        plans.add(planner.plan(byTensor.get(query.getKey()), query.getValue()));
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
