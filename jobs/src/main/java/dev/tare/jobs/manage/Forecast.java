package dev.tare.jobs.manage;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.plan.AmplifiedNoise;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.Candidates.Candidate;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.Printable;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.model.RecipeText;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a target will compute in integers, known before anything is calibrated. Where the graph
 * suspects that quantization spoils a static product, statistics will decide. A bias or a range may
 * still leave an operator in float; the plan says which.
 */
final class Forecast {

  private final PrintStream out;
  private final boolean verbose;

  /** What is printed of operators that are treated alike, and how many there are. */
  private final Map<String, Integer> alike = new LinkedHashMap<>();

  /**
   * @param verbose whether operators are named, and not only counted
   */
  Forecast(PrintStream out, boolean verbose) {
    this.out = out;
    this.verbose = verbose;
  }

  /**
   * Prints what becomes of the operators, how many compute in integers, and the size to expect.
   *
   * @param bytes of the float model
   * @param parameters its floating-point constants
   */
  void print(ModelGraph graph, RecipeText recipeText, long bytes, long parameters) {
    Recipe recipe = recipeText.parse();
    Candidates candidates =
        Candidates.of(recipeText.target(), recipeText.placement(), recipe, graph);
    out.printf(
        "%nby recipe %s for target %s (%s)%s%n",
        Printable.name(recipe.name()),
        recipeText.target().name(),
        recipeText.target().description(),
        recipeText.namedPlacement().map(name -> ", placement " + name).orElse(""));
    Map<String, String> suspected = recipe.guard() ? AmplifiedNoise.suspected(graph) : Map.of();
    int integers = 0;
    int doubtful = 0;
    int observed = 0;
    int products = 0;
    for (Candidate candidate : candidates.chosen()) {
      QuantizableNode node = candidate.node();
      boolean doubted = candidate.mode() == Mode.STATIC && suspected.containsKey(node.node());
      line(
          node.opType(),
          how(candidate),
          node.node(),
          doubted ? "if statistics allow: " + suspected.get(node.node()) : "");
      if (!node.takesRows()) {
        products++;
        integers += candidate.mode() == Mode.WEIGHT_ONLY ? 0 : 1;
        doubtful += doubted ? 1 : 0;
        observed += candidate.mode() == Mode.STATIC ? 1 : 0;
      }
    }
    for (Map.Entry<QuantizableNode, String> left : candidates.leftFloat().entrySet()) {
      QuantizableNode node = left.getKey();
      line(node.opType(), "stays float", node.node(), left.getValue());
      products += node.takesRows() ? 0 : 1;
    }
    if (!verbose) {
      for (SkippedNode node : graph.skipped()) {
        line(node.opType(), "stays float", node.node(), node.reason());
      }
    }
    alike.forEach((text, count) -> out.printf("  %4d %s%n", count, text));
    out.printf(
        "%d of %d products in integers%s%s%n",
        integers,
        products,
        doubtful > 0 ? ", " + doubtful + " of them if statistics allow" : "",
        observed > 0 && recipe.floatShare() > 0
            ? "; of these the cheapest may read float, as statistics tell"
            : "");
    if (parameters > 0) {
      out.printf(
          "size: %s -> about %s%n",
          Amounts.size(bytes), Amounts.size(expected(candidates, recipe, bytes, parameters)));
    }
  }

  /** Each weight counts once; what is not quantized keeps its share of the file. */
  private static long expected(Candidates candidates, Recipe recipe, long bytes, long parameters) {
    Map<String, Long> elements = new TreeMap<>();
    candidates
        .chosen()
        .forEach(c -> elements.put(c.node().weight(), c.node().weightShape().size()));
    double left = parameters;
    double quantized = 0;
    for (Map.Entry<String, Long> weight : elements.entrySet()) {
      int bits =
          recipe.decide(candidates.weights().get(weight.getKey())).rule().type().dtype().bits();
      left -= weight.getValue();
      quantized += weight.getValue() * bits / 8.0;
    }
    return Math.round(bytes * Math.max(0, left) / parameters + quantized);
  }

  private static String how(Candidate candidate) {
    if (candidate.node().takesRows()) {
      return "table";
    }
    return candidate.mode() == Mode.WEIGHT_ONLY
        ? "weight alone"
        : "integers, " + candidate.mode().name().toLowerCase(Locale.ROOT);
  }

  private void line(String opType, String how, String node, String why) {
    String reason = why.isEmpty() ? "" : ": " + Printable.message(why);
    if (verbose) {
      out.printf("  %-13s %-17s %s%s%n", Printable.name(opType), how, Printable.name(node), reason);
    } else {
      alike.merge(
          String.format(Locale.ROOT, "%-13s %s%s", Printable.name(opType), how, reason),
          1,
          Integer::sum);
    }
  }
}
