package dev.tare.jobs.storage;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * One entry of a name's pointer, format version 1; it never changes once it is there.
 *
 * <pre>{@code
 * format-version   1
 * run              URI of the run folder, relative to the name's folder where both share a parent
 * manifest-sha256  hash of the run's manifest, 64 hexadecimal digits
 * published        ISO-8601 instant, whole seconds, UTC
 * }</pre>
 *
 * @param run place of the run, absolute or relative
 * @param manifestSha256 hash of its manifest
 * @param published when the entry was made; says nothing about order, which the number does
 */
record PointerEntry(URI run, String manifestSha256, Instant published) {
  static final int FORMAT_VERSION = 1;
  private static final Set<String> KEYS =
      Set.of("format-version", "run", "manifest-sha256", "published");

  /**
   * @throws IllegalArgumentException if the hash is none
   */
  PointerEntry {
    new Digest(manifestSha256, 0);
    published = published.truncatedTo(ChronoUnit.SECONDS);
  }

  /** An entry for a run, relative where the run lies beside the name or below it. */
  static PointerEntry of(Path name, FinishedRun run) {
    return new PointerEntry(
        place(name.toUri(), name, run.folder().uri()),
        run.manifestDigest().sha256(),
        Instant.now());
  }

  private static URI place(URI base, Path name, URI run) {
    Path parent = name.getParent();
    boolean sameStore =
        String.valueOf(base.getScheme()).equals(run.getScheme())
            && String.valueOf(base.getAuthority()).equals(String.valueOf(run.getAuthority()));
    if (!sameStore || parent == null) {
      return run;
    }
    String inside = asFolder(base.getPath());
    String beside = asFolder(parent.toUri().getPath());
    String path = run.getPath();
    try {
      if (path.startsWith(inside)) {
        return new URI(null, null, "./" + path.substring(inside.length()), null);
      }
      if (path.startsWith(beside)) {
        return new URI(null, null, "../" + path.substring(beside.length()), null);
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException("A path is a relative URI: " + path, e);
    }
    return run;
  }

  /**
   * Where the run stands, for a name at a place.
   *
   * @param where how errors name the entry
   * @throws TareException (bad input) if that is no place where runs live
   */
  Path resolve(Path name, String where) {
    URI base = name.toUri();
    try {
      URI folder =
          new URI(base.getScheme(), base.getAuthority(), asFolder(base.getPath()), null, null);
      return StoredPlace.of(folder.resolve(run), name, where + " points to");
    } catch (URISyntaxException e) {
      throw new IllegalStateException("A qualified path is a URI: " + name, e);
    }
  }

  String format() {
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
   * @throws TareException (bad input) if the text is no entry
   */
  static PointerEntry parse(String text, String where) {
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

  private static String asFolder(String path) {
    return path.endsWith("/") ? path : path + "/";
  }
}
