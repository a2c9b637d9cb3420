package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * A place that a document names: who writes a document must not decide what this program connects
 * to. It must be a path on a file system that runs live on, or on that of the document itself.
 */
public final class StoredPlace {
  private static final Set<String> SCHEMES = Set.of("file", "hdfs", "s3a");

  private StoredPlace() {}

  /**
   * The path behind an absolute URI; touches nothing.
   *
   * @param document where the document stands, or its folder
   * @param who names it, to begin the message with
   * @throws TareException (bad input) if it is no such place
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
    return TareException.badInput("%s '%s', which is no place %s".formatted(who, place, expected));
  }
}
