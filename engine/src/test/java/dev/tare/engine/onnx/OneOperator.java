package dev.tare.engine.onnx;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.DequantizedModel;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.range.Range;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One operator of a model as a model of its own, with what the plan of the whole says of it.
 *
 * @param model the float operator, its computed operands as inputs
 * @param plan of its tensors, for it alone
 * @param output how its output is quantized; empty where it stays float
 */
public record OneOperator(OnnxModel model, QuantPlan plan, Optional<QuantParams> output) {

  private static final String READER = "reader";

  /**
   * An operator of a model, alone.
   *
   * @param values what each computed operand may be, for its type and shape
   */
  public static OneOperator of(
      OnnxModel whole, QuantPlan plan, String name, Map<String, Tensor> values) {
    NodeProto.Builder node =
        whole.graph().getNode(whole.nodeNames().indexOf(name)).toBuilder().setName(name);
    GraphProto.Builder graph = GraphProto.newBuilder().setName("operator");
    Map<String, Tensor> constants = new TreeMap<>();
    for (int i = 0; i < node.getInputCount(); i++) {
      String operand = node.getInput(i);
      String constant = whole.constants().resolve(operand).orElse("");
      if (!constant.isEmpty()) {
        node.setInput(i, constant);
        constants.put(constant, OnnxGraph.of(whole).constant(constant));
      } else if (!operand.isEmpty()) {
        Tensor value = values.get(operand);
        graph.addInput(
            TensorCodec.declaration(
                TensorCodec.encode(operand, value.dtype(), value.shape().dims(), value.bytes())));
      }
    }
    constants.forEach(
        (key, value) ->
            graph.addInitializer(
                TensorCodec.encode(key, value.dtype(), value.shape().dims(), value.bytes())));
    graph.addNode(node).addOutput(ValueInfoProto.newBuilder().setName(node.getOutput(0)));
    OnnxModel alone =
        OnnxModel.parse(
            whole.proto().toBuilder().setGraph(graph).build().toByteArray(), name + ".onnx");
    List<TensorPlan> own =
        plan.tensors().stream()
            .filter(t -> t.quantized() && t.consumers().contains(name))
            .map(t -> copy(t, t.tensor(), name, t.channels()))
            .toList();
    return new OneOperator(alone, planOf(own), Optional.empty());
  }

  private static QuantPlan planOf(List<TensorPlan> tensors) {
    return new QuantPlan("", "", "", tensors);
  }

  /** The same with a float bias, where it had an int32 one. */
  public OneOperator withFloatBias() {
    return new OneOperator(
        model, planOf(plan.tensors().stream().filter(t -> t.role() != Role.BIAS).toList()), output);
  }

  /**
   * The same with its output quantized like its input, from the extremes of a float output, as it
   * is where the next operator reads it.
   */
  public OneOperator withOutput(Tensor floatOutput) {
    TensorPlan like =
        plan.tensors().stream().filter(t -> t.role() == Role.ACTIVATION).findFirst().orElseThrow();
    String name = node().getOutput(0);
    Observer observer = Observer.create(name, ObserverOptions.ofWhole());
    observer.observe(floatOutput.bytes(), floatOutput.shape());
    Statistics seen = observer.statistics().whole().orElseThrow();
    Range range = Range.containing(seen.min(), seen.max());
    QuantParams params = like.target().params(range);
    List<TensorPlan> all = new ArrayList<>(plan.tensors());
    all.add(
        copy(like, name, READER, ScaleColumns.of(new ChannelPlan(range, params, 0, Double.NaN))));
    GraphProto.Builder graph = model.graph().toBuilder();
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Identity")
            .setName(READER)
            .addInput(name)
            .addOutput(name + "_read"));
    graph.clearOutput().addOutput(ValueInfoProto.newBuilder().setName(name + "_read"));
    return new OneOperator(
        model.with(model.proto().toBuilder().setGraph(graph).build()),
        planOf(all),
        Optional.of(params));
  }

  private static TensorPlan copy(
      TensorPlan t, String tensor, String consumer, ScaleColumns channels) {
    return new TensorPlan(
        tensor,
        t.role(),
        t.format(),
        List.of(consumer),
        t.floatReason(),
        t.shape(),
        t.target(),
        t.origin(),
        t.decidedBy(),
        t.granularity(),
        channels);
  }

  public NodeProto node() {
    return model.graph().getNode(0);
  }

  public OnnxModel quantized() {
    return QdqRewriter.rewrite(model, plan, this::codeBytes);
  }

  public OnnxModel dequantized() {
    return DequantizedModel.of(model, plan, this::codeBytes, ByteBuffer::allocate);
  }

  /** The integers of a constant, as quantization writes them. */
  public Tensor codes(TensorPlan constant) {
    return Quantizer.quantize(
        OnnxGraph.of(model).constant(constant.tensor()),
        constant.params(),
        constant.granularity(),
        constant.limits(),
        Rounding.DIVISION);
  }

  /** What some form of it gives for an input. */
  public static Tensor run(OnnxModel form, Tensor input, OptLevel level) {
    Map<String, Tensor> feeds = Map.of(form.inputs().get(0).name(), input);
    return Reference.run(form, feeds, level).values().iterator().next();
  }

  private ByteBuffer codeBytes(TensorPlan constant) {
    return codes(constant).bytes();
  }
}
