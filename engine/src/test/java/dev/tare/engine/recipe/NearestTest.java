package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {

  private static final List<String> WORDS = List.of("samples", "batch-size", "calibrate");

  @Test
  void distanceCountsInsertionsDeletionsReplacementsAndSwaps() {
    assertThat(Nearest.distance("samples", "sampels")).isEqualTo(1);
    assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Nearest.distance("same", "same")).isZero();
  }

  @Test
  void oneErrorInThreeIsAllowed() {
    assertThat(Nearest.to("colour", WORDS)).isEmpty();
    assertThat(Nearest.to("batchsize", WORDS)).contains("batch-size");
    assertThat(Nearest.to("anything", List.of())).isEmpty();
  }

  @Test
  void nearestComeFirstAndTiesAreSorted() {
    assertThat(Nearest.to("a1", List.of("b1", "a22", "a2", "a1x"), 3))
        .containsExactly("a1x", "a2", "b1");
  }
}
