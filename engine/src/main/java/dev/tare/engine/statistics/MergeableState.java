package dev.tare.engine.statistics;

/**
 * What calibration collects of one block of a tensor, and adds up over tasks, runs and days.
 *
 * <p>Laws, for states of one kind and key: {@link #merge} is associative and commutative, byte for
 * byte of {@link StateCodec#encode}, and the merge of the parts of any split of samples is the
 * state of the whole.
 */
public sealed interface MergeableState permits StatisticsBlock, MomentsBlock {

  StateKind kind();

  /** Where it belongs: states of one kind and key add up. */
  BlockKey key();

  /**
   * The state of both multisets of samples together.
   *
   * @throws IllegalArgumentException if kinds, keys or what is kept differ
   * @throws ArithmeticException if a count overflows a long
   */
  MergeableState merge(MergeableState other);
}
