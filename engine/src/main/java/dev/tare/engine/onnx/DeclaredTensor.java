package dev.tare.engine.onnx;

import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.Dim;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a {@code ValueInfoProto} says of an input or output. */
final class DeclaredTensor {

  /** What exporters write for a dimension without a name: two of them may differ in size. */
  private static final Set<String> UNNAMED = Set.of("", "?");

  private DeclaredTensor() {}

  static TensorInfo of(ValueInfoProto info) {
    if (!info.getType().hasTensorType()) {
      return new TensorInfo(info.getName(), Optional.empty(), Optional.empty());
    }
    var type = info.getType().getTensorType();
    return new TensorInfo(
        info.getName(),
        TensorCodec.dtype(type.getElemType()),
        type.hasShape() ? Optional.of(dims(type.getShape())) : Optional.empty());
  }

  private static List<Dim> dims(TensorShapeProto shape) {
    List<Dim> dims = new ArrayList<>();
    for (TensorShapeProto.Dimension dim : shape.getDimList()) {
      // Some exporters write -1 for a dimension that they do not know.
      if (dim.hasDimValue() && dim.getDimValue() >= 0) {
        dims.add(Dim.fixed(dim.getDimValue()));
      } else if (dim.hasDimParam() && !UNNAMED.contains(dim.getDimParam())) {
        dims.add(Dim.symbol(dim.getDimParam()));
      } else {
        dims.add(Dim.unknown());
      }
    }
    return dims;
  }
}
