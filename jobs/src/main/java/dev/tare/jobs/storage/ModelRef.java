package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * How a model or a tokenizer travels to executors: by place and content, never by value.
 *
 * @param uri where it is, with scheme
 * @param sha256 hash of its content
 * @param length in bytes
 */
public record ModelRef(URI uri, String sha256, long length) implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * @throws IllegalArgumentException if the hash is none or the length is negative
   */
  public ModelRef {
    new Digest(sha256, length);
  }

  /**
   * Reads a file once to know its content.
   *
   * @throws TareException (bad input) if there is no such file
   */
  public static ModelRef of(String location, Configuration hadoop) throws IOException {
    Path path = Locations.qualified(location, hadoop);
    Digest digest = Locations.digest(path, hadoop);
    return new ModelRef(path.toUri(), digest.sha256(), digest.bytes());
  }

  /** This file as an input of a run. */
  public InputRef asInput(String name) {
    return InputRef.of(name, uri, digest());
  }

  Digest digest() {
    return new Digest(sha256, length);
  }
}
