package dev.tare.jobs.manage;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.Candidates.Candidate;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.Printable;
import dev.tare.jobs.model.RecipeText;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;

/**
 * What a target will compute in integers, known before anything is calibrated. A bias or a range
 * may still leave an operator in float; the plan says which.
 */
final class Forecast {

  private final PrintStream out;

  Forecast(PrintStream out) {
    this.out = out;
  }

  /** Prints a line for each operator with a weight, and how many of them compute in integers. */
  void print(ModelGraph graph, RecipeText recipeText) {
    Recipe recipe = recipeText.parse();
    Candidates candidates =
        Candidates.of(recipeText.target(), recipeText.placement(), recipe, graph);
    out.printf(
        "%nby recipe %s for target %s (%s)%s%n",
        Printable.name(recipe.name()),
        recipeText.target().name(),
        recipeText.target().description(),
        recipeText.namedPlacement().map(name -> ", placement " + name).orElse(""));
    int integers = 0;
    int products = 0;
    for (Candidate candidate : candidates.chosen()) {
      QuantizableNode node = candidate.node();
      line(node, how(candidate), "");
      if (!node.takesRows()) {
        products++;
        integers += candidate.mode() == Mode.WEIGHT_ONLY ? 0 : 1;
      }
    }
    for (Map.Entry<QuantizableNode, String> left : candidates.leftFloat().entrySet()) {
      line(left.getKey(), "stays float", ": " + Printable.message(left.getValue()));
      products += left.getKey().takesRows() ? 0 : 1;
    }
    out.printf("%d of %d products in integers%n", integers, products);
  }

  private static String how(Candidate candidate) {
    if (candidate.node().takesRows()) {
      return "table";
    }
    return candidate.mode() == Mode.WEIGHT_ONLY
        ? "weight alone"
        : "integers, " + candidate.mode().name().toLowerCase(Locale.ROOT);
  }

  private void line(QuantizableNode node, String how, String why) {
    out.printf(
        "  %-13s %-17s %s%s%n",
        Printable.name(node.opType()), how, Printable.name(node.node()), why);
  }
}
