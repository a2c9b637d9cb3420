package dev.tare.engine.statistics;

/**
 * What calibration collects for one block of a tensor, merged over tasks, runs and days.
 *
 * <p>Laws, for states of one kind and key: {@link #merge} is associative and commutative, byte for
 * byte of {@link StateCodec#encode}, and the merge of the parts of any split of samples is the
 * state of the whole.
 */
public sealed interface MergeableState
    permits StatisticsBlock, MomentsBlock, GramBlock, PairedBlock, FoldsBlock {

  StateKind kind();

  /** Identifies the block: states of equal kind and key can be merged. */
  BlockKey key();

  /**
   * Returns the state of both multisets of samples together.
   *
   * @throws IllegalArgumentException if kinds, keys or what is kept differ
   * @throws ArithmeticException if a count overflows a long
   */
  MergeableState merge(MergeableState other);
}
