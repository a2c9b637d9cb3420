package dev.tare.jobs.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TaskReportTest {

  private static final TaskReport REPORT =
      new TaskReport(1L << 40, 3, 4, 5, "1.2.3", "A \"CPU\" \u00ae", "amd64+avx2", "host/77");

  @Test
  void bytesAreReadAgain() {
    assertThat(TaskReport.decode(REPORT.encode())).isEqualTo(REPORT);
  }

  @Test
  void bytesThatAreNoReportAreRefused() {
    assertThatThrownBy(() -> TaskReport.decode("{\"samples\"".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Invalid task report: ");
  }
}
