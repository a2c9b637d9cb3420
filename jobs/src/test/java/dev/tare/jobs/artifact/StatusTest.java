package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.time.Instant;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class StatusTest {

  private static final Instant TIME = Instant.parse("2026-11-26T12:00:00Z");

  private static Status parse(String outcome, String exitCode) {
    return Status.parse(
        """
        {"format-version": 1, "outcome": "%s", %s "message": "m", "attempt": "a",
         "time": "2026-11-26T12:00:00Z"}
        """
            .formatted(outcome, exitCode),
        "status.json");
  }

  @Test
  void oneThatRunsClaimsNoExitCode() {
    Status running = new Status(Status.Outcome.RUNNING, OptionalInt.empty(), "m", "a", TIME);

    assertThat(running.format()).contains("\"running\"").doesNotContain("exit-code");
    assertThat(Status.parse(running.format(), "status.json")).isEqualTo(running);
  }

  @Test
  void oneThatWasStoppedSaysInterruptedAndTheCodeOfTheSignal() {
    Status stopped =
        new Status(Status.Outcome.INTERRUPTED, OptionalInt.of(143), "stopped", "a", TIME);

    assertThat(stopped.format()).contains("\"interrupted\"", "143");
    assertThat(Status.parse(stopped.format(), "status.json")).isEqualTo(stopped);
  }

  @Test
  void whatEarlierVersionsWroteIsRead() {
    assertThat(parse("running", "\"exit-code\": 0,").exitCode()).hasValue(0);
    assertThat(parse("failed", "\"exit-code\": 70,").exitCode()).hasValue(70);
  }

  @Test
  void anExitCodeThatIsNoneIsRefusedByName() {
    assertThatThrownBy(() -> parse("failed", "\"exit-code\": \"three\","))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("status.json: 'exit-code' must be a whole number");
  }
}
