package dev.tare.engine.statistics;

/**
 * The bytes of a state of any kind: equal states have equal bytes, and only those bytes decode.
 *
 * <p>Layouts: {@link StatisticsBlockCodec} and {@link MomentsBlockCodec}.
 */
public final class StateCodec {

  private StateCodec() {}

  /** The canonical bytes; costs one pass over the state. */
  public static byte[] encode(MergeableState state) {
    return state instanceof MomentsBlock moments
        ? MomentsBlockCodec.encode(moments)
        : StatisticsBlockCodec.encode((StatisticsBlock) state);
  }

  /** What of a state does not depend on where its samples were read. */
  static byte[] encodeContent(MergeableState state) {
    return state instanceof StatisticsBlock block
        ? StatisticsBlockCodec.encodeContent(block)
        : encode(state);
  }

  /**
   * The state behind canonical bytes.
   *
   * @throws IllegalArgumentException if the bytes are no such encoding: another magic, version or
   *     kind, truncated, left over, not canonical, or a state that cannot be
   */
  public static MergeableState decode(byte[] encoded) {
    return BlockHeader.kindOf(encoded) == StateKind.MOMENTS.code()
        ? MomentsBlockCodec.decode(encoded)
        : StatisticsBlockCodec.decode(encoded);
  }
}
