package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamePatternTest {

  @ParameterizedTest
  @CsvSource({
    "*, anything/at.all, true",
    "/layer.?/*, /layer.0/MatMul, true",
    "/layer.?/*, /layer.10/MatMul, false",
    "/layer.0/*, /layerX0/MatMul, false",
    "MatMul, MatMul_1, false",
    "MatMul, xMatMul, false",
    "matmul, MatMul, false",
    "a[b]+(c)|\\Q^$, a[b]+(c)|\\Q^$, true",
    "?, \uD83D\uDE00, true",
  })
  void wholeNameMustMatch(String glob, String name, boolean matches) {
    assertThat(new NamePattern(glob).matches(name)).isEqualTo(matches);
  }

  @Test
  void starSpansLineEnds() {
    assertThat(new NamePattern("a*b").matches("a\nb")).isTrue();
  }

  @Test
  void emptyPatternIsRefused() {
    assertThatThrownBy(() -> new NamePattern(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid name pattern: empty");
  }
}
