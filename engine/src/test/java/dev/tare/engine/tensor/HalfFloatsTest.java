package dev.tare.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class HalfFloatsTest {

  private static double float16(int bits) {
    double sign = bits >= 0x8000 ? -1 : 1;
    int exponent = (bits >> 10) & 31;
    int fraction = bits & 1023;
    if (exponent == 31) {
      return fraction == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * Math.scalb((double) fraction, -24)
        : sign * Math.scalb(1024.0 + fraction, exponent - 25);
  }

  @Test
  void everyFloat16KeepsItsValue() {
    for (int bits = 0; bits < 65_536; bits++) {
      assertThat(Double.valueOf(HalfFloats.ofFloat16((short) bits)))
          .as("bits %x", bits)
          .isEqualTo(Double.valueOf(float16(bits)));
    }
  }

  @Test
  void bfloat16IsTheUpperHalfOfAFloat() {
    ByteBuffer bytes = ByteBuffer.allocate(6).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : new float[] {-1.5f, 0x1p-130f, Float.NEGATIVE_INFINITY}) {
      bytes.putShort((short) (Float.floatToRawIntBits(value) >> 16));
    }
    Tensor wide = HalfFloats.widened(Tensor.of(DType.BFLOAT16, Shape.of(3), bytes.flip()));
    assertThat(wide)
        .isEqualTo(Tensor.ofFloats(Shape.of(3), -1.5f, 0x1p-130f, Float.NEGATIVE_INFINITY));
  }

  @Test
  void otherTypesAreRefused() {
    assertThatThrownBy(() -> HalfFloats.widened(Tensor.ofFloats(Shape.of(1), 1)))
        .hasMessage("Cannot widen FLOAT32");
  }
}
