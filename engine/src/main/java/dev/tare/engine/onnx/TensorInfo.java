package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An input or output of a model as it declares it.
 *
 * @param name tensor name
 * @param dtype element type; empty where none is declared, or where it is no dense tensor of a type
 *     that {@link DType} knows
 * @param dims dimensions, outermost first; empty where not even the rank is declared
 */
public record TensorInfo(String name, Optional<DType> dtype, Optional<List<Dim>> dims) {

  /** What exporters write for a dimension without a name: two of them may differ in size. */
  private static final Set<String> UNNAMED = Set.of("", "?");

  public TensorInfo {
    dims = dims.map(List::copyOf);
  }

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
