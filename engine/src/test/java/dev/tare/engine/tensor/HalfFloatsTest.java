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
  void everyPatternComesBack() {
    for (int bits = 0; bits < 65_536; bits++) {
      float wide = HalfFloats.ofFloat16((short) bits);
      float brain = Float.intBitsToFloat(bits << 16);
      if (!Float.isNaN(wide)) {
        assertThat(HalfFloats.toFloat16(wide)).isEqualTo((short) bits);
      }
      if (!Float.isNaN(brain)) {
        assertThat(HalfFloats.toBfloat16(brain)).isEqualTo((short) bits);
      }
    }
  }

  @Test
  void otherFloatsBecomeTheNearestAndTiesTheEven() {
    for (int bits = 0; bits < 0x7bff; bits++) {
      float low = HalfFloats.ofFloat16((short) bits);
      float high = HalfFloats.ofFloat16((short) (bits + 1));
      float middle = (low + high) / 2;
      assertThat(HalfFloats.toFloat16(middle)).isEqualTo((short) (bits + (bits & 1)));
      assertThat(HalfFloats.toFloat16(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(HalfFloats.toFloat16(-Math.nextUp(middle))).isEqualTo((short) (bits + 1 | 0x8000));
    }
    for (int bits = 0; bits < 0x7f7f; bits += 3) {
      int middle = bits << 16 | 0x8000;
      assertThat(HalfFloats.toBfloat16(Float.intBitsToFloat(middle)))
          .isEqualTo((short) (bits + (bits & 1)));
      assertThat(HalfFloats.toBfloat16(Float.intBitsToFloat(middle - 1))).isEqualTo((short) bits);
      assertThat(HalfFloats.toBfloat16(-Float.intBitsToFloat(middle + 1)))
          .isEqualTo((short) (bits + 1 | 0x8000));
    }
  }

  @Test
  void narrowInfinitiesAndWhatIsNoNumber() {
    assertThat(HalfFloats.toFloat16(65_519.99f)).isEqualTo((short) 0x7bff);
    assertThat(HalfFloats.toFloat16(65_520f)).isEqualTo((short) 0x7c00);
    assertThat(HalfFloats.toFloat16(-Float.MAX_VALUE)).isEqualTo((short) 0xfc00);
    assertThat(HalfFloats.toBfloat16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    assertThat(HalfFloats.ofFloat16(HalfFloats.toFloat16(Float.NaN))).isNaN();
    short quiet = HalfFloats.toBfloat16(Float.intBitsToFloat(0x7f800001));
    assertThat(Float.intBitsToFloat(quiet << 16)).isNaN();
  }

  @Test
  void otherTypesAreRefused() {
    assertThatThrownBy(() -> HalfFloats.widened(Tensor.ofFloats(Shape.of(1), 1)))
        .hasMessage("Cannot widen FLOAT32");
  }
}
