package dev.tare.engine.statistics;

/**
 * The bytes of a state of any kind: equal states have equal bytes, and only those bytes decode.
 *
 * <p>Layouts: {@link StatisticsBlockCodec}, {@link MomentsBlockCodec}, {@link GramBlockCodec},
 * {@link PairedBlockCodec} and {@link FoldsBlockCodec}.
 */
public final class StateCodec {

  private StateCodec() {}

  /** Encodes a state canonically; costs one pass over the state. */
  public static byte[] encode(MergeableState state) {
    if (state instanceof GramBlock gram) {
      return GramBlockCodec.encode(gram);
    }
    if (state instanceof PairedBlock pairs) {
      return PairedBlockCodec.encode(pairs);
    }
    if (state instanceof FoldsBlock folds) {
      return FoldsBlockCodec.encode(folds);
    }
    return state instanceof MomentsBlock moments
        ? MomentsBlockCodec.encode(moments)
        : StatisticsBlockCodec.encode((StatisticsBlock) state);
  }

  /** Encodes what does not depend on where the samples were read. */
  static byte[] encodeContent(MergeableState state) {
    return state instanceof StatisticsBlock block
        ? StatisticsBlockCodec.encodeContent(block)
        : encode(state);
  }

  /**
   * Decodes canonical bytes.
   *
   * @throws IllegalArgumentException if the bytes are not such an encoding: wrong magic, version or
   *     kind, truncated, trailing bytes, not canonical, or an impossible state
   */
  public static MergeableState decode(byte[] encoded) {
    int kind = BlockHeader.kindOf(encoded);
    if (kind == StateKind.GRAM.code()) {
      return GramBlockCodec.decode(encoded);
    }
    if (kind == StateKind.PAIRS.code()) {
      return PairedBlockCodec.decode(encoded);
    }
    if (kind == StateKind.FOLDS.code()) {
      return FoldsBlockCodec.decode(encoded);
    }
    return kind == StateKind.MOMENTS.code()
        ? MomentsBlockCodec.decode(encoded)
        : StatisticsBlockCodec.decode(encoded);
  }
}
