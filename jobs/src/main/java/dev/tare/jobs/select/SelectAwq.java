package dev.tare.jobs.select;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.pass.AwqScales;
import dev.tare.engine.pass.Smoothing;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.recipe.GptqRule;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.table.GramDiagonal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Chooses the factors of one input from the diagonal of its Gram matrix and the weights that
 * multiply it.
 */
final class SelectAwq implements FlatMapGroupsFunction<String, Row, String> {

  private static final long serialVersionUID = 1L;

  private final ModelHandle model;
  private final RecipeText recipe;

  private transient ModelGraph graph;
  private transient Candidates candidates;
  private transient Map<String, Smoothing.Group> groups;

  private SelectAwq(ModelHandle model, RecipeText recipe) {
    this.model = model;
    this.recipe = recipe;
  }

  /**
   * Chooses those of all inputs, sorted by name; none if the recipe asks for none.
   *
   * @param gram folder of the table of Gram matrices
   */
  static List<SmoothedInput> of(
      SparkSession spark, ModelHandle model, RecipeText recipe, Path gram) {
    SelectAwq task = new SelectAwq(model, recipe);
    if (recipe.parse().gptq().filter(GptqRule::awq).isEmpty() || task.groups().isEmpty()) {
      return List.of();
    }
    return GramDiagonal.of(spark, gram, task.groups().keySet())
        .flatMapGroups(new SelectAwq(model, recipe), Encoders.STRING())
        .collectAsList()
        .stream()
        .flatMap(text -> QuantPlanJson.parseSmoothed(text).stream())
        .sorted(Comparator.comparing(SmoothedInput::tensor))
        .toList();
  }

  private Map<String, Smoothing.Group> groups() {
    if (groups == null) {
      graph = model.prepared().graph();
      candidates = Candidates.of(recipe.target(), recipe.placement(), recipe.parse(), graph);
      groups = Smoothing.groups(candidates, graph, recipe.parse(), Mode.WEIGHT_ONLY);
    }
    return groups;
  }

  @Override
  public Iterator<String> call(String tensor, Iterator<Row> rows) {
    Smoothing.Group group = groups().get(tensor);
    double[] meanSquares = GramDiagonal.meanSquares(rows);
    if (group.channels() != meanSquares.length) {
      return List.<String>of().iterator();
    }
    try {
      List<AwqScales.Product> products = new ArrayList<>();
      group.products().forEach(node -> products.add(product(node)));
      return AwqScales.choose(meanSquares, products)
          .map(choice -> List.of(group.scaled(choice.alpha(), choice.factors())))
          .map(QuantPlanJson::formatSmoothed)
          .map(Stream::of)
          .orElseGet(Stream::empty)
          .iterator();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot scale tensor '%s' for its weights: %s".formatted(tensor, e.getMessage()), e);
    }
  }

  private AwqScales.Product product(QuantizableNode node) {
    Recipe rules = recipe.parse();
    TensorQuery query = candidates.weights().get(node.weight());
    TensorRule rule = rules.decide(query).rule();
    Granularity granularity = rule.granularity(query);
    return new AwqScales.Product(
        graph.constant(node.weight()),
        node.blockAxis(),
        rule.target(),
        granularity.blockSize().orElse(Integer.MAX_VALUE));
  }
}
