package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AxisTest {

  private static String numbers(double low, double high, double least) {
    StringBuilder text = new StringBuilder();
    Axis.of("x", low, high, least).ticks().forEach(t -> text.append(t.text()).append(' '));
    return text.toString().strip();
  }

  @Test
  void numbersAreRoundAndFew() {
    assertThat(numbers(0, 100, 1)).isEqualTo("0 20 40 60 80 100");
    assertThat(numbers(.9755, .99984, 1e-4)).isEqualTo("0.980 0.985 0.990 0.995");
    assertThat(numbers(-0.17, 24.79, 1e-9)).isEqualTo("0 5 10 15 20");
    assertThat(numbers(-3, 3, 1e-9)).isEqualTo("−3 −2 −1 0 1 2 3");
    assertThat(numbers(0, 4.7e9, 1e-9)).isEqualTo("0 1.0e9 2.0e9 3.0e9 4.0e9");
    assertThat(numbers(0, 3e-9, 1e-12)).isEqualTo("0 5.0e-10 1.0e-9 1.5e-9 2.0e-9 2.5e-9 3.0e-9");
  }

  @Test
  void countsHaveNoFractions() {
    assertThat(Axis.ofCount("n", 1).ticks()).extracting(Axis.Tick::text).containsExactly("0", "1");
    assertThat(Axis.ofCount("n", 39).ticks())
        .extracting(Axis.Tick::text)
        .containsExactly("0", "10", "20", "30");
  }

  @Test
  void shortAxesAreMadeLonger() {
    assertThat(Axis.of("x", 1, 1, 1e-4).from()).isEqualTo(1 - 1e-4);
    assertThat(Axis.of("x", 1e20, 1e20, 1).from()).isLessThan(1e20);
    Axis axis = Axis.of("x", 1, 1, 1e-4);
    assertThat(axis.ticks()).hasSizeBetween(2, 8);
    assertThat(axis.thousandth(1)).isEqualTo(1000);
    assertThat(axis.thousandth(-5)).isZero();
  }

  @Test
  void ticksAreWhereTheirValuesAre() {
    Axis axis = Axis.of("x", -1, 3, 1);
    assertThat(axis.ticks().get(1).text()).isEqualTo("0");
    assertThat(axis.ticks().get(1).left()).isEqualTo("25.00%");
    assertThat(axis.ticks().get(1).top()).isEqualTo("75.00%");
    assertThat(axis.thousandth(0)).isEqualTo(250);
  }
}
