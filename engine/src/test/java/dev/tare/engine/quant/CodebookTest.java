package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CodebookTest {

  @ParameterizedTest
  @EnumSource(names = {"NF4", "FP4"})
  void everyCodeIsItsOwnNearest(QuantType type) {
    Codebook table = type.codebook().orElseThrow();
    for (int code = 0; code < table.size(); code++) {
      float number = table.decode(code);
      assertThat(table.decode(table.encode(number))).isEqualTo(number == 0 ? 0f : number);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NF4", "FP4"})
  void encodingIsToTheNearestNumber(QuantType type) {
    Codebook table = type.codebook().orElseThrow();
    Random random = new Random(7);
    for (int i = 0; i < 10_000; i++) {
      float x = (float) (random.nextGaussian() * .6);
      double own = Math.abs((double) x - table.decode(table.encode(x)));
      for (int code = 0; code < table.size(); code++) {
        assertThat(own).as("%s", x).isLessThanOrEqualTo(Math.abs((double) x - table.decode(code)));
      }
    }
  }

  @Test
  void betweenTwoNumbersTheSmallerMagnitudeIsTaken() {
    Codebook table = new Codebook(-3, -1, 0, 1, 3);
    assertThat(new int[] {table.encode(-2), table.encode(-.5f), table.encode(2)})
        .containsExactly(1, 2, 3);
    assertThat(table.encode(Math.nextUp(2f))).isEqualTo(4);
    assertThat(table.encode(Math.nextDown(-2f))).isEqualTo(0);
    assertThat(table.encode(Float.NEGATIVE_INFINITY)).isEqualTo(0);
    assertThat(table.encode(Float.POSITIVE_INFINITY)).isEqualTo(4);
  }

  /** bitsandbytes documents FP4 by these sixteenths of its largest number, 12. */
  @Test
  void numbersOfFp4AreThoseOfItsBits() {
    double[] twelfths = {0, .0625, 8, 12, 4, 6, 2, 3};
    for (int code = 0; code < 8; code++) {
      assertThat(Codebook.FP4.decode(code)).isEqualTo((float) (twelfths[code] / 12));
      assertThat(Codebook.FP4.decode(code + 8)).isEqualTo(-(float) (twelfths[code] / 12));
    }
  }

  @Test
  void blocksAreScaledByTheirLargestMagnitudeAndSurviveASecondRound() {
    Random random = new Random(3);
    float[] values = new float[64];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    values[5] = -4;
    ScaleRule rule = ScaleRule.of(QuantType.NF4, true, false, false);
    List<QuantParams> params = List.of(rule.params(-4, 3));
    assertThat(params.get(0).scale()).isEqualTo(4);
    Tensor x = Tensor.ofFloats(Shape.of(64), values);
    Tensor codes = Quantizer.quantize(x, params, Granularity.perTensor());
    assertThat(codes.bytes().remaining()).isEqualTo(32);
    Tensor once = Quantizer.dequantize(codes, params, Granularity.perTensor());
    assertThat(once.toFloatArray()[5]).isEqualTo(-4);
    assertThat(once).isEqualTo(Quantizer.fakeQuantize(x, params, Granularity.perTensor()));
    assertThat(Quantizer.quantize(once, params, Granularity.perTensor())).isEqualTo(codes);
  }

  @ParameterizedTest
  @EnumSource(names = {"CODEBOOK4", "CODEBOOK8"})
  void learnedTablesDependOnTheValuesAlone(QuantType type) {
    Random random = new Random(11);
    List<Float> values = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      values.add((float) random.nextGaussian() * (i % 3));
    }
    QuantParams params = new QuantParams(type, 8, 0);
    QuantParams learned = params.learned(array(values));
    Collections.shuffle(values, random);
    assertThat(params.learned(array(values))).isEqualTo(learned);
    assertThat(learned.codebook().orElseThrow().size()).isEqualTo(1 << type.dtype().bits());
  }

  /** What NF4 assumes is what a normal distribution has; a learned table must not do worse. */
  @Test
  void learnedTableLosesLessThanNf4() {
    Random random = new Random(12);
    float[] values = new float[4096];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    QuantParams fixed = ScaleRule.of(QuantType.NF4, true, false, false).params(-4, 4);
    QuantParams learned = new QuantParams(QuantType.CODEBOOK4, 4, 0).learned(values);
    assertThat(sqnrDb(values, learned)).isGreaterThan(sqnrDb(values, fixed));
    // Lloyd's 16 levels of a normal distribution reach 20.22 dB (Max, 1960).
    assertThat(sqnrDb(values, learned)).isCloseTo(20.22, within(.4));
  }

  @Test
  void fewValuesAreLearnedExactly() {
    float[] values = {-3, 0, 0, -0f, 5, 5};
    QuantParams learned = new QuantParams(QuantType.CODEBOOK4, 5, 0).learned(values);
    Tensor x = Tensor.ofFloats(Shape.of(6), values);
    assertThat(Quantizer.fakeQuantize(x, List.of(learned), Granularity.perTensor()).toFloatArray())
        .containsExactly(-3, 0, 0, 0, 5, 5);
  }

  private static double sqnrDb(float[] values, QuantParams params) {
    Tensor x = Tensor.ofFloats(Shape.of(values.length), values);
    return QuantError.between(
            values,
            Quantizer.fakeQuantize(x, List.of(params), Granularity.perTensor()).toFloatArray())
        .sqnrDb();
  }

  private static float[] array(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }

  @Test
  void numbersWithoutAPlaceAreRefused() {
    List<QuantParams> none = List.of(new QuantParams(QuantType.CODEBOOK4, 1, 0));
    Tensor one = Tensor.ofFloats(Shape.of(1), new float[] {1});
    assertThatThrownBy(() -> Quantizer.quantize(one, none, Granularity.perTensor()))
        .hasMessage("Cannot quantize to CODEBOOK4 without its table");
    assertThatThrownBy(() -> none.get(0).with(new Codebook(1, 2)))
        .hasMessage("Invalid table of CODEBOOK4: it has 2 numbers");
    assertThatThrownBy(() -> new Codebook()).hasMessageContaining("of 0 numbers");
    assertThatThrownBy(() -> new Codebook(0, Float.NaN)).hasMessageContaining("NaN");
    Tensor nan = Tensor.ofFloats(Shape.of(2), new float[] {1, Float.NaN});
    List<QuantParams> params = List.of(new QuantParams(QuantType.FP4, 1, 0));
    assertThatThrownBy(() -> Quantizer.quantize(nan, params, Granularity.perTensor()))
        .hasMessage("Cannot quantize NaN at flat index 1");
    assertThatThrownBy(() -> Quantizer.fakeQuantize(nan, params, Granularity.perTensor()))
        .hasMessage("Cannot quantize NaN at flat index 1");
  }
}
