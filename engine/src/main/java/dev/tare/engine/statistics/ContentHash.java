package dev.tare.engine.statistics;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;

/**
 * The {@code content-sha256} of a set of states of one kind: SHA-256 over the SHA-256 digests of
 * all blocks' contents, which are their {@linkplain StateCodec#encode encodings} without the places
 * of samples, concatenated in the order of their keys.
 *
 * <p>Digests are added in any order, so executors hash blocks and the driver receives 32 bytes per
 * block. Not thread-safe.
 */
public final class ContentHash {

  private static final int DIGEST_BYTES = 32;

  private final TreeMap<BlockKey, byte[]> digests = new TreeMap<>();

  /** SHA-256 of a block's content: 32 bytes. */
  public static byte[] digest(MergeableState block) {
    return sha256().digest(StateCodec.encodeContent(block));
  }

  /**
   * Adds a block by its digest.
   *
   * @param digest the {@link #digest} of the block
   * @return this
   * @throws IllegalArgumentException if the digest is not 32 bytes long, or the key was added
   *     before
   */
  public ContentHash add(BlockKey key, byte[] digest) {
    if (digest.length != DIGEST_BYTES) {
      throw new IllegalArgumentException(
          "Cannot add %s to a content hash: a digest of %d bytes instead of %d"
              .formatted(key, digest.length, DIGEST_BYTES));
    }
    if (digests.putIfAbsent(key, digest.clone()) != null) {
      throw new IllegalArgumentException("Cannot add %s to a content hash twice".formatted(key));
    }
    return this;
  }

  /** Adds a block: encodes and digests it. */
  public ContentHash add(MergeableState block) {
    return add(block.key(), digest(block));
  }

  /** The hash of all blocks added so far, in 64 lower-case hexadecimal digits. */
  public String sha256Hex() {
    MessageDigest sha256 = sha256();
    digests.values().forEach(sha256::update);
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
