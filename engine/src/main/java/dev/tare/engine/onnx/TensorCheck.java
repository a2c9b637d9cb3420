package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.ExternalRegion;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.TensorProto;

/** Checks that a tensor's data is present and has the size that its shape requires. */
final class TensorCheck {

  private final String model;
  private final boolean attached;

  /**
   * @param attached whether the data of external tensors was loaded
   */
  TensorCheck(String model, boolean attached) {
    this.model = model;
    this.attached = attached;
  }

  void check(GraphProto graph) {
    graph.getInitializerList().forEach(t -> check(t, "tensor '" + t.getName() + "'"));
    if (graph.getSparseInitializerCount() > 0) {
      String name = graph.getSparseInitializer(0).getValues().getName();
      throw refuse("initializer '" + name + "' is sparse; make it dense first");
    }
  }

  void check(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      String where = what(attribute, node);
      if (attribute.hasT()) {
        check(attribute.getT(), where);
      }
      for (TensorProto tensor : attribute.getTensorsList()) {
        if (ExternalRegion.isExternal(tensor)) {
          throw elsewhere(where);
        }
        check(tensor, where);
      }
      if (attribute.hasSparseTensor() || attribute.getSparseTensorsCount() > 0) {
        throw refuse(where + " is sparse; make it dense first");
      }
    }
  }

  /** Names a tensor in an attribute, for messages. */
  static String what(AttributeProto attribute, NodeProto node) {
    return "attribute '%s' of %s '%s'"
        .formatted(attribute.getName(), node.getOpType(), node.getName());
  }

  private void check(TensorProto tensor, String what) {
    if (ExternalRegion.isExternal(tensor)) {
      if (!attached) {
        throw elsewhere(what);
      }
      return;
    }
    try {
      checkData(tensor, what, type(tensor, what), size(tensor, what));
    } catch (ArithmeticException e) {
      throw tooMany(tensor, what, e);
    }
  }

  /**
   * Returns the raw bytes that a tensor's type and shape require.
   *
   * @throws InvalidModelException if type or shape is not valid
   */
  long rawBytes(TensorProto tensor, String what) {
    try {
      TensorProto.DataType type = type(tensor, what);
      if (type == TensorProto.DataType.STRING) {
        throw refuse(what + " of type STRING stores its data in another file");
      }
      return rawBytes(type, size(tensor, what));
    } catch (ArithmeticException e) {
      throw tooMany(tensor, what, e);
    }
  }

  private InvalidModelException elsewhere(String what) {
    return refuse("%s stores its data in another file (external data)".formatted(what));
  }

  private InvalidModelException tooMany(TensorProto tensor, String what, ArithmeticException e) {
    return new InvalidModelException(
        model, "%s of shape %s has too many elements".formatted(what, tensor.getDimsList()), e);
  }

  private long size(TensorProto tensor, String what) {
    if (tensor.hasSegment()) {
      throw refuse(what + " is a segment of a larger one");
    }
    long size = 1;
    for (long dim : tensor.getDimsList()) {
      if (dim < 0) {
        throw refuse("%s has shape %s".formatted(what, tensor.getDimsList()));
      }
      size = Math.multiplyExact(size, dim);
    }
    return size;
  }

  private TensorProto.DataType type(TensorProto tensor, String what) {
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    if (type == null || type == TensorProto.DataType.UNDEFINED) {
      throw refuse("%s has unknown element type %d".formatted(what, tensor.getDataType()));
    }
    return type;
  }

  private void checkData(TensorProto tensor, String what, TensorProto.DataType type, long size) {
    boolean raw = !tensor.getRawData().isEmpty();
    long expected = raw ? rawBytes(type, size) : typedCount(type, size);
    long actual = raw ? tensor.getRawData().size() : typedCount(tensor, type);
    if (expected != actual) {
      throw refuse(
          "%s of type %s and shape %s has %d %s instead of %d"
              .formatted(
                  what, type, tensor.getDimsList(), actual, raw ? "bytes" : "values", expected));
    }
  }

  private static long rawBytes(TensorProto.DataType type, long size) {
    // Strings are never raw data, so any size is wrong.
    return type == TensorProto.DataType.STRING ? -1 : packed(size, bits(type));
  }

  private static int bits(TensorProto.DataType type) {
    return switch (type) {
      case COMPLEX128 -> 128;
      case INT64, UINT64, DOUBLE, COMPLEX64 -> 64;
      case FLOAT, INT32, UINT32 -> 32;
      case INT16, UINT16, FLOAT16, BFLOAT16 -> 16;
      case INT8, UINT8, BOOL -> 8;
      case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ, FLOAT8E8M0 -> 8;
      case FLOAT6E2M3, FLOAT6E3M2 -> 6;
      case INT4, UINT4, FLOAT4E2M1 -> 4;
      case INT2, UINT2 -> 2;
      case STRING, UNDEFINED -> throw new IllegalArgumentException("No numbers: " + type);
    };
  }

  /** Bytes of a number of elements, computed by groups of 8 so that nothing overflows early. */
  private static long packed(long size, int bits) {
    long rest = (size % Byte.SIZE * bits + Byte.SIZE - 1) / Byte.SIZE;
    return Math.addExact(Math.multiplyExact(size / Byte.SIZE, (long) bits), rest);
  }

  private static long typedCount(TensorProto.DataType type, long size) {
    return switch (type) {
      case COMPLEX64, COMPLEX128 -> Math.multiplyExact(size, 2L);
      // An entry contains a byte of raw data.
      case INT4, UINT4, FLOAT4E2M1, INT2, UINT2 -> packed(size, bits(type));
      default -> size;
    };
  }

  private static long typedCount(TensorProto tensor, TensorProto.DataType type) {
    return switch (type) {
      case FLOAT, COMPLEX64 -> tensor.getFloatDataCount();
      case DOUBLE, COMPLEX128 -> tensor.getDoubleDataCount();
      case INT64 -> tensor.getInt64DataCount();
      case UINT32, UINT64 -> tensor.getUint64DataCount();
      case STRING -> tensor.getStringDataCount();
      default -> tensor.getInt32DataCount();
    };
  }

  private InvalidModelException refuse(String reason) {
    return new InvalidModelException(model, reason);
  }
}
