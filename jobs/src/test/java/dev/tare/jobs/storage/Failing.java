package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What a user is told where a folder cannot be used. */
final class Failing {

  private Failing() {}

  /** Asserts that a call ends with an exit code and says all of these words. */
  static void assertFails(ThrowingCallable call, ExitCode exitCode, String... words) {
    assertThatThrownBy(call)
        .isInstanceOf(TareException.class)
        .hasMessageContainingAll(words)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(exitCode);
  }
}
