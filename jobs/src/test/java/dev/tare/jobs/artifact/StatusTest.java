package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.time.Instant;
import java.util.Optional;
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

  private static Status running(Driver driver) {
    return new Status(
        Status.Outcome.RUNNING, OptionalInt.empty(), "m", "a", TIME, Optional.of(driver));
  }

  /** After a kill -9 the file says running for ever; the machine that it ran on knows better. */
  @Test
  void oneWhoseProcessHasEndedIsAbandoned() throws Exception {
    Driver here = Driver.current(Optional.empty());
    assertThat(running(here).word()).isEqualTo("running");
    Process other = new ProcessBuilder("true").start();
    other.waitFor();
    Driver gone = new Driver(here.host(), other.pid(), Optional.empty());
    assertThat(running(gone).word()).isEqualTo("abandoned");
    assertThat(running(new Driver("elsewhere", other.pid(), Optional.empty())).word())
        .as("nobody here knows")
        .isEqualTo("running");
    assertThat(gone.describe()).isEqualTo("process %d on %s".formatted(gone.pid(), gone.host()));
  }

  @Test
  void oneThatRunsClaimsNoExitCode() {
    Status running = running(Driver.current(Optional.of("local-17")));

    assertThat(running.format())
        .contains("\"running\"", "\"application-id\" : \"local-17\"", "\"host\" : ")
        .contains("\"pid\" : " + ProcessHandle.current().pid())
        .doesNotContain("exit-code");
    assertThat(Status.parse(running.format(), "status.json")).isEqualTo(running);
  }

  @Test
  void oneThatWasStoppedSaysInterruptedAndTheCodeOfTheSignal() {
    Status stopped =
        new Status(
            Status.Outcome.INTERRUPTED,
            OptionalInt.of(143),
            "stopped",
            "a",
            TIME,
            Optional.empty());

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
