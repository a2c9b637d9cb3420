package dev.tare.engine.tflite.view;

import dev.tare.engine.graph.Activations;
import dev.tare.engine.graph.FloatConstant;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.graph.Topology;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The graph of a model: nodes are named by what they compute first. Immutable. */
public final class LiteGraph implements ModelGraph {

  private static final int LAST = -1;
  private static final Set<String> ARITHMETIC =
      Set.of("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "PRELU", "POW");

  private final LiteModel model;
  private final List<QuantizableNode> nodes = new ArrayList<>();
  private final List<SkippedNode> skipped = new ArrayList<>();
  private final Set<Integer> derived = new HashSet<>();

  private LiteGraph(LiteModel model) {
    this.model = model;
    for (LiteOperator operator : model.operators()) {
      if (operator.inputs().stream().allMatch(this::isConstant)) {
        derived.addAll(operator.outputs());
      }
    }
    for (LiteOperator operator : model.operators()) {
      Product.of(operator.type()).ifPresent(product -> add(operator, product));
    }
  }

  /** Views a model. */
  public static LiteGraph of(LiteModel model) {
    return new LiteGraph(model);
  }

  /** Whether a tensor is a constant, or computed from constants alone. */
  private boolean isConstant(int index) {
    return index < 0 || model.tensors().get(index).constant() || derived.contains(index);
  }

  private void add(LiteOperator operator, Product product) {
    int input = operator.input(product.input());
    int weight = operator.input(product.weight());
    Optional<String> reason = reasonAgainst(product, input, weight);
    if (reason.isPresent()) {
      skipped.add(new SkippedNode(operator.name(), operator.type(), reason.get()));
      return;
    }
    LiteTensor constant = model.tensors().get(weight);
    int bias = operator.input(product.bias());
    nodes.add(
        new QuantizableNode(
            operator.name(),
            operator.type(),
            model.tensors().get(input).name(),
            product.input(),
            constant.name(),
            product.weight(),
            constant.shape(),
            product.axis(),
            bias >= 0 && model.tensors().get(bias).floatConstant()
                ? Optional.of(model.tensors().get(bias).name())
                : Optional.empty(),
            groups(product, model.tensors().get(input), constant),
            product.use()));
  }

  private Optional<String> reasonAgainst(Product product, int input, int weight) {
    if (input < 0 || weight < 0) {
      return Optional.of("an operand is left out");
    }
    LiteTensor constant = model.tensors().get(weight);
    if (!constant.constant()) {
      return Optional.of("its weight '%s' is computed".formatted(constant.name()));
    }
    if (!constant.floatConstant() || !model.tensors().get(input).floatActivation()) {
      return Optional.of("it does not multiply float32 numbers");
    }
    return constant.shape().rank() == product.rank()
        ? Optional.empty()
        : Optional.of("its weight has the shape " + constant.shape());
  }

  private static long groups(Product product, LiteTensor input, LiteTensor weight) {
    if (input.shape().rank() != product.rank() || product.rank() < 4) {
      return 1;
    }
    long channels = input.shape().dim(input.shape().rank() - 1);
    if (product.blockAxis() < 0) {
      return channels;
    }
    long each = weight.shape().dim(product.blockAxis());
    return each > 0 && channels % each == 0 ? Math.max(1, channels / each) : 1;
  }

  @Override
  public List<QuantizableNode> nodes() {
    return List.copyOf(nodes);
  }

  @Override
  public List<SkippedNode> skipped() {
    return List.copyOf(skipped);
  }

  @Override
  public Activations activations() {
    Set<String> operands = new HashSet<>();
    Map<String, Integer> axes = new HashMap<>();
    for (LiteOperator operator : model.operators()) {
      if (Product.of(operator.type()).isPresent()) {
        for (int input : operator.inputs()) {
          if (isActivation(input)) {
            operands.add(model.tensors().get(input).name());
            axes.put(model.tensors().get(input).name(), LAST);
          }
        }
        operator.outputs().forEach(output -> axes.put(model.tensors().get(output).name(), LAST));
      }
    }
    return new Activations(floats(), operands, axes);
  }

  private boolean isActivation(int index) {
    return index >= 0 && model.tensors().get(index).floatActivation() && !derived.contains(index);
  }

  /** Float inputs and computed float tensors. */
  private Set<String> floats() {
    Set<String> floats = new TreeSet<>();
    model.inputs().stream().filter(LiteTensor::floatActivation).forEach(t -> floats.add(t.name()));
    for (LiteOperator operator : model.operators()) {
      operator.outputs().stream()
          .filter(this::isActivation)
          .forEach(output -> floats.add(model.tensors().get(output).name()));
    }
    return floats;
  }

  @Override
  public Topology topology() {
    List<GraphNode> all = new ArrayList<>();
    for (LiteOperator operator : model.operators()) {
      all.add(
          new GraphNode(
              operator.name(),
              operator.type(),
              names(operator.inputs()),
              List.of(),
              names(operator.outputs()),
              operator.type().equals("PAD")));
    }
    Map<String, String> constants = new HashMap<>();
    model.tensors().stream()
        .filter(LiteTensor::floatConstant)
        .forEach(tensor -> constants.put(tensor.name(), tensor.name()));
    return new Topology(all, floats(), constants, named(model.inputs()), named(model.outputs()));
  }

  private List<String> names(List<Integer> indices) {
    return indices.stream().map(i -> i < 0 ? "" : model.tensors().get(i).name()).toList();
  }

  private static Set<String> named(List<LiteTensor> tensors) {
    Set<String> names = new TreeSet<>();
    tensors.forEach(tensor -> names.add(tensor.name()));
    return names;
  }

  @Override
  public List<FloatConstant> floatConstants() {
    Map<Integer, List<FloatConstant.Reader>> readers = new LinkedHashMap<>();
    for (LiteOperator operator : model.operators()) {
      Set<Integer> once = new HashSet<>();
      for (int i = 0; i < operator.inputs().size(); i++) {
        int input = operator.input(i);
        if (input >= 0 && isFloatConstant(input) && once.add(input)) {
          readers
              .computeIfAbsent(input, k -> new ArrayList<>())
              .add(
                  new FloatConstant.Reader(
                      operator.name(),
                      operator.type(),
                      i,
                      Optional.empty(),
                      isArithmetic(operator, i)));
        }
      }
    }
    List<FloatConstant> constants = new ArrayList<>();
    readers.forEach(
        (index, own) -> {
          LiteTensor tensor = model.tensors().get(index);
          constants.add(
              new FloatConstant(tensor.name(), tensor.dtype().orElseThrow(), tensor.shape(), own));
        });
    return constants;
  }

  private boolean isFloatConstant(int index) {
    LiteTensor tensor = model.tensors().get(index);
    return tensor.constant() && tensor.dtype().isPresent() && tensor.dtype().get().isFloat();
  }

  private static boolean isArithmetic(LiteOperator operator, int input) {
    return ARITHMETIC.contains(operator.type())
        || Product.of(operator.type()).filter(product -> product.bias() == input).isPresent();
  }

  @Override
  public Tensor constant(String name) {
    return model.constant(model.tensor(name));
  }
}
