package dev.tare.engine.onnx.graph;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** Converts {@code TensorProto} to tensors and back; raw data is shared, never copied. */
public final class TensorCodec {

  private TensorCodec() {}

  /** Returns the element type of a code, if tensors of it have a dense form. */
  public static Optional<DType> dtype(int onnxCode) {
    for (DType type : DType.values()) {
      if (type.onnxCode() == onnxCode) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  public static Shape shape(TensorProto proto) {
    return new Shape(proto.getDimsList());
  }

  /**
   * Whether a tensor's data is loaded; the data of a tensor that is too large stays in its file.
   */
  public static boolean held(TensorProto proto) {
    return !ExternalRegion.isExternal(proto) || !proto.getRawData().isEmpty();
  }

  /**
   * Decodes a tensor; costs a copy if the model uses typed fields instead of raw data.
   *
   * @throws IllegalArgumentException if the data is not {@link #held}
   */
  public static Tensor decode(TensorProto proto) {
    DType dtype = DType.ofOnnxCode(proto.getDataType());
    Shape shape = shape(proto);
    if (!held(proto)) {
      throw new IllegalArgumentException(
          "Tensor '%s' of %s %s is too large to compute with"
              .formatted(proto.getName(), dtype, shape));
    }
    if (shape.size() == 0 || !proto.getRawData().isEmpty()) {
      return Tensor.of(dtype, shape, proto.getRawData().asReadOnlyByteBuffer());
    }
    int size = Math.toIntExact(shape.size());
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(dtype.byteSize(size))).order(ByteOrder.LITTLE_ENDIAN);
    // Typed fields store 4-bit elements like raw data, two in a byte.
    int entries = dtype.bits() < 8 ? out.capacity() : size;
    for (int i = 0; i < entries; i++) {
      switch (dtype) {
        case FLOAT32 -> out.putFloat(proto.getFloatData(i));
        case FLOAT64 -> out.putDouble(proto.getDoubleData(i));
        case INT64 -> out.putLong(proto.getInt64Data(i));
        case UINT64 -> out.putLong(proto.getUint64Data(i));
        case UINT32 -> out.putInt((int) proto.getUint64Data(i));
        case INT32 -> out.putInt(proto.getInt32Data(i));
        case INT16, UINT16, FLOAT16, BFLOAT16 -> out.putShort((short) proto.getInt32Data(i));
        case INT8, UINT8, BOOL, INT4, UINT4 -> out.put((byte) proto.getInt32Data(i));
        case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ ->
            out.put((byte) proto.getInt32Data(i));
      }
    }
    return Tensor.of(dtype, shape, out.flip());
  }

  public static TensorProto encode(
      String name, DType dtype, List<Long> dims, ByteBuffer littleEndian) {
    return encode(name, dtype, dims, UnsafeByteOperations.unsafeWrap(littleEndian.slice()));
  }

  private static TensorProto encode(String name, DType dtype, List<Long> dims, ByteString raw) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(dtype.onnxCode())
        .addAllDims(dims)
        .setRawData(raw)
        .build();
  }

  public static TensorProto floats(String name, List<Long> dims, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return encode(name, DType.FLOAT32, dims, bytes);
  }

  /** Returns the declaration of a graph input for such a tensor. */
  public static ValueInfoProto declaration(TensorProto tensor) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    tensor.getDimsList().forEach(dim -> shape.addDimBuilder().setDimValue(dim));
    TypeProto.Builder type = TypeProto.newBuilder();
    type.getTensorTypeBuilder().setElemType(tensor.getDataType()).setShape(shape);
    return ValueInfoProto.newBuilder().setName(tensor.getName()).setType(type).build();
  }

  /** Creates an int64 vector. */
  public static TensorProto longs(String name, List<Long> values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.size() * 8).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(bytes::putLong);
    return encode(name, DType.INT64, List.of((long) values.size()), bytes.flip());
  }
}
