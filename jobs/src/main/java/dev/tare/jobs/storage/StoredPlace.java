package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * A location named in a document. Documents are untrusted and must not decide what this program
 * connects to: the location must be on a file system that supports runs, or on the document's own.
 */
public final class StoredPlace {
  private static final Set<String> SCHEMES = Set.of("file", "hdfs", "s3a");

  private StoredPlace() {}

  /**
   * Returns the path of an absolute URI; touches nothing.
   *
   * @param document location of the document, or its folder
   * @param who the beginning of the message: who names the location
   * @throws TareException (bad input) if it is not such a location
   */
  public static Path of(URI place, Path document, String who) {
    String scheme = lower(place.getScheme());
    if (!SCHEMES.contains(scheme) && !scheme.equals(lower(document.toUri().getScheme()))) {
      throw refused(who, place, "of file:, hdfs: and s3a:");
    }
    String path = place.getPath();
    boolean local = scheme.equals("file");
    if (path == null
        || !path.startsWith("/")
        || path.indexOf('\0') >= 0
        || place.getRawQuery() != null
        || place.getRawFragment() != null
        || (local && place.getRawAuthority() != null)) {
      throw refused(who, place, local ? "of the form file:/path" : "with an absolute path");
    }
    try {
      return new Path(place);
    } catch (IllegalArgumentException e) {
      throw refused(who, place, "that is well-formed");
    }
  }

  private static String lower(String scheme) {
    return scheme == null ? "" : scheme.toLowerCase(Locale.ROOT);
  }

  private static TareException refused(String who, URI place, String expected) {
    return TareException.badInput(
        "%s '%s', which is not a location %s".formatted(who, place, expected));
  }
}
