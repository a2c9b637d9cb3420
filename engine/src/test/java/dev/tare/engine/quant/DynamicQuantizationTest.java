package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DynamicQuantizationTest {

  @Test
  void theRangeIsWidenedToContainZero() {
    assertThat(DynamicQuantization.params(1f, 4f))
        .isEqualTo(new QuantParams(QuantType.UINT8, 4f / 255, 0));
    assertThat(DynamicQuantization.params(-4f, -1f))
        .isEqualTo(new QuantParams(QuantType.UINT8, 4f / 255, 255));
  }

  @Test
  void aTensorHasTheParametersOfItsExtremes() {
    Tensor x = Tensor.ofFloats(Shape.of(2, 3), 0, 2, -3, -2.5f, 1.34f, 0.5f);
    // 5 / 255 in float32, and 3 / that = 153.00000x
    assertThat(DynamicQuantization.params(x))
        .isEqualTo(new QuantParams(QuantType.UINT8, 5f / 255, 153));
  }

  @Test
  void nothingButZerosHasScaleOne() {
    QuantParams one = new QuantParams(QuantType.UINT8, 1f, 0);
    assertThat(DynamicQuantization.params(Tensor.ofFloats(Shape.of(2), 0, -0f))).isEqualTo(one);
    assertThat(DynamicQuantization.params(Tensor.ofFloats(Shape.of(0)))).isEqualTo(one);
    assertThat(DynamicQuantization.params(-Float.MIN_VALUE, 0)).isEqualTo(one);
  }

  @Test
  void valuesWithoutAWidthAreRefused() {
    assertThatThrownBy(() -> DynamicQuantization.params(Tensor.ofFloats(Shape.of(2), 1, Float.NaN)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot scale the interval [NaN, NaN]: its width is NaN");
    assertThatThrownBy(() -> DynamicQuantization.params(-Float.MAX_VALUE, Float.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot scale the interval [-3.4028235E38, 3.4028235E38]: its width is Infinity");
  }
}
