package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OneOperator;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;

/**
 * Models of one operator whose results are the same in any order of sums and by any rounding of
 * ties: scales are powers of two, inputs are multiples of eight steps, and the biases of outputs
 * that become integers keep sums off the middle of two codes.
 */
final class ExactForms {

  /** How activations become integers. */
  enum Convention {
    UNSIGNED(QuantType.UINT8, 121),
    SIGNED(QuantType.INT8, 0);

    private final QuantType type;
    private final int zeroPoint;

    Convention(QuantType type, int zeroPoint) {
      this.type = type;
      this.zeroPoint = zeroPoint;
    }
  }

  /**
   * One model and what it is fed.
   *
   * @param product whether the operator multiplies by a constant
   */
  record Form(String name, OneOperator operator, Map<String, Tensor> inputs, boolean product) {}

  private static final float STEP = 0x1p-4f;
  private static final float[] WEIGHT_STEPS = {0x1p-6f, 0x1p-7f};
  private static final float OUTPUT_STEP = STEP * 0x1p-4f;
  private static final int MOST_WEIGHT = 3;
  private static final int MOST_INPUT = 2;
  private static final int INPUT_STEPS = 8;

  private final Convention convention;
  private final boolean perChannel;
  private final boolean quantizedOutput;
  private final Random random = new Random(13);
  private final List<Form> forms = new ArrayList<>();

  private ExactForms(Convention convention, boolean perChannel, boolean quantizedOutput) {
    this.convention = convention;
    this.perChannel = perChannel;
    this.quantizedOutput = quantizedOutput;
  }

  /** All forms, in every convention. */
  static List<Form> all() {
    List<Form> all = new ArrayList<>();
    for (Convention convention : Convention.values()) {
      for (boolean quantizedOutput : new boolean[] {false, true}) {
        for (boolean perChannel : new boolean[] {false, true}) {
          ExactForms forms = new ExactForms(convention, perChannel, quantizedOutput);
          forms.products();
          if (!perChannel) {
            forms.others();
          }
          all.addAll(forms.forms);
        }
      }
    }
    return all;
  }

  private void products() {
    List<Integer> image = List.of(2, 4, 7, 6);
    product("Conv", image, List.of(6, 4, 3, 3), 6);
    product("Conv", image, List.of(6, 4, 3, 3), 0);
    product("Conv", image, List.of(6, 4, 1, 1), 6);
    product("Conv", image, List.of(4, 1, 3, 3), 4, Models.integer("group", 4));
    product("Conv", image, List.of(4, 1, 3, 3), 0, Models.integer("group", 4));
    product("Conv", image, List.of(6, 2, 3, 3), 6, Models.integer("group", 2));
    product("MatMul", List.of(2, 3, 12), List.of(12, 7), 0);
    product("Gemm", List.of(3, 12), List.of(12, 7), 7);
    product("Gemm", List.of(3, 12), List.of(7, 12), 7, Models.integer("transB", 1));
    product("Gemm", List.of(3, 12), List.of(12, 7), 0);
    if (!perChannel) {
      product("ConvTranspose", image, List.of(4, 3, 2, 2), 3, Models.ints("strides", 2L, 2L));
      product("ConvTranspose", image, List.of(4, 3, 2, 2), 0, Models.ints("strides", 2L, 2L));
    }
  }

  private void others() {
    AttributeProto kernel = Models.ints("kernel_shape", 2L, 2L);
    AttributeProto strides = Models.ints("strides", 2L, 2L);
    List<Integer> image = List.of(2, 4, 4, 4);
    other("Add", 2, image);
    other("Concat", 2, image, Models.integer("axis", 1));
    other("MatMul", 2, image);
    other("MaxPool", 1, image, kernel, strides);
    other("AveragePool", 1, image, kernel, strides);
    // A mean of more than eight may be in the middle of two codes.
    other("GlobalAveragePool", 1, List.of(2, 4, 2, 2));
  }

  private void product(
      String opType, List<Integer> x, List<Integer> w, int bias, AttributeProto... attributes) {
    Models models =
        Models.opset(13)
            .input("x", x.toArray())
            .weight("w", w.stream().mapToLong(Integer::longValue).toArray());
    if (bias > 0) {
      models.weight("b", bias);
    }
    models.node(opType, "node", List.of(("x w" + (bias > 0 ? " b" : "")).split(" ", -1)), "y");
    models.graph.setNode(
        0, models.graph.getNode(0).toBuilder().addAllAttribute(List.of(attributes)));
    QuantizableNode node = OnnxGraph.of(models.output("y").build()).nodes().get(0);
    int channels = Math.toIntExact(node.weightShape().dim(node.weightAxis()));
    float[] steps = new float[perChannel ? channels : 1];
    for (int c = 0; c < steps.length; c++) {
      steps[c] = WEIGHT_STEPS[c % WEIGHT_STEPS.length];
    }
    OptionalInt axis = perChannel ? OptionalInt.of(node.weightAxis()) : OptionalInt.empty();
    long stride = perChannel ? node.weightShape().stride(node.weightAxis()) : 1;
    float[] weights = new float[(int) node.weightShape().size()];
    for (int i = 0; i < weights.length; i++) {
      int code = random.nextInt(2 * MOST_WEIGHT + 1) - MOST_WEIGHT;
      weights[i] = code * steps[(int) (i / stride % steps.length)];
    }
    models.graph.setInitializer(
        0, Models.floats("w", weights, w.stream().mapToLong(Integer::longValue).toArray()));
    List<TensorPlan> plans = new ArrayList<>();
    plans.add(activation("x", "node"));
    plans.add(
        Plans.plan(
            "w",
            Role.WEIGHT,
            List.of("node"),
            Optional.of(node.weightShape()),
            QuantType.INT8,
            axis,
            0,
            steps));
    if (bias > 0) {
      float[] sums = steps.clone();
      float[] biases = new float[bias];
      for (int c = 0; c < sums.length; c++) {
        sums[c] *= STEP;
      }
      for (int c = 0; c < bias; c++) {
        biases[c] = (INPUT_STEPS * (c - 2) + 1) * sums[c % sums.length];
      }
      models.graph.setInitializer(1, Models.floats("b", biases, bias));
      plans.add(
          Plans.plan(
              "b",
              Role.BIAS,
              List.of("node"),
              Optional.of(Shape.of(bias)),
              QuantType.INT32,
              perChannel ? OptionalInt.of(0) : OptionalInt.empty(),
              0,
              sums));
    }
    String name = opType + w + (bias > 0 ? " with bias" : "") + (perChannel ? " per channel" : "");
    add(name, models, plans, Map.of("x", values(x)), true);
  }

  private void other(
      String opType, int operands, List<Integer> shape, AttributeProto... attributes) {
    Models models = Models.opset(13);
    Map<String, Tensor> inputs = new TreeMap<>();
    List<TensorPlan> plans = new ArrayList<>();
    for (String name : List.of("x", "z").subList(0, operands)) {
      models.input(name, shape.toArray());
      inputs.put(name, values(shape));
      plans.add(activation(name, "node"));
    }
    models.node(opType, "node", List.copyOf(inputs.keySet()), "y", attributes).output("y");
    add(opType + " of activations", models, plans, inputs, false);
  }

  private void add(
      String name,
      Models models,
      List<TensorPlan> plans,
      Map<String, Tensor> inputs,
      boolean product) {
    Optional<QuantParams> output = Optional.empty();
    List<TensorPlan> all = new ArrayList<>(plans);
    if (quantizedOutput) {
      // Sums of products have steps of their own, other results those of the inputs.
      float step = product ? OUTPUT_STEP : STEP;
      output = Optional.of(new QuantParams(convention.type, step, convention.zeroPoint));
      all.add(activation("y", "reader", step));
      models.node("Identity", "reader", List.of("y"), "read");
      models.graph.clearOutput();
      models.output("read");
    }
    OnnxModel model = models.build();
    OneOperator operator = new OneOperator(model, new QuantPlan("", "", "", all), output);
    String convened = name + ", " + convention + (quantizedOutput ? ", output in integers" : "");
    forms.add(new Form(convened, operator, inputs, product));
  }

  private TensorPlan activation(String tensor, String consumer) {
    return activation(tensor, consumer, STEP);
  }

  private TensorPlan activation(String tensor, String consumer, float step) {
    return Plans.plan(
        tensor,
        Role.ACTIVATION,
        List.of(consumer),
        Optional.empty(),
        convention.type,
        OptionalInt.empty(),
        convention.zeroPoint,
        step);
  }

  private Tensor values(List<Integer> dims) {
    Shape shape = Shape.of(dims.stream().mapToLong(Integer::longValue).toArray());
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = INPUT_STEPS * STEP * (random.nextInt(2 * MOST_INPUT + 1) - MOST_INPUT);
    }
    return Tensor.ofFloats(shape, values);
  }
}
