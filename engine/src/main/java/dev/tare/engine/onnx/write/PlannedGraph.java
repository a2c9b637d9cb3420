package dev.tare.engine.onnx.write;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.DeadConstants;
import dev.tare.engine.onnx.graph.FreshNames;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.prepare.RedundantClips;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.TargetProfile;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The nodes of a model while a plan is written into them. Not thread-safe. */
final class PlannedGraph {

  static final String RUNTIME_DOMAIN = "com.microsoft";

  /**
   * Operators of which only the second input is a weight; the third, a bias, may be the same
   * constant.
   */
  private static final Set<String> SCALED =
      Set.of("LayerNormalization", "InstanceNormalization", "BatchNormalization");

  private final OnnxModel model;
  private final FreshNames names;
  private final List<NodeProto> nodes;
  private final Map<String, Integer> indexes = new HashMap<>();
  private final Map<String, QuantizableNode> quantizable = new HashMap<>();
  private final Map<Integer, List<NodeProto>> insertions = new HashMap<>();
  private final List<TensorProto> initializers = new ArrayList<>();
  private final BodyWeights bodies;
  private final Set<String> tensors;
  private final Set<String> outputs = new HashSet<>();

  PlannedGraph(OnnxModel model) {
    this.model = model;
    this.names = new FreshNames(model.graph());
    this.nodes = new ArrayList<>(model.graph().getNodeList());
    for (int i = 0; i < nodes.size(); i++) {
      String name = model.nodeNames().get(i);
      indexes.put(name, i);
      if (!nodes.get(i).getName().equals(name)) {
        nodes.set(i, nodes.get(i).toBuilder().setName(name).build());
      }
    }
    OnnxGraph whole = OnnxGraph.of(model);
    whole.nodes().forEach(node -> quantizable.put(node.node(), node));
    whole.inSubgraphs().forEach(node -> quantizable.put(node.node(), node));
    this.bodies = new BodyWeights(model);
    this.tensors = model.tensors();
    model.graph().getOutputList().forEach(output -> outputs.add(output.getName()));
  }

  FreshNames names() {
    return names;
  }

  /** Stores a new constant and returns its name. */
  String add(TensorProto initializer) {
    initializers.add(initializer);
    return initializer.getName();
  }

  /** Returns the current node of a consumer. */
  NodeProto node(TensorPlan plan, String consumer) {
    return nodes.get(index(plan, consumer));
  }

  /** Returns the planning node of a consumer. */
  QuantizableNode product(TensorPlan plan, String consumer) {
    QuantizableNode product = quantizable.get(consumer);
    require(product != null, plan, "node '" + consumer + "' does not multiply by a constant");
    return product;
  }

  private int index(TensorPlan plan, String consumer) {
    Integer index = indexes.get(consumer);
    if (index == null) {
      throw contradiction(plan, "the model has no node '" + consumer + "'");
    }
    return index;
  }

  /** Returns the index of a consumer, or of the node whose body contains it. */
  private int place(TensorPlan plan, String consumer) {
    return bodies.place(consumer).orElseGet(() -> index(plan, consumer));
  }

  /** Whether a consumer looks up rows of a tensor. */
  boolean takesRows(TensorPlan plan, String consumer) {
    return bodies.place(consumer).isEmpty() && Nodes.is(node(plan, consumer), "Gather");
  }

  void requireActivation(TensorPlan plan) {
    require(plan.type() != QuantType.INT32, plan, "activations cannot be INT32");
    require(
        tensors.contains(plan.tensor()) && !model.constants().contains(plan.tensor()),
        plan,
        "the model computes no such tensor");
  }

  /**
   * The shape of a planned constant.
   *
   * @throws IllegalArgumentException if the plan does not match this model
   */
  Shape requireConstant(TensorPlan plan) {
    Shape shape =
        model
            .constants()
            .find(plan.tensor())
            .map(TensorCodec::shape)
            .or(() -> bodies.shape(plan.tensor()))
            .orElseThrow(() -> contradiction(plan, "the model has no such constant"));
    require(
        plan.shape().filter(shape::equals).isPresent(),
        plan,
        "shape " + plan.shape().map(Shape::toString).orElse("unknown") + " vs " + shape);
    require(plan.type() != QuantType.FLOAT16, plan, "DequantizeLinear takes no weights of FLOAT16");
    require(
        (plan.type() == QuantType.INT32) == (plan.role() == Role.BIAS),
        plan,
        plan.type() + " is not for a " + plan.role());
    if (plan.axis().isPresent()) {
      int axis = plan.axis().getAsInt();
      require(axis >= 0 && axis < shape.rank(), plan, "axis " + axis + " vs shape " + shape);
    }
    long scales = plan.granularity().paramsShape(shape).size();
    require(
        scales == plan.channels().size(), plan, plan.channels().size() + " channels vs " + scales);
    return shape;
  }

  static ByteBuffer requireBytes(TensorPlan plan, Shape shape, ByteBuffer bytes) {
    long expected = plan.type().dtype().byteSize(shape.size());
    require(
        bytes.remaining() == expected, plan, bytes.remaining() + " bytes instead of " + expected);
    return bytes;
  }

  /** Inserts a chain before its first consumer, and makes its consumers read it. */
  void connect(TensorPlan plan, List<String> consumers, List<NodeProto> chain, String output) {
    for (String consumer : consumers) {
      if (bodies.place(consumer).isPresent()) {
        bodies.redirect(plan, consumer, output);
        continue;
      }
      int index = index(plan, consumer);
      NodeProto original = model.graph().getNode(index);
      nodes.set(index, redirect(plan, consumer, original, nodes.get(index), output));
    }
    insert(plan, consumers, chain);
  }

  /**
   * Inserts a chain after the node that computes a graph output: the node's output is renamed, and
   * the chain's output gets the name, so that all readers read the chain.
   *
   * @param chain reads the new name and computes the output
   */
  void intercept(TensorPlan plan, String renamed, List<NodeProto> chain) {
    int maker = -1;
    for (int i = 0; i < nodes.size() && maker < 0; i++) {
      maker = nodes.get(i).getOutputList().contains(plan.tensor()) ? i : -1;
    }
    require(
        maker >= 0 && outputs.contains(plan.tensor()), plan, "no node computes it as an output");
    NodeProto.Builder node = nodes.get(maker).toBuilder();
    node.setOutput(node.getOutputList().indexOf(plan.tensor()), renamed);
    nodes.set(maker, node.build());
    insertions.computeIfAbsent(maker + 1, i -> new ArrayList<>(2)).addAll(0, chain);
  }

  /** Inserts nodes before the first of some consumers. */
  void insert(TensorPlan plan, List<String> consumers, List<NodeProto> chain) {
    int first = consumers.stream().mapToInt(c -> place(plan, c)).min().orElseThrow();
    insertions.computeIfAbsent(first, i -> new ArrayList<>(2)).addAll(chain);
  }

  /** Replaces a consumer by a sequence, whose last node computes the consumer's output. */
  void replace(TensorPlan plan, String consumer, List<NodeProto> sequence) {
    int index = index(plan, consumer);
    int last = sequence.size() - 1;
    insertions.computeIfAbsent(index, i -> new ArrayList<>(last)).addAll(sequence.subList(0, last));
    nodes.set(index, sequence.get(last));
  }

  private NodeProto redirect(
      TensorPlan plan, String consumer, NodeProto original, NodeProto node, String to) {
    NodeProto.Builder builder = node.toBuilder();
    boolean found = false;
    for (int i = 0; i < original.getInputCount(); i++) {
      if (reads(plan, consumer, original, i)) {
        builder.setInput(i, to);
        found = true;
      }
    }
    require(found, plan, "node '" + consumer + "' does not read it");
    return builder.build();
  }

  /** Whether the tensor has its planned role at this input. */
  boolean reads(TensorPlan plan, String consumer, NodeProto node, int input) {
    QuantizableNode known = quantizable.get(consumer);
    if (plan.role() == Role.ACTIVATION) {
      boolean multiplied =
          known != null && Nodes.input(node, known.inputIndex()).equals(plan.tensor());
      return node.getInput(input).equals(plan.tensor())
          && (!multiplied || known.inputIndex() == input);
    }
    boolean same =
        model.constants().resolve(node.getInput(input)).filter(plan.tensor()::equals).isPresent();
    if (plan.role() == Role.BIAS) {
      return same && input == 2;
    }
    if (known == null && SCALED.contains(node.getOpType())) {
      return same && input == 1;
    }
    return same && (known == null || known.weightIndex() == input);
  }

  /**
   * Returns the rewritten model, in a given opset or a newer one, without Clips that change no
   * integer, and with the biases that the target needs.
   */
  OnnxModel build(int opset, TargetProfile target) {
    OnnxModel raised = OpsetUpgrade.upgrade(build(), opset);
    GraphProto graph = NominalBiases.added(RedundantClips.dropped(raised.graph()), target);
    return raised.with(raised.proto().toBuilder().setGraph(graph).build());
  }

  /** Returns the rewritten model in its own opset. */
  OnnxModel build() {
    List<NodeProto> sequence = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      sequence.addAll(insertions.getOrDefault(i, List.of()));
      sequence.add(bodies.rewritten(i, nodes.get(i)));
    }
    sequence.addAll(insertions.getOrDefault(nodes.size(), List.of()));
    GraphProto.Builder graph =
        new DeadConstants(model.graph(), sequence)
            .removed().toBuilder().addAllInitializer(initializers);
    if (model.irVersion() <= OpsetUpgrade.IR_WITH_INITIALIZERS_AS_INPUTS) {
      initializers.forEach(tensor -> graph.addInput(TensorCodec.declaration(tensor)));
    }
    ModelProto.Builder proto = model.proto().toBuilder().setGraph(graph);
    boolean runtimeOperators =
        sequence.stream().anyMatch(node -> node.getDomain().equals(RUNTIME_DOMAIN));
    boolean imported =
        proto.getOpsetImportList().stream().anyMatch(o -> o.getDomain().equals(RUNTIME_DOMAIN));
    if (runtimeOperators && !imported) {
      proto.addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(RUNTIME_DOMAIN).setVersion(1));
    }
    return model.with(proto.build());
  }

  static void require(boolean holds, TensorPlan plan, String otherwise) {
    if (!holds) {
      throw contradiction(plan, otherwise);
    }
  }

  static IllegalArgumentException contradiction(TensorPlan plan, String why) {
    String what = plan.role().name().toLowerCase(Locale.ROOT);
    if (plan.format() != Format.QDQ) {
      what += " for " + plan.format();
    }
    return new IllegalArgumentException(
        "Cannot quantize %s '%s': %s".formatted(what, plan.tensor(), why));
  }
}
