package dev.tare.engine.statistics;

import dev.tare.engine.tensor.SampleOrigin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The statistics of {@value #FOLDS} disjoint parts of the samples, the folds, for a whole tensor or
 * up to 64 of its channels: cut like a {@link StatisticsBlock}. They show how much a scale depends
 * on which samples were seen.
 *
 * <p>The fold of a sample is a function of its content, so folds of partitions, tasks and runs add
 * up one by one. All folds together count every value once.
 *
 * @param folds one block for each fold, of equal key, channels and mantissa bits; one that no
 *     sample is in has rows of no values
 */
public record FoldsBlock(List<StatisticsBlock> folds) implements MergeableState {

  /** The number of folds; part of the encoding, so it never changes. */
  public static final int FOLDS = 8;

  /**
   * @throws IllegalArgumentException if there are not so many folds, they differ in more than their
   *     values, or one names a sample
   */
  public FoldsBlock {
    folds = List.copyOf(folds);
    if (folds.size() != FOLDS) {
      throw new IllegalArgumentException(
          "Invalid folds: %d instead of %d".formatted(folds.size(), FOLDS));
    }
    StatisticsBlock first = folds.get(0);
    for (StatisticsBlock fold : folds) {
      boolean alike =
          fold.key().equals(first.key())
              && fold.channels() == first.channels()
              && fold.mantissaBits() == first.mantissaBits();
      if (!alike || fold.knowsSamples()) {
        throw new IllegalArgumentException(
            "Invalid folds of %s: %s"
                .formatted(
                    first.key(), alike ? "one names a sample" : "they are of different blocks"));
      }
    }
  }

  /**
   * The fold of a sample: the last three bits of the hash of its content. Its first bits are no
   * use: where only some samples are wanted, those with the smallest hashes are taken.
   */
  public static int foldOf(SampleOrigin sample) {
    String sha256 = sample.sha256();
    return Character.digit(sha256.charAt(sha256.length() - 1), 16) % FOLDS;
  }

  /** The block of a fold that no sample is in. */
  public static StatisticsBlock empty(BlockKey key, int channels, int rows, int mantissaBits) {
    Statistics none =
        mantissaBits == 0 ? Statistics.emptyExtremes() : Statistics.empty(mantissaBits);
    return new StatisticsBlock(key, channels, Collections.nCopies(rows, none));
  }

  @Override
  public StateKind kind() {
    return StateKind.FOLDS;
  }

  @Override
  public BlockKey key() {
    return folds.get(0).key();
  }

  @Override
  public FoldsBlock merge(MergeableState other) {
    if (!(other instanceof FoldsBlock that)) {
      throw new IllegalArgumentException(
          "Cannot merge folds of %s with a state of another kind".formatted(key()));
    }
    List<StatisticsBlock> merged = new ArrayList<>(FOLDS);
    for (int fold = 0; fold < FOLDS; fold++) {
      merged.add(folds.get(fold).merge(that.folds.get(fold)));
    }
    return new FoldsBlock(merged);
  }
}
