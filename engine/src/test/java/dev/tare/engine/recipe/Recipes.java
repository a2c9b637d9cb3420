package dev.tare.engine.recipe;

import com.typesafe.config.ConfigFactory;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;

/** Recipes and statistics for tests. */
public final class Recipes {

  static final String INT8 =
      """
      format-version = 1
      description = "For tests"
      operators = [MatMul, Gemm]
      activations {
        type = uint8, symmetric = false, narrow-range = false, reduce-range = false
        granularity = per-tensor, method = min-max
      }
      weights {
        type = int8, symmetric = true, narrow-range = true, reduce-range = false
        granularity = per-channel, method = min-max
      }
      float-above = 1e30
      """;

  private Recipes() {}

  /** The recipe above with more lines behind it, which win. */
  public static Recipe int8(String... changes) {
    return parse(INT8 + String.join("\n", changes));
  }

  public static Recipe parse(String text) {
    return RecipeParser.parse("test", ConfigFactory.parseString(text), OnnxRuntimeTarget.INSTANCE);
  }

  /** A recipe that comes with Tare. */
  public static Recipe shipped(String name) {
    Path file = Path.of("..", "conf", "recipes", name + ".conf");
    return RecipeParser.parse(
        name, ConfigFactory.parseFile(file.toFile()), OnnxRuntimeTarget.INSTANCE);
  }

  /** A model of these operators, without constants to look at. */
  public static ModelGraph source(List<QuantizableNode> nodes) {
    return new ModelGraph() {
      @Override
      public List<QuantizableNode> nodes() {
        return nodes;
      }

      @Override
      public Tensor constant(String name) {
        throw new IllegalArgumentException("There is no constant '" + name + "'");
      }
    };
  }

  public static TensorStatistics observed(
      String tensor, ObserverOptions options, Shape shape, float... values) {
    Observer observer = Observer.create(tensor, options);
    observer.observe(FloatBuffer.wrap(values), shape);
    return observer.statistics();
  }

  public static TensorStatistics observed(String tensor, float... values) {
    return observed(tensor, ObserverOptions.ofWhole(), Shape.of(values.length), values);
  }
}
