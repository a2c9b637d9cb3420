package dev.tare.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HelpWidthTest {

  @ParameterizedTest
  @CsvSource({", 100", "'', 100", "wide, 100", "80, 80", "200, 100", "20, 55", "-1, 100"})
  void widthFollowsTheTerminalWithinBounds(String columns, int width) {
    assertThat(HelpWidth.of(columns)).isEqualTo(width);
  }
}
