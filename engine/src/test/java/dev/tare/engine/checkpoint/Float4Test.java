package dev.tare.engine.checkpoint;

import static dev.tare.engine.checkpoint.WeightEncoderTest.encode;
import static dev.tare.engine.checkpoint.WeightEncoderTest.little;
import static dev.tare.engine.checkpoint.WeightEncoderTest.scheme;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.checkpoint.WeightEncoderTest.Encoded;
import dev.tare.engine.quant.Float8;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class Float4Test {

  @Test
  void float4IsRoundedHalfToEven() {
    float[] exact = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    for (int code = 0; code < 8; code++) {
      assertThat(Float4.decode(code)).isEqualTo(exact[code]);
      assertThat(Float4.decode(code | 8)).isEqualTo(-exact[code]);
      assertThat(Float4.encode(exact[code])).isEqualTo(code);
      assertThat(Float4.encode(-exact[code])).isEqualTo(code == 0 ? 0 : code | 8);
      if (code < 7) {
        float half = (exact[code] + exact[code + 1]) / 2;
        assertThat(Float4.encode(half)).isEqualTo(code + code % 2);
        assertThat(Float4.encode(Math.nextDown(half))).isEqualTo(code);
        assertThat(Float4.encode(Math.nextUp(half))).isEqualTo(code + 1);
      }
    }
    assertThat(Float4.encode(-0.1f)).isEqualTo(8);
    assertThat(Float4.encode(7)).isEqualTo(7);
  }

  @Test
  void scalesOfMxfp4ArePowersOfTwo() {
    WeightScheme scheme = scheme(WeightType.MXFP4, true, OptionalInt.of(32), OptionalInt.empty());
    float[] most = {1, 6, 0x1.bfffp0f, 0x1.cp0f, -0x1p-126f, 0, 0x1p-60f, Float.MAX_VALUE};
    float[] w = new float[32 * most.length];
    for (int row = 0; row < most.length; row++) {
      w[32 * row + 1] = most[row];
    }
    Encoded encoded = encode(scheme, most.length, 32, 3, w);
    assertThat(encoded.scales().remaining()).isEqualTo(most.length);
    assertThat(encoded.codes().remaining()).isEqualTo(16 * most.length);
    int[] exponents = {125, 127, 125, 126, 0, 0, 65, 253};
    int[] codes = {0x60, 0x70, 0x70, 0x60, 0xc0, 0, 0x60, 0x60};
    for (int row = 0; row < most.length; row++) {
      assertThat(encoded.scales().get(row) & 255).isEqualTo(exponents[row]);
      assertThat(encoded.codes().get(16 * row) & 255).isEqualTo(codes[row]);
    }
    assertThatThrownBy(
            () -> scheme(WeightType.MXFP4, true, OptionalInt.of(64), OptionalInt.empty()))
        .hasMessage("weights of mxfp4 are symmetric, in groups of 32, and inputs stay float");
  }

  @Test
  void scalesOfNvfp4AreFloat8UnderThatOfTheTensor() {
    WeightScheme scheme = scheme(WeightType.NVFP4, true, OptionalInt.of(16), OptionalInt.empty());
    TensorSpec spec = new TensorSpec("m.weight", ElementType.F32, Shape.of(1, 48));
    byte[] bytes = new byte[48 * 4];
    ByteBuffer row = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    row.putFloat(0, 6).putFloat(4, -2.5f).putFloat(16 * 4, 0x1p-20f);
    // The largest magnitude is that of another weight: 448 * 6 / 12 = 224.
    WeightEncoder encoder = new WeightEncoder(scheme, spec, 12);
    ByteBuffer codes = little(24);
    encoder.encode(bytes, 1, new float[48], codes);
    assertThat(ByteBuffer.wrap(encoder.tensorScale()).order(ByteOrder.LITTLE_ENDIAN).getFloat())
        .isEqualTo(224);
    assertThat(encoder.scales())
        .containsExactly(
            Float8.E4M3FN.encode(224), Float8.E4M3FN.encode(0.125f), Float8.E4M3FN.encode(0.125f));
    assertThat(codes.get(0)).isEqualTo((byte) 0xc7);
    assertThat(codes.get(8)).isZero();
    // Where the scale of the tensor would be infinite, it is 1.
    assertThat(
            ByteBuffer.wrap(new WeightEncoder(scheme, spec, 0x1p-120f).tensorScale())
                .order(ByteOrder.LITTLE_ENDIAN)
                .getFloat())
        .isEqualTo(1);
    assertThatThrownBy(() -> new WeightEncoder(scheme, spec))
        .hasMessage("No largest magnitude of 'm.weight': NaN");
  }
}
