package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class Float8Test {

  /** Codes and values worked out by hand from sign, exponent and mantissa. */
  @ParameterizedTest
  @CsvSource({
    // 2^-6 * 1/8, 2^-6 * 7/8, 2^-6, 1, 1 + 1/8, 2^8 * 1.75
    "E4M3FN, 00, 0x0p0",
    "E4M3FN, 01, 0x1p-9",
    "E4M3FN, 07, 0x7p-9",
    "E4M3FN, 08, 0x1p-6",
    "E4M3FN, 38, 0x1p0",
    "E4M3FN, 39, 0x1.2p0",
    "E4M3FN, 7e, 448",
    "E4M3FN, 7f, NaN",
    "E4M3FN, fe, -448",
    "E4M3FN, ff, NaN",
    "E4M3FN, b8, -1",
    // 2^-7 * 1/8, 2^-7 * 7/8, 2^-7, 1, 2^7 * 1.875
    "E4M3FNUZ, 00, 0x0p0",
    "E4M3FNUZ, 01, 0x1p-10",
    "E4M3FNUZ, 07, 0x7p-10",
    "E4M3FNUZ, 08, 0x1p-7",
    "E4M3FNUZ, 40, 0x1p0",
    "E4M3FNUZ, 41, 0x1.2p0",
    "E4M3FNUZ, 78, 128",
    "E4M3FNUZ, 7f, 240",
    "E4M3FNUZ, 80, NaN",
    "E4M3FNUZ, 81, -0x1p-10",
    "E4M3FNUZ, ff, -240",
    // 2^-14 * 1/4, 2^-14 * 3/4, 2^-14, 1, 1.25, 2^15 * 1.75
    "E5M2, 01, 0x1p-16",
    "E5M2, 03, 0x3p-16",
    "E5M2, 04, 0x1p-14",
    "E5M2, 3c, 0x1p0",
    "E5M2, 3d, 1.25",
    "E5M2, 7b, 57344",
    "E5M2, 7c, Infinity",
    "E5M2, 7d, NaN",
    "E5M2, 7f, NaN",
    "E5M2, fc, -Infinity",
    "E5M2, fe, NaN",
    // 2^-15 * 1/4, 2^-15 * 3/4, 2^-15, 1, 1.25, 2^15 * 1.75
    "E5M2FNUZ, 00, 0x0p0",
    "E5M2FNUZ, 01, 0x1p-17",
    "E5M2FNUZ, 03, 0x3p-17",
    "E5M2FNUZ, 04, 0x1p-15",
    "E5M2FNUZ, 40, 0x1p0",
    "E5M2FNUZ, 41, 1.25",
    "E5M2FNUZ, 7c, 32768",
    "E5M2FNUZ, 7f, 57344",
    "E5M2FNUZ, 80, NaN",
    "E5M2FNUZ, ff, -57344"
  })
  void codesSpellTheseNumbers(Float8 format, String code, String value) {
    assertThat(format.decode(Integer.parseInt(code, 16))).isEqualTo(Float.valueOf(value));
  }

  @Test
  void theFormatsHaveTheTablesConstants() {
    assertFormat(Float8.E4M3FN, 7, 448, 0x7f, false);
    assertFormat(Float8.E4M3FNUZ, 8, 240, 0x80, false);
    assertFormat(Float8.E5M2, 15, 57344, 0x7f, true);
    assertFormat(Float8.E5M2FNUZ, 16, 57344, 0x80, false);
  }

  private static void assertFormat(
      Float8 format, int bias, float max, int nan, boolean hasInfinities) {
    assertThat(format.bias()).isEqualTo(bias);
    assertThat(format.maxFinite()).isEqualTo(max);
    assertThat(format.nanCode()).isEqualTo(nan);
    assertThat(format.hasInfinities()).isEqualTo(hasInfinities);
    assertThat(format.decode(nan)).isNaN();
  }

  @ParameterizedTest
  @EnumSource(Float8.class)
  void everyFiniteCodeSurvivesARoundTrip(Float8 format) {
    int finite = 0;
    for (int code = 0; code < 256; code++) {
      float value = format.decode(code);
      if (Float.isFinite(value)) {
        assertThat(format.encode(value)).as("code %x", code).isEqualTo(code);
        finite++;
      }
    }
    assertThat(finite)
        .isEqualTo(
            switch (format) {
              case E4M3FN -> 254;
              case E5M2 -> 248;
              case E4M3FNUZ, E5M2FNUZ -> 255;
            });
  }

  @ParameterizedTest
  @EnumSource(Float8.class)
  void halfwayGoesToTheEvenCodeAndItsNeighboursToTheNearest(Float8 format) {
    int largest = format.encode(format.maxFinite());
    for (int code = 0; code < largest; code++) {
      float middle = (format.decode(code) + format.decode(code + 1)) / 2;
      int even = code % 2 == 0 ? code : code + 1;
      assertThat(format.encode(middle)).as("above %x", code).isEqualTo(even);
      assertThat(format.encode(Math.nextDown(middle))).as("above %x", code).isEqualTo(code);
      assertThat(format.encode(Math.nextUp(middle))).as("above %x", code).isEqualTo(code + 1);
      int mirrored = even == 0 && format.nanCode() == 0x80 ? 0 : even | 0x80;
      assertThat(format.encode(-middle)).as("below -%x", code).isEqualTo(mirrored);
    }
  }

  @ParameterizedTest
  @EnumSource(Float8.class)
  void everythingBeyondTheLargestNumberSaturatesAndNanStays(Float8 format) {
    int largest = format.encode(format.maxFinite());
    float inf = Float.POSITIVE_INFINITY;
    for (float x : new float[] {format.maxFinite() * 1.01f, Float.MAX_VALUE, inf}) {
      assertThat(format.encode(x)).isEqualTo(largest);
      assertThat(format.encode(-x)).isEqualTo(largest | 0x80);
    }
    assertThat(format.encode(Float.NaN)).isEqualTo(format.nanCode());
    assertThat(format.decode(format.encode(Float.intBitsToFloat(0xffc00001)))).isNaN();
    assertThat(format.decode(format.encode(Float.intBitsToFloat(0x7f800001)))).isNaN();
  }

  @Test
  void onlyFnuzFormatsDropTheSignOfZero() {
    for (float x : new float[] {-0f, -Float.MIN_VALUE, -1e-20f}) {
      assertThat(Float8.E4M3FN.encode(x)).isEqualTo(0x80);
      assertThat(Float8.E5M2.encode(x)).isEqualTo(0x80);
      assertThat(Float8.E4M3FNUZ.encode(x)).isZero();
      assertThat(Float8.E5M2FNUZ.encode(x)).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Float8.class)
  void anyFloatGoesToTheNearestNumber(Float8 format) {
    Random random = new Random(21);
    for (int i = 0; i < 20_000; i++) {
      float x = Float.intBitsToFloat(random.nextInt());
      x = i % 2 == 0 ? (float) Math.exp(random.nextGaussian() * 5) : x;
      if (Float.isNaN(x)) {
        continue;
      }
      double clipped = Math.max(-format.maxFinite(), Math.min(format.maxFinite(), x));
      double best = Double.POSITIVE_INFINITY;
      for (int code = 0; code < 256; code++) {
        float value = format.decode(code);
        best = Float.isFinite(value) ? Math.min(best, Math.abs(value - clipped)) : best;
      }
      assertThat(Math.abs(format.decode(format.encode(x)) - clipped)).as("%s", x).isEqualTo(best);
    }
  }
}
