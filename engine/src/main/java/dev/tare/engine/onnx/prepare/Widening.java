package dev.tare.engine.onnx.prepare;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.graph.HalfTypes;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.HalfFloats;

/**
 * Makes a float32 model of one in half precision: constants keep their values, and every element
 * type of 16-bit floats becomes float32, those of inputs and outputs too. Casts between both kinds
 * of floats then do nothing and are removed.
 *
 * <p>Arithmetic is that of float32, as ONNX Runtime's CPU provider computes most operators of such
 * models: results are not rounded to 16 bits, and do not become infinite beyond 65504.
 */
public final class Widening {

  private final OnnxModel model;

  private Widening(OnnxModel model) {
    this.model = model;
  }

  /**
   * Widens a model; returns the model itself if it names no type of 16-bit floats. Tensors and
   * nodes keep their names. Costs twice the bytes of the constants that change.
   *
   * @throws InvalidModelException if a constant is too large to be widened in memory, or an
   *     operator reads the bits of its input; the message names it
   */
  public static OnnxModel widened(OnnxModel model) {
    if (HalfTypes.in(model.graph()).isEmpty()) {
      return model;
    }
    GraphProto wide = new Widening(model).widened(model.graph());
    return model.with(model.proto().toBuilder().setGraph(IdleCasts.removed(wide)).build());
  }

  private GraphProto widened(GraphProto graph) {
    GraphProto.Builder wide = graph.toBuilder();
    for (int i = 0; i < graph.getInitializerCount(); i++) {
      TensorProto tensor = graph.getInitializer(i);
      if (HalfTypes.isHalf(tensor.getDataType())) {
        wide.setInitializer(i, widened(tensor, "constant '" + tensor.getName() + "'"));
      }
    }
    wide.getInputBuilderList().forEach(Widening::widen);
    wide.getOutputBuilderList().forEach(Widening::widen);
    wide.getValueInfoBuilderList().forEach(Widening::widen);
    for (int i = 0; i < graph.getNodeCount(); i++) {
      NodeProto node = graph.getNode(i);
      if (Nodes.is(node, "BitCast")) {
        throw refuse(
            "operator BitCast (node '%s') reads the bits of numbers".formatted(node.getName()));
      }
      NodeProto.Builder changed = node.toBuilder();
      for (int a = 0; a < node.getAttributeCount(); a++) {
        changed.setAttribute(a, widened(node.getAttribute(a), node));
      }
      wide.setNode(i, Nodes.withSubgraphs(changed.build(), this::widened));
    }
    return wide.build();
  }

  private AttributeProto widened(AttributeProto attribute, NodeProto node) {
    AttributeProto.Builder wide = attribute.toBuilder();
    if (HalfTypes.named(attribute)) {
      wide.setI(DType.FLOAT32.onnxCode());
    }
    String what = "a constant of node '" + node.getName() + "'";
    if (attribute.hasT() && HalfTypes.isHalf(attribute.getT().getDataType())) {
      wide.setT(widened(attribute.getT(), what));
    }
    for (int i = 0; i < attribute.getTensorsCount(); i++) {
      if (HalfTypes.isHalf(attribute.getTensors(i).getDataType())) {
        wide.setTensors(i, widened(attribute.getTensors(i), what));
      }
    }
    if (attribute.hasTp()) {
      widen(wide.getTpBuilder());
    }
    wide.getTypeProtosBuilderList().forEach(Widening::widen);
    return wide.build();
  }

  private TensorProto widened(TensorProto tensor, String what) {
    long values = TensorCodec.shape(tensor).size();
    if (!TensorCodec.held(tensor) || values > Integer.MAX_VALUE / Float.BYTES) {
      throw refuse(
          "%s has %d values, too many to be widened to float32 in memory".formatted(what, values));
    }
    return TensorCodec.encode(
        tensor.getName(),
        DType.FLOAT32,
        tensor.getDimsList(),
        HalfFloats.widened(TensorCodec.decode(tensor)).bytes());
  }

  private static void widen(ValueInfoProto.Builder info) {
    if (info.hasType()) {
      widen(info.getTypeBuilder());
    }
  }

  private static void widen(TypeProto.Builder type) {
    if (type.hasSequenceType()) {
      widen(type.getSequenceTypeBuilder().getElemTypeBuilder());
    } else if (type.hasOptionalType()) {
      widen(type.getOptionalTypeBuilder().getElemTypeBuilder());
    } else if (HalfTypes.isHalf(type.getTensorType().getElemType())) {
      type.getTensorTypeBuilder().setElemType(DType.FLOAT32.onnxCode());
    }
  }

  private InvalidModelException refuse(String reason) {
    return new InvalidModelException(
        model.name(), "it is in half precision, and " + reason + "; export it in float32");
  }
}
