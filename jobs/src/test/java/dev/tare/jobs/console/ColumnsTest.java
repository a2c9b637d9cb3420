package dev.tare.jobs.console;

import static dev.tare.jobs.console.Columns.Align.LEFT;
import static dev.tare.jobs.console.Columns.Align.RIGHT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ColumnsTest {

  @Test
  void cellsOfAColumnBeginOrEndTogetherAndNoLineEndsInBlanks() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Columns.of(LEFT, RIGHT, RIGHT, LEFT)
        .print(
            List.of(
                List.of("tensor", "psi", "clip", ""),
                List.of("x", "0.0312", "-", ""),
                List.of("encoder", "12.5000", "100.0000%", "psi 12.5 > 0.2")),
            new PrintStream(bytes, true, StandardCharsets.UTF_8));

    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "tensor       psi       clip",
            "x         0.0312          -",
            "encoder  12.5000  100.0000%  psi 12.5 > 0.2");
  }
}
