package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.view.OnnxNodes;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanAssemblerTest {

  private static final float INPUT_SCALE = 0.01f;

  private final List<QuantizableNode> nodes = new ArrayList<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();
  private final List<TensorPlan> activations = new ArrayList<>();
  private final List<TensorPlan> weights = new ArrayList<>();

  /** Weights are [3, 2], so there are two output channels along axis 1. */
  private void node(String name, String input, String weight, int axis, String bias) {
    nodes.add(
        OnnxNodes.node(
            name,
            "Gemm",
            input,
            0,
            weight,
            1,
            Shape.of(3, 2),
            axis,
            Optional.of(bias).filter(b -> !b.isEmpty())));
  }

  private void activation(String name) {
    activations.add(
        plan(name, Role.ACTIVATION, Optional.empty(), OptionalInt.empty(), INPUT_SCALE));
  }

  private void floatActivation(String name) {
    activations.add(plan(name, Role.ACTIVATION, Optional.of("it is odd"), OptionalInt.empty()));
  }

  private void weight(String name, float... scales) {
    weights.add(
        plan(
            name,
            Role.WEIGHT,
            Optional.empty(),
            scales.length > 1 ? OptionalInt.of(1) : OptionalInt.empty(),
            scales));
  }

  private static TensorPlan plan(
      String name, Role role, Optional<String> reason, OptionalInt axis, float... scales) {
    List<ChannelPlan> channels = new ArrayList<>();
    for (float scale : scales) {
      channels.add(
          new ChannelPlan(new Range(-1, 1), new QuantParams(QuantType.INT8, scale, 0), 0, 40));
    }
    return new TensorPlan(
        name,
        role,
        Format.QDQ,
        List.of("would-have"),
        reason,
        Optional.empty(),
        new Target(QuantType.INT8, true, true, false),
        "min-max",
        Recipe.BASE,
        new Granularity(axis, OptionalInt.empty()),
        ScaleColumns.of(channels));
  }

  private QuantPlan assemble() {
    ModelGraph source =
        new ModelGraph() {
          @Override
          public List<QuantizableNode> nodes() {
            return nodes;
          }

          @Override
          public Tensor constant(String name) {
            return constants.get(name);
          }
        };
    return new QuantPlan(
        "r",
        "m",
        "s",
        new PlanAssembler(
                new Candidates(
                    nodes.stream()
                        .map(n -> new Candidates.Candidate(n, Mode.STATIC, Format.QDQ))
                        .toList(),
                    Map.of(),
                    OnnxRuntimeTarget.INSTANCE),
                source,
                activations,
                weights)
            .assemble());
  }

  private static TensorPlan find(QuantPlan plan, String tensor, Role role) {
    return plan.find(tensor, role).orElseThrow();
  }

  @Test
  void sharedWeightServesAllItsNodes() {
    node("one", "x", "w", 1, "");
    node("two", "y", "w", 1, "");
    activation("x");
    activation("y");
    weight("w", .1f, .2f);
    QuantPlan plan = assemble();
    assertThat(plan.tensors()).extracting(TensorPlan::tensor).containsExactly("w", "x", "y");
    assertThat(find(plan, "w", Role.WEIGHT).consumers()).containsExactly("one", "two");
    assertThat(find(plan, "x", Role.ACTIVATION).consumers()).containsExactly("one");
    assertThat(find(plan, "w", Role.WEIGHT).scales()).containsExactly(.1f, .2f);
  }

  @Test
  void floatInputKeepsItsWeightFloatWithTheReason() {
    node("one", "x", "w", 1, "");
    floatActivation("x");
    weight("w", .1f, .2f);
    QuantPlan plan = assemble();
    TensorPlan weight = find(plan, "w", Role.WEIGHT);
    assertThat(weight.floatReason()).contains("its input 'x' stays float: it is odd");
    assertThat(weight.consumers()).containsExactly("would-have");
    assertThat(weight.axis()).isEmpty();
    assertThat(find(plan, "x", Role.ACTIVATION).floatReason()).contains("it is odd");
  }

  @Test
  void weightStaysQuantizedForTheNodeWhoseInputIs() {
    node("one", "x", "w", 1, "");
    node("two", "y", "w", 1, "");
    floatActivation("x");
    activation("y");
    weight("w", .1f, .2f);
    assertThat(find(assemble(), "w", Role.WEIGHT).consumers()).containsExactly("two");
  }

  @Test
  void floatWeightKeepsItsInputFloatUnlessAnotherNodeReadsIt() {
    node("one", "x", "v", 1, "");
    node("two", "y", "v", 1, "");
    node("three", "y", "w", 1, "");
    activation("x");
    activation("y");
    weights.add(plan("v", Role.WEIGHT, Optional.of("it is odd"), OptionalInt.empty()));
    weight("w", .1f, .2f);
    QuantPlan plan = assemble();
    assertThat(find(plan, "x", Role.ACTIVATION).floatReason())
        .contains("the weight 'v' stays float: it is odd");
    assertThat(find(plan, "y", Role.ACTIVATION).consumers()).containsExactly("three");
  }

  @Test
  void nodeWithItsChannelsAlongAnotherAxisStaysFloat() {
    node("one", "x", "w", 1, "");
    node("two", "y", "w", 0, "");
    activation("x");
    activation("y");
    weight("w", .1f, .2f);
    QuantPlan plan = assemble();
    assertThat(find(plan, "y", Role.ACTIVATION).floatReason())
        .contains("the weight 'w' has its channels along another axis elsewhere");
    assertThat(find(plan, "w", Role.WEIGHT).consumers()).containsExactly("one");
  }

  @Test
  void biasHasTheScaleOfItsAccumulator() {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", .1f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, -2));
    TensorPlan bias = find(assemble(), "b", Role.BIAS);
    assertThat(bias.type()).isEqualTo(QuantType.INT32);
    assertThat(bias.axis()).hasValue(0);
    assertThat(bias.scales()).containsExactly(INPUT_SCALE * .1f, INPUT_SCALE * .2f);
    assertThat(bias.zeroPoints()).containsExactly(0, 0);
    assertThat(bias.consumers()).containsExactly("one");
    assertThat(bias.shape()).contains(Shape.of(2));
  }

  @Test
  void weightScaleGrowsWhereTheBiasWouldNotFit() {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", 1e-9f, .2f);
    float large = 1000;
    constants.put("b", Tensor.ofFloats(Shape.of(2), -large, 1));
    QuantPlan plan = assemble();
    float floor = (float) ((double) large / (INPUT_SCALE * (double) (1 << 30)));
    assertThat(find(plan, "w", Role.WEIGHT).scales()).containsExactly(floor, .2f);
    float scale = find(plan, "b", Role.BIAS).scales()[0];
    assertThat(scale).isEqualTo(INPUT_SCALE * floor);
    assertThat(large / scale).isBetween(.99f * (1 << 30), 1.01f * (1 << 30));
  }

  @Test
  void oneScalePerTensorGivesOneForTheBias() {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", 5e-5f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, 1000));
    QuantPlan plan = assemble();
    assertThat(find(plan, "b", Role.BIAS).axis()).isEmpty();
    assertThat(find(plan, "b", Role.BIAS).scales()).hasSize(1);
    assertThat(find(plan, "w", Role.WEIGHT).scales()[0]).isGreaterThan(9e-5f);
  }

  @Test
  void biasOfOneChannelDoesNotSpoilTheOneScaleOfTheWeight() {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", 1e-9f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, 1000));
    assertThat(find(assemble(), "w", Role.WEIGHT).floatReason().orElseThrow())
        .startsWith("its bias 'b' stays float: it reaches ")
        .endsWith(", for which the one scale of the weight would grow too far");
  }

  @Test
  void biasThatIsNoVectorOfTheChannelsStaysFloat() {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", .1f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(1, 2), 1, 2));
    assertThat(assemble().find("b", Role.BIAS)).isEmpty();
    constants.put("b", Tensor.ofFloats(Shape.of(1), 1));
    assertThat(assemble().find("b", Role.BIAS)).isEmpty();
    constants.put("b", Tensor.ofLongs(Shape.of(2), 1, 2));
    assertThat(assemble().find("b", Role.BIAS)).isEmpty();
  }

  private List<TensorPlan> entries(String tensor) {
    return assemble().tensors().stream().filter(t -> t.tensor().equals(tensor)).toList();
  }

  @Test
  void sharedWeightHasAnEntryForThoseWhoReadItInFloatAndOneForEachReason() {
    node("one", "x", "w", 1, "");
    node("two", "y", "w", 0, "");
    node("three", "z", "w", 1, "");
    activation("x");
    activation("y");
    floatActivation("z");
    weight("w", .1f, .2f);
    List<TensorPlan> entries = entries("w");
    assertThat(entries).extracting(TensorPlan::quantized).containsExactly(true, false, false);
    assertThat(entries)
        .extracting(TensorPlan::consumers)
        .containsExactly(List.of("one"), List.of("two"), List.of("three"));
    assertThat(entries.get(1).floatReason())
        .contains("the weight 'w' has its channels along another axis elsewhere");
    assertThat(entries.get(2).floatReason()).contains("its input 'z' stays float: it is odd");
    assertThat(entries).allMatch(e -> e.channels().isEmpty() != e.quantized());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void biasWithoutAFiniteValueKeepsItsOperatorInFloat(float value) {
    node("one", "x", "w", 1, "b");
    activation("x");
    weight("w", .1f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, value));
    QuantPlan plan = assemble();
    assertThat(find(plan, "b", Role.BIAS).floatReason()).contains("it contains NaN or infinity");
    assertThat(find(plan, "b", Role.BIAS).consumers()).containsExactly("one");
    assertThat(find(plan, "b", Role.BIAS).shape()).contains(Shape.of(2));
    assertThat(find(plan, "w", Role.WEIGHT).floatReason())
        .contains("its bias 'b' stays float: it contains NaN or infinity");
    assertThat(find(plan, "x", Role.ACTIVATION).floatReason())
        .contains("its bias 'b' stays float: it contains NaN or infinity");
  }

  @Test
  void biasBeyondEveryFiniteScaleKeepsItsOperatorInFloat() {
    node("one", "x", "w", 1, "b");
    activations.add(plan("x", Role.ACTIVATION, Optional.empty(), OptionalInt.empty(), 1e-20f));
    weight("w", .1f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, 1e30f));
    QuantPlan plan = assemble();
    assertThat(find(plan, "b", Role.BIAS).floatReason())
        .contains("it reaches 1.0E30, and no finite scale of its sums reaches that");
    assertThat(find(plan, "w", Role.WEIGHT).quantized()).isFalse();
  }

  @Test
  void biasStaysFloatWhereTheScalesOfInputAndWeightOverflow() {
    node("one", "x", "w", 1, "b");
    activations.add(plan("x", Role.ACTIVATION, Optional.empty(), OptionalInt.empty(), 1e20f));
    weight("w", 1e27f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 0, 0));
    assertThat(find(assemble(), "w", Role.WEIGHT).floatReason())
        .contains("its bias 'b' stays float: the scale of its sums overflows");
  }

  @Test
  void biasStaysFloatWhereAnotherReaderOfTheWeightWidensItsScaleTooFar() {
    node("one", "x", "w", 1, "b");
    node("two", "y", "w", 1, "c");
    activations.add(plan("x", Role.ACTIVATION, Optional.empty(), OptionalInt.empty(), 1e20f));
    activations.add(plan("y", Role.ACTIVATION, Optional.empty(), OptionalInt.empty(), 1e-7f));
    weight("w", .1f, .2f);
    constants.put("b", Tensor.ofFloats(Shape.of(2), 1, 1));
    constants.put("c", Tensor.ofFloats(Shape.of(2), 1e27f, 1));
    QuantPlan plan = assemble();
    assertThat(find(plan, "b", Role.BIAS).floatReason())
        .contains("the scale of its sums overflows");
    assertThat(find(plan, "c", Role.BIAS).quantized()).isTrue();
    assertThat(find(plan, "w", Role.WEIGHT).consumers()).containsExactly("one", "two");
  }
}
