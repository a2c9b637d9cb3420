package dev.tare.jobs.artifact;

import java.net.URI;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Something that a run read, as its manifest names it.
 *
 * <p>A model, tokenizer, recipe or source run is known by its sha256. A data file may have none,
 * since hashing terabytes would cost a second reading; then URI, length and modification time
 * identify it.
 *
 * @param name its role in the run: {@code model}, {@code tokenizer}, {@code data}, ...
 * @param uri where it was, without a password
 * @param bytes length
 * @param sha256 hash of the content, if it was read
 * @param modified modification time in milliseconds since 1970, for an input without a hash
 */
public record InputRef(
    String name, URI uri, long bytes, Optional<String> sha256, OptionalLong modified)
    implements Comparable<InputRef> {
  private static final Comparator<InputRef> ORDER =
      Comparator.comparing(InputRef::name).thenComparing(i -> i.uri().toString());

  /**
   * @throws IllegalArgumentException if the length is negative, the URI contains a password, or
   *     neither or both of hash and modification time are given
   */
  public InputRef {
    if (bytes < 0) {
      throw new IllegalArgumentException(
          "Negative length of input '%s': %d".formatted(name, bytes));
    }
    if (sha256.isPresent() == modified.isPresent()) {
      throw new IllegalArgumentException(
          "Input '%s' needs either a sha256 or a modification time".formatted(name));
    }
    String userInfo = uri.getRawUserInfo();
    if (userInfo != null && userInfo.contains(":")) {
      throw new IllegalArgumentException(
          "The address of input '%s' on host %s contains a password; use a credential provider"
              .formatted(name, uri.getHost()));
    }
    sha256.ifPresent(hash -> new Digest(hash, bytes));
  }

  /** Creates an input that was read completely. */
  public static InputRef of(String name, URI uri, Digest digest) {
    return new InputRef(
        name, uri, digest.bytes(), Optional.of(digest.sha256()), OptionalLong.empty());
  }

  /** Creates an input identified by location, length and modification time. */
  public static InputRef unhashed(String name, URI uri, long bytes, long modified) {
    return new InputRef(name, uri, bytes, Optional.empty(), OptionalLong.of(modified));
  }

  @Override
  public int compareTo(InputRef other) {
    return ORDER.compare(this, other);
  }

  /** Returns what two equal inputs have in common. */
  String identity() {
    return sha256
        .map(hash -> "sha256 %s, %d bytes".formatted(hash, bytes))
        .orElseGet(() -> "%s, %d bytes, modified %d".formatted(uri, bytes, modified.getAsLong()));
  }
}
