package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ScaleRuleTest {

  @Test
  void reproducesOnnxRuntimeToTheBit() throws IOException {
    int cases = 0;
    for (JsonNode golden : golden().get("scale_zp")) {
      QuantType type = QuantType.valueOf(golden.get("type").asText().toUpperCase(Locale.ROOT));
      boolean symmetric = golden.get("symmetric").asBoolean();
      boolean reduced = golden.get("reduce_range").asBoolean();
      Limits limits = new Limits(golden.get("qmin").asInt(), golden.get("qmax").asInt());
      ScaleRule rule;
      if (reduced && type.dtype().bits() != 8) {
        // Only the option is refused: the arithmetic for such limits is the same.
        assertThatThrownBy(() -> ScaleRule.onnxRuntime(type, symmetric, true))
            .hasMessage("Cannot reduce the range of " + type + " to 7 bits");
        rule = new ScaleRule(type, symmetric, limits);
      } else {
        rule = ScaleRule.onnxRuntime(type, symmetric, reduced);
        assertThat(rule.limits()).as("%s", golden).isEqualTo(limits);
      }
      QuantParams params =
          rule.params(golden.get("rmin").floatValue(), golden.get("rmax").floatValue());
      assertThat(Integer.toHexString(Float.floatToRawIntBits(params.scale())))
          .as("%s", golden)
          .isEqualTo(golden.get("scale_hex").asText());
      assertThat(params.zeroPoint()).as("%s", golden).isEqualTo(golden.get("zero_point").asInt());
      cases++;
    }
    assertThat(cases).isEqualTo(192);
  }

  @ParameterizedTest
  @EnumSource(names = "FLOAT8.*", mode = EnumSource.Mode.MATCH_ALL)
  void aFloatingPointScaleIsTheMagnitudeOverTheLargestNumber(QuantType type) {
    float largest = type.float8().orElseThrow().maxFinite();
    Random random = new Random(6);
    for (int i = 0; i < 10_000; i++) {
      float low = (float) random.nextGaussian();
      float high = (float) random.nextGaussian();
      float reach = Math.max(0, Math.max(-low, high));
      QuantParams params = QuantParams.of(low, high, type, true, false, false);
      assertThat(params.scale()).isEqualTo(reach == 0 ? 1f : reach / largest);
      assertThat(params.zeroPoint()).isZero();
    }
  }

  @Test
  void float16HasScale1() {
    QuantParams one = new QuantParams(QuantType.FLOAT16, 1f, 0);
    ScaleRule rule = ScaleRule.of(QuantType.FLOAT16, true, true, false);
    assertThat(rule.params(-3f, 1e30f)).isEqualTo(one);
    assertThat(rule.params(0f, 0f)).isEqualTo(one);
    assertThat(rule.underflows(-0x1p-25f, 0x1p-25f)).isTrue();
    assertThat(rule.underflows(-0x1p-25f, 0x1.8p-25f)).isFalse();
    assertThatThrownBy(() -> ScaleRule.of(QuantType.FLOAT16, false, false, false))
        .hasMessage("Cannot scale FLOAT16 asymmetrically: its zero point is 0");
  }

  @Test
  void limitsFollowTheTable() {
    assertLimits(ScaleRule.of(QuantType.INT8, true, false, false), -128, 127);
    assertLimits(ScaleRule.of(QuantType.INT8, true, true, false), -127, 127);
    assertLimits(ScaleRule.of(QuantType.INT8, true, false, true), -64, 64);
    assertLimits(ScaleRule.of(QuantType.INT8, true, true, true), -64, 64);
    assertLimits(ScaleRule.of(QuantType.UINT8, false, false, false), 0, 255);
    assertLimits(ScaleRule.of(QuantType.UINT8, false, true, false), 1, 255);
    assertLimits(ScaleRule.of(QuantType.UINT8, false, false, true), 0, 127);
    assertLimits(ScaleRule.of(QuantType.UINT8, false, true, true), 1, 127);
    assertLimits(ScaleRule.of(QuantType.INT4, true, false, false), -8, 7);
    assertLimits(ScaleRule.of(QuantType.INT4, true, true, false), -7, 7);
    assertLimits(ScaleRule.of(QuantType.UINT4, false, false, false), 0, 15);
    assertLimits(ScaleRule.of(QuantType.INT16, true, true, false), -32767, 32767);
    assertLimits(ScaleRule.of(QuantType.UINT16, false, false, false), 0, 65535);
    assertLimits(ScaleRule.of(QuantType.FLOAT8E4M3FN, true, true, false), -448, 448);
    assertLimits(
        ScaleRule.of(QuantType.INT32, true, true, false), -Integer.MAX_VALUE, Integer.MAX_VALUE);
    assertThat(ScaleRule.of(QuantType.INT32, true, false, false).limits().levels())
        .isEqualTo(1L << 32);
  }

  @Test
  void symmetricZeroPointIsTheMiddle() {
    assertThat(params(QuantType.INT8, true).zeroPoint()).isZero();
    assertThat(params(QuantType.UINT8, true).zeroPoint()).isEqualTo(128);
    assertThat(params(QuantType.INT32, true).zeroPoint()).isZero();
  }

  private static QuantParams params(QuantType type, boolean symmetric) {
    return QuantParams.of(-1f, 3f, type, symmetric, false, false);
  }

  @Test
  void narrowSymmetricEndsAreRepresentedExactly() {
    QuantParams params = QuantParams.of(-254f, 100f, QuantType.INT8, true, true, false);
    assertThat(params).isEqualTo(new QuantParams(QuantType.INT8, 2f, 0));
  }

  @Test
  void aWidthBeyondFloatIsTakenInDouble() {
    float max = Float.MAX_VALUE;
    QuantParams params = QuantParams.of(-max, max, QuantType.UINT8, false, false, false);
    assertThat(params.scale()).isEqualTo((float) (2.0 * max / 255));
    assertThat(params.zeroPoint()).isEqualTo(128);
  }

  @Test
  void aScaleBelowTheSmallestNormalBecomesOne() {
    assertThat(QuantParams.of(0f, 1e-38f, QuantType.UINT8, true, false, false))
        .isEqualTo(new QuantParams(QuantType.UINT8, 1f, 0));
    assertThat(QuantParams.of(0f, 0f, QuantType.INT8, false, false, false))
        .isEqualTo(new QuantParams(QuantType.INT8, 1f, 0));
  }

  @Test
  void everyRangeGetsAPositiveScaleAndRepresentsZero() {
    Random random = new Random(5);
    for (int i = 0; i < 100_000; i++) {
      float a = Float.intBitsToFloat(random.nextInt());
      float b = Float.intBitsToFloat(random.nextInt());
      if (!Float.isFinite(a) || !Float.isFinite(b)) {
        continue;
      }
      QuantType type = random.nextBoolean() ? QuantType.INT8 : QuantType.UINT8;
      ScaleRule rule =
          ScaleRule.of(type, random.nextBoolean(), random.nextBoolean(), random.nextBoolean());
      QuantParams params = rule.params(Math.min(a, b), Math.max(a, b));
      assertThat(params.scale()).isPositive().isFinite();
      assertThat(params.scale() == 1f || params.zeroPoint() >= rule.limits().qmin()).isTrue();
      assertThat(params.zeroPoint()).isLessThanOrEqualTo(rule.limits().qmax());
    }
  }

  @Test
  void refusesWhatCannotBeScaled() {
    assertThatThrownBy(() -> QuantParams.of(Float.NaN, 1f, QuantType.INT8, true, false, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot scale the interval [NaN, 1.0]: not finite");
    assertThatThrownBy(() -> ScaleRule.of(QuantType.INT32, true, false, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot reduce the range of INT32 to 7 bits");
    for (QuantType type : QuantType.values()) {
      if (type != QuantType.INT8 && type != QuantType.UINT8) {
        assertThatThrownBy(() -> ScaleRule.of(type, true, false, true))
            .hasMessage("Cannot reduce the range of " + type + " to 7 bits");
      }
    }
    assertThatThrownBy(() -> ScaleRule.of(QuantType.FLOAT8E5M2, false, false, false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot scale FLOAT8E5M2 asymmetrically: its zero point is 0");
    assertThatThrownBy(() -> new ScaleRule(QuantType.FLOAT8E4M3FN, true, new Limits(-240, 240)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid limits of FLOAT8E4M3FN: -240..240, must be -448..448");
    assertThatThrownBy(() -> new QuantParams(QuantType.FLOAT8E4M3FN, 1f, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid zero point of FLOAT8E4M3FN: 1, must be 0");
    assertThatThrownBy(() -> new ScaleRule(QuantType.INT8, true, new Limits(-129, 127)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid limits of INT8: -129..127, must lie in -128..127");
    assertThatThrownBy(() -> new Limits(3, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid limits: 3..3");
  }

  @Test
  void biasScaleIsTheFloatProduct() {
    QuantParams input = new QuantParams(QuantType.UINT8, 0.1f, 3);
    QuantParams weight = new QuantParams(QuantType.INT8, 0.3f, 0);
    assertThat(QuantParams.ofBias(input, weight))
        .isEqualTo(new QuantParams(QuantType.INT32, 0.1f * 0.3f, 0));
    QuantParams tiny = new QuantParams(QuantType.INT8, 1e-30f, 0);
    assertThat(QuantParams.ofBias(tiny, tiny).scale()).isEqualTo(Float.MIN_NORMAL);
  }

  private static void assertLimits(ScaleRule rule, int qmin, int qmax) {
    assertThat(rule.limits().qmin()).isEqualTo(qmin);
    assertThat(rule.limits().qmax()).isEqualTo(qmax);
  }

  private static JsonNode golden() throws IOException {
    try (InputStream in = ScaleRuleTest.class.getResourceAsStream("/golden/ort_scale_zp.json")) {
      return new ObjectMapper().readTree(in);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"INT32", "FLOAT16"},
      mode = EnumSource.Mode.EXCLUDE)
  void powersOfTwoAreTheLeastThatCoverTheInterval(QuantType type) {
    Random random = new Random(5);
    for (int i = 0; i < 1000; i++) {
      float low = (float) -StrictMath.exp(random.nextGaussian() * 9);
      float high = (float) StrictMath.exp(random.nextGaussian() * 9);
      for (boolean symmetric : new boolean[] {true, false}) {
        if (!symmetric && !type.isInteger()) {
          continue;
        }
        ScaleRule any = ScaleRule.of(type, symmetric, false, false);
        QuantParams exact = any.params(low, high);
        QuantParams shift = any.inPowersOfTwo().params(low, high);
        assertThat(shift.scale()).isEqualTo(Math.scalb(1f, Math.getExponent(shift.scale())));
        assertThat(shift.scale()).isBetween(exact.scale(), Math.nextDown(2 * exact.scale()));
      }
    }
    assertThat(ScaleRule.powerOfTwo(.25)).isEqualTo(.25);
    assertThat(ScaleRule.powerOfTwo(Float.MAX_VALUE)).isEqualTo(0x1p127);
  }
}
