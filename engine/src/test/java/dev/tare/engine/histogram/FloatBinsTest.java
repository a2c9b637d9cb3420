package dev.tare.engine.histogram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FloatBinsTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 10})
  void everyBinHoldsItsClosedEdgeAndNotTheOtherOne(int bits) {
    FloatBins bins = FloatBins.of(bits);
    for (int bin = -bins.binsPerSign(); bin < bins.binsPerSign(); bin++) {
      float lower = bins.lower(bin);
      float upper = bins.upper(bin);
      assertThat(lower).isLessThan(upper);
      assertThat(bins.bin(Math.nextUp(lower))).isEqualTo(bin);
      assertThat(bins.bin(Math.nextDown(upper))).isEqualTo(bin);
      if (lower != 0 && Float.isFinite(lower)) {
        assertThat(bins.bin(lower)).isEqualTo(bin >= 0 ? bin : bin - 1);
      }
      assertThat(bins.binOfRawIndex(bins.rawIndexOf(bin))).isEqualTo(bin);
      if (bin > -bins.binsPerSign()) {
        assertThat(bins.upper(bin - 1)).isEqualTo(lower);
      }
    }
  }

  @Test
  void edgesAroundZeroAndAtTheEndsAreExact() {
    FloatBins bins = FloatBins.of(10);
    assertThat(bins.bin(Float.MIN_VALUE)).isZero();
    assertThat(bins.bin(-Float.MIN_VALUE)).isEqualTo(-1);
    assertThat(Float.floatToRawIntBits(bins.upper(-1))).isZero();
    assertThat(Float.floatToRawIntBits(bins.lower(0))).isZero();
    assertThat(bins.bin(Float.MIN_NORMAL)).isEqualTo(1 << 10);
    assertThat(bins.bin(Float.MAX_VALUE)).isEqualTo(bins.binsPerSign() - 1);
    assertThat(bins.upper(bins.binsPerSign() - 1)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(bins.lower(-bins.binsPerSign())).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(bins.lower(bins.bin(1.0f))).isEqualTo(1.0f);
    assertThat(bins.upper(bins.bin(-1.0f))).isEqualTo(-1.0f);
    assertThat(bins.bin(1.0f)).isEqualTo(127 << 10);
    assertThat(bins.bin(-1.0f)).isEqualTo(-(127 << 10) - 1);
  }

  @Test
  void binsAreOrderedByValue() {
    Random random = new Random(3);
    FloatBins bins = FloatBins.of(7);
    for (int i = 0; i < 100_000; i++) {
      float a = Float.intBitsToFloat(random.nextInt());
      float b = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(a) && Float.isFinite(b) && a != 0 && b != 0 && a < b) {
        assertThat(bins.bin(a)).isLessThanOrEqualTo(bins.bin(b));
      }
    }
  }

  @Test
  void coarseningIsBinningWithFewerBits() {
    Random random = new Random(4);
    for (int i = 0; i < 100_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());
      if (Float.isFinite(value) && value != 0) {
        FloatBins coarse = FloatBins.of(1 + i % 10);
        FloatBins fine = FloatBins.of(10);
        assertThat(fine.coarsen(fine.bin(value), coarse)).isEqualTo(coarse.bin(value));
      }
    }
  }

  @Test
  void aNanWhosePayloadIsDroppedSharesTheRawIndexOfInfinity() {
    FloatBins bins = FloatBins.of(10);
    assertThat(bins.rawIndex(Float.intBitsToFloat(0x7f800001)))
        .isEqualTo(bins.rawIndex(Float.POSITIVE_INFINITY));
  }

  @Test
  void whatHasNoBinIsRefused() {
    FloatBins bins = FloatBins.of(2);
    for (float value : new float[] {0, -0.0f, Float.NaN, Float.NEGATIVE_INFINITY}) {
      assertThatThrownBy(() -> bins.bin(value))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("No bin contains " + value);
    }
    assertThatThrownBy(() -> bins.lower(1020))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Bin 1020 is outside [-1020, 1020)");
    assertThatThrownBy(() -> bins.binOfRawIndex(255 << 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("No bin has the raw index 1020");
    assertThatThrownBy(() -> bins.coarsen(1, FloatBins.of(3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot coarsen bins of 2 mantissa bits to 3");
    assertThatThrownBy(() -> FloatBins.of(11))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid number of mantissa bits: 11 is outside [1, 10]");
  }
}
