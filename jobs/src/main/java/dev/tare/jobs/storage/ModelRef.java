package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A reference to a model or a tokenizer for executors: location and content hash, never the bytes.
 *
 * @param uri its location, with scheme
 * @param sha256 hash of its content
 * @param length in bytes
 */
public record ModelRef(URI uri, String sha256, long length) implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * @throws IllegalArgumentException if the hash is not a valid sha256 or the length is negative
   */
  public ModelRef {
    new Digest(sha256, length);
  }

  /**
   * Reads a file once to know its content; a local one that this JVM knows already is not read.
   *
   * @throws TareException (bad input) if the file does not exist
   */
  public static ModelRef of(String location, Configuration hadoop) throws IOException {
    Path path = Locations.qualified(location, hadoop);
    Optional<java.nio.file.Path> local =
        "file".equals(path.toUri().getScheme())
            ? Optional.of(java.nio.file.Path.of(path.toUri().getPath()))
            : Optional.empty();
    Instant asked = Instant.now();
    Optional<FileStamp> before = local.isPresent() ? FileStamp.of(local.get()) : Optional.empty();
    Optional<Digest> known = before.flatMap(stamp -> ModelCache.known(local.get(), stamp));
    Digest digest = known.isPresent() ? known.get() : Locations.digest(path, hadoop);
    before.ifPresent(stamp -> ModelCache.remember(local.get(), digest, stamp, asked));
    return new ModelRef(path.toUri(), digest.sha256(), digest.bytes());
  }

  /**
   * Checks, at the end of a run, that the file has not changed, by reading it again: otherwise
   * other content may have been used.
   *
   * @throws TareException (bad input) if it has changed or is missing
   */
  public void requireUnchanged(Configuration hadoop) throws IOException {
    Digest now;
    try {
      now = Locations.digest(new Path(uri), hadoop);
    } catch (TareException e) {
      throw TareException.badInput(
          "%s has changed since the run began: %s".formatted(uri, e.getMessage()), e);
    }
    if (!now.equals(digest())) {
      throw replaced(now);
    }
  }

  /**
   * Compares bytes read from the file with its first content.
   *
   * @throws TareException (bad input) if they differ
   */
  public void requireContent(byte[] bytes) {
    Digest read = Digest.of(bytes);
    if (!read.equals(digest())) {
      throw replaced(read);
    }
  }

  TareException replaced(Digest now) {
    return TareException.badInput(
        "%s has changed since the run began: %d bytes with sha256 %s, expected %d and %s"
            .formatted(uri, now.bytes(), now.sha256(), length, sha256));
  }

  /** Returns this file as an input of a run. */
  public InputRef asInput(String name) {
    return InputRef.of(name, uri, digest());
  }

  Digest digest() {
    return new Digest(sha256, length);
  }
}
