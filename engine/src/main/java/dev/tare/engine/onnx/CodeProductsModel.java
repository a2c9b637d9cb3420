package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.TensorShapeProto;
import dev.tare.engine.onnx.proto.TypeProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import dev.tare.engine.tensor.DType;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A model that multiplies a matrix of codes, transposed, with itself: {@code P = (Q - 128)^T (Q -
 * 128)}.
 *
 * <p>Both operands are unsigned: processors without VNNI saturate sums of unsigned by signed
 * products, but not of these.
 */
public final class CodeProductsModel {

  /** Input: codes plus 128, uint8 of shape {@code [vectors, channels]}. */
  public static final String CODES = "codes";

  /** Output: int32 of shape {@code [channels, channels]}. */
  public static final String PRODUCTS = "products";

  private static final int IR_VERSION = 8;
  private static final int OPSET = 13;

  private CodeProductsModel() {}

  /** The bytes of the model. */
  public static byte[] bytes() {
    ByteBuffer middle = ByteBuffer.wrap(new byte[] {(byte) 128});
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("products of codes")
            .addInput(value(CODES, TensorProto.DataType.UINT8, "vectors", "channels"))
            .addOutput(value(PRODUCTS, TensorProto.DataType.INT32, "channels", "channels"))
            .addInitializer(TensorCodec.encode("middle", DType.UINT8, List.of(), middle))
            .addNode(
                NodeProto.newBuilder()
                    .setName("transpose")
                    .setOpType("Transpose")
                    .addInput(CODES)
                    .addOutput("transposed"))
            .addNode(
                NodeProto.newBuilder()
                    .setName("multiply")
                    .setOpType("MatMulInteger")
                    .addAllInput(List.of("transposed", CODES, "middle", "middle"))
                    .addOutput(PRODUCTS))
            .build();
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
        .setGraph(graph)
        .build()
        .toByteArray();
  }

  private static ValueInfoProto value(String name, TensorProto.DataType type, String... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (String dim : dims) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam(dim));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
