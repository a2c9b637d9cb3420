package dev.tare.engine.tensor;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Identifies a sample by its content and the place where it was read.
 *
 * <p>The order is total: the sample's hash, then the UTF-8 bytes of the file, then the row; a known
 * place comes before an unknown one. Equal samples therefore have one first origin, in whatever
 * order they are read.
 *
 * @param sha256 SHA-256 of {@link Sample#encode}, 64 lower-case hexadecimal digits
 * @param file the file that it was read from
 * @param row its 0-based position there, only with a file; empty where rows have none
 */
public record SampleOrigin(String sha256, Optional<String> file, OptionalLong row)
    implements Comparable<SampleOrigin> {

  private static final int DIGITS = 64;
  private static final int MAX_FILE_BYTES = 1 << 16;

  private static final Comparator<Optional<String>> KNOWN_FILES_FIRST =
      (a, b) ->
          a.isPresent() && b.isPresent()
              ? Arrays.compareUnsigned(utf8(a.get()), utf8(b.get()))
              : Boolean.compare(a.isEmpty(), b.isEmpty());

  private static final Comparator<OptionalLong> KNOWN_ROWS_FIRST =
      (a, b) ->
          a.isPresent() && b.isPresent()
              ? Long.compare(a.getAsLong(), b.getAsLong())
              : Boolean.compare(a.isEmpty(), b.isEmpty());

  private static final Comparator<SampleOrigin> ORDER =
      Comparator.comparing(SampleOrigin::sha256)
          .thenComparing(SampleOrigin::file, KNOWN_FILES_FIRST)
          .thenComparing(SampleOrigin::row, KNOWN_ROWS_FIRST);

  /**
   * @throws IllegalArgumentException if the hash is not 64 lower-case hexadecimal digits, the file
   *     is empty, longer than 65,536 bytes or not encodable in UTF-8, or a row is negative or comes
   *     without a file
   */
  public SampleOrigin {
    if (sha256.length() != DIGITS || !sha256.chars().allMatch(SampleOrigin::isDigit)) {
      throw new IllegalArgumentException("Invalid SHA-256 of a sample: '" + sha256 + "'");
    }
    if (file.isPresent()
        && (file.get().isEmpty()
            || !StandardCharsets.UTF_8.newEncoder().canEncode(file.get())
            || utf8(file.get()).length > MAX_FILE_BYTES)) {
      throw new IllegalArgumentException("Invalid file of a sample: '" + file.get() + "'");
    }
    if (row.isPresent() && (row.getAsLong() < 0 || file.isEmpty())) {
      throw new IllegalArgumentException(
          "Invalid row of a sample: %d of %s"
              .formatted(row.getAsLong(), file.map(f -> "'" + f + "'").orElse("no file")));
    }
  }

  /** Creates an origin that has only the content of a sample; costs one hash of it. */
  public static SampleOrigin of(Sample sample) {
    return of(Sample.hash(sample.encode()));
  }

  /**
   * Creates an origin that has only the content of a sample.
   *
   * @param hash the {@link Sample#hash}
   * @throws IllegalArgumentException if it is not 32 bytes long
   */
  public static SampleOrigin of(byte[] hash) {
    return new SampleOrigin(HexFormat.of().formatHex(hash), Optional.empty(), OptionalLong.empty());
  }

  /**
   * Returns the same sample, with the file it was read from.
   *
   * @throws IllegalArgumentException if the place is not valid
   */
  public SampleOrigin at(String place, OptionalLong position) {
    return new SampleOrigin(sha256, Optional.of(place), position);
  }

  /** Returns the same sample without file and row. */
  public SampleOrigin withoutPlace() {
    return file.isEmpty() ? this : new SampleOrigin(sha256, Optional.empty(), OptionalLong.empty());
  }

  /** Returns the earlier of two origins; a known one comes before an unknown one. */
  public static Optional<SampleOrigin> first(Optional<SampleOrigin> a, Optional<SampleOrigin> b) {
    if (a.isPresent() && b.isPresent()) {
      return a.get().compareTo(b.get()) <= 0 ? a : b;
    }
    return a.isPresent() ? a : b;
  }

  @Override
  public int compareTo(SampleOrigin other) {
    return ORDER.compare(this, other);
  }

  private static boolean isDigit(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
