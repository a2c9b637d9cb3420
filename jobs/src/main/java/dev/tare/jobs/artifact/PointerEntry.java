package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.net.URI;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;

/**
 * One entry of a name's pointer, format version 1; it never changes after it was written.
 *
 * <pre>{@code
 * format-version   1
 * run              URI of the run folder, relative to the name's folder if both share a parent
 * manifest-sha256  hash of the run's manifest, 64 hexadecimal digits
 * published        ISO-8601 instant, whole seconds, UTC
 * }</pre>
 *
 * @param run location of the run, absolute or relative
 * @param manifestSha256 hash of its manifest
 * @param published when the entry was made; the order follows from the number, not from this time
 */
public record PointerEntry(URI run, String manifestSha256, Instant published) {
  static final int FORMAT_VERSION = 1;
  private static final Set<String> KEYS =
      Set.of("format-version", "run", "manifest-sha256", "published");

  /**
   * @throws IllegalArgumentException if the hash is not a valid sha256
   */
  public PointerEntry {
    new Digest(manifestSha256, 0);
    published = published.truncatedTo(ChronoUnit.SECONDS);
  }

  /** Formats JSON text, one key per line. */
  public String format() {
    ObjectNode root = StrictJson.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("run", run.toString());
    root.put("manifest-sha256", manifestSha256);
    root.put("published", published.toString());
    return StrictJson.format(root);
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @throws TareException (bad input) if the text is not an entry
   */
  public static PointerEntry parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, FORMAT_VERSION, KEYS, where);
    try {
      return new PointerEntry(
          URI.create(StrictJson.text(root, "run", where)),
          StrictJson.text(root, "manifest-sha256", where),
          StrictJson.time(root, "published", where));
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
    }
  }
}
