package dev.tare.jobs.storage;

import dev.tare.jobs.artifact.PointerEntry;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import org.apache.hadoop.fs.Path;

/** Converts locations of runs in the entries of a name: relative if both can move together. */
final class PointerPlaces {

  private PointerPlaces() {}

  /** Creates an entry for a run; relative if the run is next to the name or below it. */
  static PointerEntry entry(Path name, FinishedRun run) {
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
   * Returns the location of an entry's run, for a name at a given location.
   *
   * @param where name of the entry in errors
   * @throws dev.tare.jobs.TareException (bad input) if runs cannot be stored there
   */
  static Path resolve(PointerEntry entry, Path name, String where) {
    URI base = name.toUri();
    try {
      URI folder =
          new URI(base.getScheme(), base.getAuthority(), asFolder(base.getPath()), null, null);
      return StoredPlace.of(folder.resolve(entry.run()), name, where + " points to");
    } catch (URISyntaxException e) {
      throw new IllegalStateException("A qualified path is a URI: " + name, e);
    }
  }

  private static String asFolder(String path) {
    return path.endsWith("/") ? path : path + "/";
  }
}
