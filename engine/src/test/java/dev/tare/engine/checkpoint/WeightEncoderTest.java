package dev.tare.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.Float8;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WeightEncoderTest {

  private static final WeightScheme W4_G32 =
      scheme(WeightType.INT4, true, OptionalInt.of(32), OptionalInt.empty());

  static WeightScheme scheme(
      WeightType type, boolean symmetric, OptionalInt group, OptionalInt grid) {
    return new WeightScheme(type, symmetric, group, grid, WeightScheme.Inputs.FLOAT);
  }

  /** What an encoder made of a weight in F32, given some rows at a time. */
  record Encoded(ByteBuffer codes, ByteBuffer scales, ByteBuffer zeros, double sqnrDb) {}

  static Encoded encode(WeightScheme scheme, int rows, int columns, int step, float... w) {
    TensorSpec spec = new TensorSpec("m.weight", ElementType.F32, Shape.of(rows, columns));
    WeightEncoder encoder = new WeightEncoder(scheme, spec);
    ByteBuffer codes = little((int) (WeightEncoder.rowBytes(scheme, columns) * rows));
    float[] values = new float[step * columns];
    for (int row = 0; row < rows; row += step) {
      int now = Math.min(step, rows - row);
      byte[] bytes = new byte[now * columns * 4];
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .put(w, row * columns, now * columns);
      encoder.encode(bytes, now, values, codes);
    }
    assertThat(codes.hasRemaining()).isFalse();
    return new Encoded(
        codes.flip(),
        ByteBuffer.wrap(encoder.scales()).order(ByteOrder.LITTLE_ENDIAN),
        ByteBuffer.wrap(scheme.symmetric() ? new byte[0] : encoder.zeroPoints())
            .order(ByteOrder.LITTLE_ENDIAN),
        encoder.sqnrDb());
  }

  static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void fourBitsFillWordsFromTheLowEnd() {
    float[] row = new float[32];
    for (int i = 0; i < 32; i++) {
      row[i] = Math.min(7, i % 16 - 8);
    }
    row[0] = -7.5f;
    Encoded encoded = encode(W4_G32, 1, 32, 1, row);
    assertThat(encoded.scales().getFloat(0)).isEqualTo(8 / 7.5f);
    float[] exact = new float[32];
    for (int i = 0; i < 32; i++) {
      exact[i] = i % 16 - 8;
    }
    // The range -7.5 .. 7.5 maps onto -8 .. 7 with scale 1; the lowest saturates.
    exact[0] = exact[16] = -7.5f;
    Encoded ramp = encode(W4_G32, 1, 32, 1, exact);
    assertThat(ramp.scales().getFloat(0)).isEqualTo(1);
    assertThat(ramp.codes().getInt(0)).isEqualTo(0x76543210);
    assertThat(ramp.codes().getInt(4)).isEqualTo(0xFEDCBA98);
  }

  @Test
  void eightBitsAreShiftedAndRowsPadded() {
    WeightScheme scheme = scheme(WeightType.INT8, true, OptionalInt.empty(), OptionalInt.empty());
    Encoded encoded = encode(scheme, 2, 5, 1, -127.5f, -1, 0, 1, 127, 1, 0, 0, 0, 255);
    assertThat(encoded.codes().remaining()).isEqualTo(16);
    assertThat(encoded.codes().getInt(0)).isEqualTo(0x81807F00);
    assertThat(encoded.codes().getInt(4)).isEqualTo(0x000000FF);
    assertThat(encoded.scales().getFloat(4)).isEqualTo(2);
  }

  @Test
  void zeroPointsArePackedAlongTheRows() {
    WeightScheme scheme = scheme(WeightType.INT4, false, OptionalInt.of(8), OptionalInt.empty());
    int rows = 10;
    float[] w = new float[rows * 16];
    for (int row = 0; row < rows; row++) {
      // The first group of row r runs from -r to 15 - r, with scale 1 and zero point r - 8.
      for (int i = 0; i < 8; i++) {
        w[row * 16 + i] = i == 0 ? -row : 15 - row;
        w[row * 16 + 8 + i] = i;
      }
    }
    Encoded encoded = encode(scheme, rows, 16, 3, w);
    assertThat(encoded.zeros().remaining()).isEqualTo(2 * 2 * 4);
    assertThat(encoded.zeros().getInt(0)).isEqualTo(0x76543210);
    assertThat(encoded.zeros().getInt(4)).isEqualTo(0);
    assertThat(encoded.zeros().getInt(8)).isEqualTo(0x00000098);
    assertThat(encoded.scales().getFloat(0)).isEqualTo(1);
  }

  @Test
  void theBytesDoNotDependOnTheSlices() {
    WeightScheme scheme = scheme(WeightType.INT4, false, OptionalInt.of(32), OptionalInt.of(20));
    float[] w = normal(23 * 96, 3);
    Encoded whole = encode(scheme, 23, 96, 23, w);
    for (int step : new int[] {1, 4, 22}) {
      Encoded sliced = encode(scheme, 23, 96, step, w);
      assertThat(sliced).isEqualTo(whole);
    }
  }

  @Test
  void aGridHasAtMostTheErrorOfTheExtremes() {
    float[] w = normal(64 * 128, 4);
    for (boolean symmetric : new boolean[] {true, false}) {
      double extremes =
          encode(
                  scheme(WeightType.INT4, symmetric, OptionalInt.empty(), OptionalInt.empty()),
                  64,
                  128,
                  8,
                  w)
              .sqnrDb();
      double searched =
          encode(
                  scheme(WeightType.INT4, symmetric, OptionalInt.empty(), OptionalInt.of(50)),
                  64,
                  128,
                  8,
                  w)
              .sqnrDb();
      assertThat(searched).isBetween(extremes + 0.4, extremes + 3);
    }
  }

  @Test
  void scalesAreNumbersOfTheWeightsType() {
    float[] w = normal(64, 5);
    for (ElementType type : new ElementType[] {ElementType.BF16, ElementType.F16}) {
      TensorSpec spec = new TensorSpec("m.weight", type, Shape.of(2, 32));
      WeightEncoder encoder = new WeightEncoder(W4_G32, spec);
      byte[] stored = new byte[128];
      ByteBuffer bytes = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
      float most = 0;
      for (int i = 0; i < 64; i++) {
        StoredFloats.put(type, w[i], bytes);
        most = i < 32 ? Math.max(most, Math.abs(StoredFloats.rounded(type, w[i]))) : most;
      }
      encoder.encode(stored, 2, new float[64], little(32));
      short scale = ByteBuffer.wrap(encoder.scales()).order(ByteOrder.LITTLE_ENDIAN).getShort(0);
      assertThat(scale)
          .isEqualTo(
              type == ElementType.BF16
                  ? HalfFloats.toBfloat16(most / 7.5f)
                  : HalfFloats.toFloat16(most / 7.5f));
    }
  }

  @Test
  void groupsOfZerosAndOfTinyValuesHaveAScale() {
    float[] w = new float[64];
    w[40] = Float.MIN_VALUE;
    Encoded encoded = encode(W4_G32, 2, 32, 2, w);
    assertThat(encoded.scales().getFloat(0)).isEqualTo(0x1p-23f);
    assertThat(encoded.scales().getFloat(4)).isEqualTo(0x1p-23f);
    for (int word = 0; word < 8; word++) {
      assertThat(encoded.codes().getInt(4 * word)).isEqualTo(0x88888888);
    }
  }

  @Test
  void float8HasItsCodesAndTheScaleOfTheLargest() {
    WeightScheme scheme =
        new WeightScheme(
            WeightType.FLOAT8E4M3FN,
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            WeightScheme.Inputs.DYNAMIC_TOKEN);
    Encoded encoded = encode(scheme, 1, 8, 1, 896, -2, 2, 3, 0, 0x1p-8f, 37, -900);
    assertThat(encoded.scales().getFloat(0)).isEqualTo(900 / 448f);
    byte[] codes = new byte[8];
    encoded.codes().get(codes);
    for (int i = 0; i < 8; i++) {
      float exact = new float[] {896, -2, 2, 3, 0, 0x1p-8f, 37, -900}[i] / (900 / 448f);
      assertThat(codes[i]).isEqualTo((byte) Float8.E4M3FN.encode(exact));
    }
    assertThat(codes[7]).isEqualTo((byte) 0xfe);
    assertThatThrownBy(
            () -> scheme(WeightType.FLOAT8E4M3FN, true, OptionalInt.of(32), OptionalInt.empty()))
        .hasMessage(
            "weights of float8 are symmetric, and per-channel or per-group with group-rows");
  }

  private static WeightScheme blocks(int rows, int columns) {
    return new WeightScheme(
        WeightType.FLOAT8E4M3FN,
        true,
        OptionalInt.of(columns),
        rows,
        OptionalInt.empty(),
        WeightScheme.Inputs.DYNAMIC_GROUP);
  }

  @Test
  void rowsOfABlockShareItsScale() {
    int rows = 20;
    float[] w = normal(rows * 32, 7);
    w[3 * 32 + 17] = -448 * 2;
    w[19 * 32] = 448 * 4;
    Encoded encoded = encode(blocks(8, 16), rows, 32, 8, w);
    assertThat(encoded.scales().remaining()).isEqualTo(3 * 2 * 4);
    assertThat(encoded.scales().getFloat(4)).isEqualTo(2);
    assertThat(encoded.scales().getFloat(4 * 4)).isEqualTo(4);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < 32; column++) {
        float scale = encoded.scales().getFloat(4 * (row / 8 * 2 + column / 16));
        assertThat(encoded.codes().get(row * 32 + column))
            .isEqualTo((byte) Float8.E4M3FN.encode(w[row * 32 + column] / scale));
      }
    }
    assertThat(encode(blocks(8, 16), rows, 32, 16, w)).isEqualTo(encoded);
    assertThat(encode(blocks(8, 16), rows, 32, 20, w)).isEqualTo(encoded);
    assertThatThrownBy(() -> encode(blocks(8, 16), rows, 32, 12, w))
        .hasMessage("12 rows of 'm.weight' are no whole number of blocks");
    w[13 * 32 + 30] = Float.NaN;
    assertThatThrownBy(() -> encode(blocks(8, 16), rows, 32, 8, w))
        .hasMessage("Tensor 'm.weight' has values in row 13 that are not finite");
  }

  @Test
  void valuesThatAreNotFiniteAreRefused() {
    for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] w = normal(96, 6);
      w[70] = odd;
      assertThatThrownBy(() -> encode(W4_G32, 3, 32, 2, w))
          .hasMessage("Tensor 'm.weight' has values in row 2 that are not finite");
    }
  }

  @Test
  void whatTheSchemeCannotDivideIsRefused() {
    assertThatThrownBy(() -> encode(W4_G32, 1, 40, 1, new float[40]))
        .hasMessage(
            "Cannot quantize tensor 'm.weight': rows of 40 values are no whole number of groups of 32");
    assertThatThrownBy(
            () ->
                new WeightScheme(
                    WeightType.INT4,
                    true,
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    WeightScheme.Inputs.DYNAMIC_TOKEN))
        .hasMessage("inputs of 8 bits need weights that are of 8 bits, symmetric and per-channel");
  }
}
