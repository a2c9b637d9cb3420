package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.regex.Pattern;
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

  /** Against the same as a regular expression, on short texts of few letters. */
  @Test
  void itIsTheExpressionThatItSays() {
    Random random = new Random(18);
    int matched = 0;
    for (int round = 0; round < 20_000; round++) {
      String glob = text(random, "ab*?", 1);
      String name = text(random, "ab*", 0);
      String regex = Pattern.quote(glob).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q");
      boolean matches = name.matches(regex);
      assertThat(new NamePattern(glob).matches(name)).as("%s %s", glob, name).isEqualTo(matches);
      matched += matches ? 1 : 0;
    }
    assertThat(matched).isBetween(2_000, 18_000);
  }

  private static String text(Random random, String letters, int least) {
    StringBuilder text = new StringBuilder();
    for (int i = least + random.nextInt(7); i > 0; i--) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  @Test
  void starsTakeNoTimeBeyondTheProduct() {
    String glob = "*a".repeat(200) + "*b";
    assertThat(new NamePattern(glob).matches("a".repeat(1000))).isFalse();
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
