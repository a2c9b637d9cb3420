package dev.tare.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void shapeKnowsSizesAxesAndStrides() {
    Shape shape = Shape.of(2, 3, 4);
    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.size()).isEqualTo(24);
    assertThat(shape.dim(1)).isEqualTo(3);
    assertThat(shape.stride(0)).isEqualTo(12);
    assertThat(shape.stride(2)).isEqualTo(1);
    assertThat(shape.normalizeAxis(-1)).isEqualTo(2);
    assertThat(shape.normalizeAxis(-3)).isZero();
    assertThat(shape.batched(7)).isEqualTo(Shape.of(7, 2, 3, 4)).hasToString("[7, 2, 3, 4]");
    assertThat(Shape.SCALAR.size()).isEqualTo(1);
    assertThat(Shape.of(3, 0).size()).isZero();
    assertThat(shape.toArray()).containsExactly(2, 3, 4);
  }

  @Test
  void shapesThatCannotBeAreRefused() {
    assertThatThrownBy(() -> Shape.of(2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid shape [2, -1]: negative size");
    assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 31))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("long overflow");
    for (int axis : new int[] {2, -3}) {
      assertThatThrownBy(() -> Shape.of(4, 5).normalizeAxis(axis))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Axis " + axis + " is outside shape [4, 5]");
    }
  }

  @Test
  void equalityIsByTypeShapeAndEveryByte() {
    Tensor tensor = Tensor.ofFloats(Shape.of(2), 0, 1);
    assertThat(tensor).isEqualTo(Tensor.ofFloats(Shape.of(2), 0, 1));
    assertThat(tensor).hasSameHashCodeAs(Tensor.ofFloats(Shape.of(2), 0, 1));
    assertThat(tensor).isNotEqualTo(Tensor.ofFloats(Shape.of(2), -0.0f, 1));
    assertThat(tensor).isNotEqualTo(Tensor.ofFloats(Shape.of(2, 1), 0, 1));
    assertThat(tensor).isNotEqualTo(Tensor.of(DType.INT32, Shape.of(2), tensor.bytes()));
    assertThat(tensor).hasToString("Tensor[FLOAT32 [2]]");
  }

  @Test
  void bytesAreLittleEndianWhateverTheBufferSays() {
    ByteBuffer buffer = ByteBuffer.wrap(new byte[] {9, 0, 0, (byte) 0x80, 0x3f, 9});
    buffer.order(ByteOrder.BIG_ENDIAN).position(1).limit(5);
    Tensor tensor = Tensor.of(DType.FLOAT32, Shape.SCALAR, buffer);
    assertThat(tensor.toFloatArray()).containsExactly(1);
    assertThat(tensor.bytes().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void viewsAreReadOnlyAndIndependent() {
    Tensor tensor = Tensor.ofFloats(Shape.of(2), 3, 4);
    tensor.floats().get();
    tensor.bytes().getLong();
    assertThat(tensor.floats().get()).isEqualTo(3);
    assertThatThrownBy(() -> tensor.bytes().put((byte) 1))
        .isInstanceOf(ReadOnlyBufferException.class)
        .hasMessage(null);
  }

  @Test
  void wrongLengthsAndTypesAreRefused() {
    assertThatThrownBy(() -> Tensor.of(DType.INT64, Shape.of(2), ByteBuffer.allocate(15)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid tensor of type INT64 and shape [2]: 15 bytes instead of 16");
    assertThatThrownBy(() -> Tensor.ofLongs(Shape.of(1), 1).floats())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Cannot read INT64 as FLOAT32");
  }

  @Test
  void typesAreFoundByTheirOnnxCode() {
    for (DType type : DType.values()) {
      assertThat(DType.ofOnnxCode(type.onnxCode())).isEqualTo(type);
    }
    assertThat(DType.values())
        .filteredOn(DType::isFloat)
        .extracting(DType::bytes)
        .containsExactly(4, 2, 8, 2);
    assertThatThrownBy(() -> DType.ofOnnxCode(8))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Unsupported ONNX element type: 8");
  }

  @Test
  void dimensionsAreNumbersNamesOrOpen() {
    assertThat(Dim.fixed(3)).isEqualTo(Dim.fixed(3)).hasToString("3");
    assertThat(Dim.symbol("batch")).isEqualTo(Dim.symbol("batch")).hasToString("batch");
    assertThat(Dim.unknown()).isEqualTo(Dim.unknown()).hasToString("?");
    assertThatThrownBy(() -> Dim.fixed(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid dimension: size -1");
    assertThatThrownBy(() -> Dim.symbol(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid dimension: empty name");
  }
}
