package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The state of the last attempt at a run, for callers who cannot see the exit code: {@code
 * status.json}. It is overwritten, and is not a sign that artifacts are complete or published.
 *
 * @param outcome running, finished, failed or interrupted
 * @param exitCode exit code of the command; empty while running
 * @param message one sentence
 * @param attempt which attempt wrote it
 * @param time when
 * @param driver the process that wrote it; empty for runs of earlier versions
 */
public record Status(
    Outcome outcome,
    OptionalInt exitCode,
    String message,
    String attempt,
    Instant time,
    Optional<Driver> driver) {
  private static final Set<String> KEYS =
      Set.of(
          "format-version",
          "outcome",
          "exit-code",
          "message",
          "attempt",
          "time",
          "host",
          "pid",
          "application-id");

  /** The state of an attempt. */
  public enum Outcome {
    RUNNING,
    FINISHED,
    FAILED,
    /** It was stopped by Ctrl-C or SIGTERM. */
    INTERRUPTED
  }

  /** The first characters of every status. */
  private static final String BEGINNING =
      "{\n  \"format-version\" : %d,\n  \"outcome\" : \"".formatted(ManifestJson.FORMAT_VERSION);

  public Status {
    message = Printable.message(message);
    time = time.truncatedTo(ChronoUnit.SECONDS);
  }

  /** The outcome in a word; {@code abandoned} if the process that is said to run has ended. */
  public String word() {
    return outcome == Outcome.RUNNING && driver.map(Driver::ended).orElse(false)
        ? "abandoned"
        : outcome.name().toLowerCase(Locale.ROOT);
  }

  /** JSON text with sorted keys. */
  public String format() {
    ObjectNode root = StrictJson.object();
    root.put("format-version", ManifestJson.FORMAT_VERSION);
    root.put("outcome", outcome.name().toLowerCase(Locale.ROOT));
    exitCode.ifPresent(code -> root.put("exit-code", code));
    root.put("message", message);
    root.put("attempt", attempt);
    root.put("time", time.toString());
    driver.ifPresent(process -> process.put(root));
    return StrictJson.format(root);
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @throws TareException (bad input) if the text is not a status
   */
  public static Status parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.allow(root, KEYS, where);
    try {
      return new Status(
          Outcome.valueOf(StrictJson.text(root, "outcome", where).toUpperCase(Locale.ROOT)),
          exitCode(root, where),
          StrictJson.text(root, "message", where),
          StrictJson.text(root, "attempt", where),
          StrictJson.time(root, "time", where),
          Driver.of(root, where));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
    }
  }

  /**
   * Whether a file is a status or the beginning of one, truncated by a crash or a full disk: it may
   * be empty, or contain zeros.
   */
  public static boolean begunIn(byte[] content) {
    int length = content.length;
    while (length > 0 && content[length - 1] == 0) {
      length--;
    }
    String text = new String(content, 0, length, StandardCharsets.UTF_8);
    return BEGINNING.startsWith(text) || text.startsWith(BEGINNING);
  }

  private static OptionalInt exitCode(ObjectNode root, String where) {
    return root.has("exit-code")
        ? OptionalInt.of(Math.toIntExact(StrictJson.integer(root, "exit-code", where)))
        : OptionalInt.empty();
  }
}
