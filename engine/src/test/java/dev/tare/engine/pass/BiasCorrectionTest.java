package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.CorrectedModel;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.Candidates;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightPlanner;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Recipes;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BiasCorrectionTest {

  private static final Recipe RECIPE =
      Recipes.int8("operators = [MatMul, Gemm, Conv, ConvTranspose]");

  private static List<BiasCorrection.Task> tasks(OnnxModel model) {
    OnnxGraph graph = OnnxGraph.of(model);
    return BiasCorrection.tasks(Candidates.of(OnnxRuntimeTarget.INSTANCE, RECIPE, graph), graph);
  }

  /** Corrects the only product of a model, whose input has rows of channels along an axis. */
  private static CorrectedBias correct(
      OnnxModel model, int axis, long samples, Shape shape, float... values) {
    return correct(model, axis, samples, false, shape, values);
  }

  private static CorrectedBias correct(
      OnnxModel model, int axis, long samples, boolean rounded, Shape shape, float... values) {
    OnnxGraph graph = OnnxGraph.of(model);
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, RECIPE, graph);
    BiasCorrection.Task task = tasks(model).get(0);
    TensorStatistics statistics =
        Recipes.observed(
            "x", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, axis), shape, values);
    TensorPlan input =
        new ActivationPlanner(RECIPE).plan(statistics, candidates.activations().get("x"));
    TensorPlan weight =
        new WeightPlanner(RECIPE).plan(graph.constant("w"), candidates.weights().get("w"));
    return BiasCorrection.correct(
        task,
        graph,
        statistics.channels().stream().map(Statistics::distribution).toList(),
        Optional.of(input),
        weight,
        samples,
        rounded);
  }

  /** The first result loses .4 * 10.3 as ever, the second .04 * 10.3 alone. */
  @Test
  void ofAnInputInFloatOnlyTheWeightIsTakenUp() {
    OnnxGraph graph = OnnxGraph.of(product());
    Recipe weights =
        Recipes.int8("operators = [MatMul, Conv]\nrules = [ { tensors = w, mode = weight-only } ]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, weights, graph);
    BiasCorrection.Task task = BiasCorrection.tasks(candidates, graph).get(0);
    assertThat(task.floatInput()).isTrue();
    TensorStatistics statistics =
        Recipes.observed(
            "x",
            ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1),
            Shape.of(2, 2),
            new float[] {255, 10.3f, 255, 10.3f});
    CorrectedBias bias =
        BiasCorrection.correct(
            task,
            graph,
            statistics.channels().stream().map(Statistics::distribution).toList(),
            Optional.empty(),
            new WeightPlanner(weights).plan(graph.constant("w"), candidates.weights().get("w")),
            1,
            false);
    assertThat(bias.correction().get(0)).isCloseTo(4.12f, within(1e-5f));
    assertThat(bias.correction().get(1)).isCloseTo(.04f * 10.3f, within(1e-5f));
  }

  private static OnnxModel product() {
    return Models.opset(13)
        .input("x", "batch", 2)
        .constant(Models.floats("w", new float[] {127, -12.7f, .4f, 2.54f}, 2, 2))
        .constant(Models.floats("b", new float[] {1, 2}, 2))
        .node("MatMul", "product", List.of("x", "w"), "p")
        .node("Add", "sum", List.of("p", "b"), "y")
        .output("y")
        .build();
  }

  /**
   * x is always (255, 10.3) and becomes (255, 10); W becomes (127, -12.7; 0, 2.5). So the first
   * result loses .4 * 10.3 = 4.12, the second .04 * 10.3 + 2.5 * .3 = 1.162.
   */
  @Test
  void constantInputsGetBackWhatTheyLose() {
    CorrectedBias bias = correct(product(), -1, 1, Shape.of(2, 2), 255, 10.3f, 255, 10.3f);
    assertThat(bias)
        .extracting(CorrectedBias::node, CorrectedBias::reader, CorrectedBias::bias)
        .containsExactly("product", "sum", "b");
    assertThat(bias.result()).isEqualTo("b_corrected");
    assertThat(bias.correction().get(0)).isCloseTo(4.12f, within(1e-5f));
    assertThat(bias.correction().get(1)).isCloseTo(1.162f, within(1e-5f));
    // By chance: the rounding of 10.3, of which the weights keep 0 and 2.5 times as much.
    assertThat(bias.overNoise())
        .isCloseTo((4.12 * 4.12 + 1.162 * 1.162) / (2.5 * 2.5 * .09), within(1e-3));

    OnnxModel corrected = CorrectedModel.of(product(), List.of(bias));
    assertThat(OnnxGraph.of(corrected).constant("b_corrected").toFloatArray())
        .containsExactly(1 + bias.correction().get(0), 2 + bias.correction().get(1));
    assertThat(corrected.constants().contains("b")).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CorrectedModel.of(corrected, List.of(bias)))
        .withMessage("Cannot correct the bias 'b' of node 'product': node 'sum' does not add it");
  }

  /** As above, but with W as it is, since its integers are not known. */
  @Test
  void ofAWeightByGptqOnlyTheInputIsTakenUp() {
    CorrectedBias bias = correct(product(), -1, 4, true, Shape.of(2, 2), 255, 10.3f, 255, 10.3f);
    assertThat(bias.correction().get(0)).isCloseTo(.4f * .3f, within(1e-5f));
    assertThat(bias.correction().get(1)).isCloseTo(2.54f * .3f, within(1e-5f));
  }

  /** Depthwise, 1 x 2 taps: W becomes (1.27, 0; -.01, 1.27) from (1.27, .004; -.013, 1.27). */
  @Test
  void tapsOfAConvolutionAreSummedAndAMissingBiasIsAdded() {
    OnnxModel model =
        Models.opset(13)
            .input("x", "batch", 2, 1, 2)
            .constant(Models.floats("w", new float[] {1.27f, .004f, -.013f, 1.27f}, 2, 1, 1, 2))
            .node("Conv", "product", List.of("x", "w"), "y", Models.integer("group", 2))
            .output("y")
            .build();
    CorrectedBias bias = correct(model, 1, 1, Shape.of(1, 2, 1, 2), 255, 255, 10.3f, 10.3f);
    assertThat(bias.bias()).isEmpty();
    assertThat(bias.result()).isEqualTo("w_bias_corrected");
    assertThat(bias.correction().get(0)).isCloseTo(.004f * 255, within(1e-4f));
    assertThat(bias.correction().get(1))
        .isCloseTo(-.003f * 10.3f + (1.27f - .01f) * .3f, within(1e-4f));
    OnnxModel corrected = CorrectedModel.of(model, List.of(bias));
    assertThat(OnnxGraph.of(corrected).nodes().get(0).bias()).contains("w_bias_corrected");
  }

  @Test
  void whatChanceExplainsIsLeft() {
    CorrectedBias bias =
        correct(product(), -1, 2, Shape.of(4, 2), 255, 40, -250, -40, 255, -41, -255, 40.5f);
    assertThat(bias.corrects()).isFalse();
    assertThat(bias.overNoise()).isLessThan(2);
    assertThat(bias.reason())
        .contains("the correction is not above the noise of its mean over 2 samples");
    assertThat(correct(product(), 0, 1, Shape.of(1, 2), 255, 10).reason())
        .contains("the statistics have 1 channels of its input, and it reads 2");
  }

  private static GraphProto.Builder branch(String result) {
    return GraphProto.newBuilder()
        .setName("branch")
        .addInitializer(Models.floats("own", new float[] {1, 2, 3, 4}, 2, 2))
        .addNode(Models.nodeOf("Gemm", "inner", List.of("x", "own"), List.of(result)))
        .addOutput(Models.info(result, TensorProto.DataType.FLOAT, "batch", 2));
  }

  /** What a branch reads of the main graph was observed, but its bias is not found there. */
  @Test
  void productsInBodiesKeepTheirBias() {
    OnnxGraph graph =
        OnnxGraph.of(
            Models.opset(13)
                .input("x", "batch", 2)
                .input("flag", TensorProto.DataType.BOOL)
                .weight("w", 2, 2)
                .node("Gemm", "outer", List.of("x", "w"), "p")
                .node(
                    "If",
                    "if",
                    List.of("flag"),
                    "y",
                    Models.graph("then_branch", branch("a")),
                    Models.graph("else_branch", branch("b")))
                .output("y", "p")
                .build());
    Recipe recipe =
        Recipes.int8(
            "bias-correction = on", "rules = [ { operators = [Gemm], mode = weight-only } ]");
    Candidates candidates = Candidates.of(OnnxRuntimeTarget.INSTANCE, recipe, graph);
    assertThat(candidates.chosen()).hasSize(3);
    assertThat(BiasCorrection.tasks(candidates, graph))
        .extracting(BiasCorrection.Task::node)
        .containsExactly("outer");
  }

  @Test
  void everyStaticProductWithAPlaceForABiasIsATask() {
    assertThat(tasks(SmallModels.cnn().build()))
        .extracting(BiasCorrection.Task::weight, BiasCorrection.Task::result)
        .containsExactly(
            tuple("kernel", "kernel_bias_corrected"), tuple("dense", "dense_bias_corrected"));
    // No Add of a constant stands behind these.
    assertThat(tasks(SmallModels.mlp().build())).isEmpty();
    assertThat(Optional.of(RECIPE).filter(Recipe::biasCorrection)).isEmpty();
  }
}
