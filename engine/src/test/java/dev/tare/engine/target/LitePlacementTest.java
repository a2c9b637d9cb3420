package dev.tare.engine.target;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeParser;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorQuery.Nature;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class LitePlacementTest {

  private final List<GraphNode> nodes = new ArrayList<>();
  private final Set<String> floats = new TreeSet<>(Set.of("x"));

  private void add(String type, String output, String... inputs) {
    nodes.add(new GraphNode(output, type, List.of(inputs), List.of(), List.of(output), false));
    floats.add(output);
  }

  private PlacedTensors placed(String... more) {
    Path file = Path.of("..", "conf", "recipes", "int8-tflite.conf");
    Recipe recipe =
        RecipeParser.parse(
            "int8-tflite",
            ConfigFactory.parseString(String.join("\n", more))
                .withFallback(ConfigFactory.parseFile(file.toFile())),
            new LiteTarget());
    Set<String> outputs = Set.of(nodes.get(nodes.size() - 1).outputs().get(0));
    return new LitePlacement(
            recipe,
            new Topology(nodes, floats, Map.of("half", "half"), Set.of("x"), outputs),
            List.of())
        .placed();
  }

  private static String source(PlacedTensors placed, String tensor) {
    return placed.shared().get(tensor).source();
  }

  @Test
  void whatIsPooledOrReshapedHasTheScaleOfTheInput() {
    add("MAX_POOL_2D", "pooled", "x");
    add("RESHAPE", "flat", "pooled");
    add("ADD", "sum", "flat", "flat");
    PlacedTensors placed = placed();
    assertThat(placed.activations()).containsOnlyKeys("x", "sum");
    assertThat(source(placed, "pooled")).isEqualTo("x");
    assertThat(source(placed, "flat")).isEqualTo("pooled");
    assertThat(placed.activations().get("sum").consumers())
        .containsExactly(TensorQuery.GRAPH_OUTPUT);
  }

  @Test
  void whatIsConcatenatedHasTheScaleOfTheResultAlsoBeforeItIsReshaped() {
    add("RELU", "left", "x");
    add("ADD", "right", "x", "left");
    add("RESHAPE", "flat", "right");
    add("CONCATENATION", "both", "left", "flat");
    PlacedTensors placed = placed();
    assertThat(source(placed, "left")).isEqualTo("both");
    assertThat(source(placed, "flat")).isEqualTo("right");
    assertThat(source(placed, "right")).isEqualTo("both");
    assertThat(placed.activations()).containsOnlyKeys("x", "both");
  }

  /** Pooling gives less than it reads, so the result of the Concatenation need not cover that. */
  @Test
  void whatHasAScaleAlreadyKeepsIt() {
    add("RELU", "cut", "x");
    add("MAX_POOL_2D", "pooled", "cut");
    add("LOGISTIC", "gate", "x");
    add("CONCATENATION", "both", "pooled", "gate");
    PlacedTensors placed = placed();
    assertThat(source(placed, "pooled")).isEqualTo("cut");
    assertThat(placed.shared()).doesNotContainKeys("cut", "gate");
    assertThat(placed.activations().get("gate").nature()).isEqualTo(Nature.PROBABILITIES_IN_256THS);
  }

  @Test
  void anOperatorWithoutAKernelIsAnIsland() {
    add("RELU", "cut", "x");
    add("ERF", "error", "cut");
    add("TANH", "bounded", "error");
    PlacedTensors placed = placed();
    assertThat(placed.activations().get("error").consumers()).containsExactly("bounded");
    assertThat(placed.activations().get("cut").consumers()).as("its maker").containsExactly("cut");
    assertThat(placed.activations().get("bounded").nature()).isEqualTo(Nature.SIGNED_IN_128THS);
  }

  @Test
  void constantsAreOperandsOfArithmeticAndKeepOthersInFloat() {
    add("MUL", "scaled", "x", "half");
    add("MAXIMUM", "floor", "scaled", "half");
    PlacedTensors placed = placed();
    assertThat(placed.operands()).containsOnlyKeys("half");
    assertThat(placed.operands().get("half").consumers()).containsExactly("scaled");
    assertThat(placed.activations()).containsOnlyKeys("x", "scaled");
  }

  @Test
  void aTensorThatTheRecipeLeavesKeepsItsNeighboursInFloat() {
    add("RELU", "cut", "x");
    add("RELU6", "cut6", "cut");
    PlacedTensors placed = placed("exclude = [cut]");
    assertThat(placed.activations()).isEmpty();
  }
}
