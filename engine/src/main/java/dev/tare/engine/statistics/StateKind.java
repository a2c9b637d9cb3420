package dev.tare.engine.statistics;

import java.util.Arrays;
import java.util.Optional;

/** What a state consists of; its code is a byte of the encoding and never changes. */
public enum StateKind {
  /** Counts, exact extremes and histograms: {@link StatisticsBlock}. */
  HISTOGRAM(1),
  /** Exact sums of values and of their squares: {@link MomentsBlock}. */
  MOMENTS(2),
  /** Sums of products of codes, for each pair of channels: {@link GramBlock}. */
  GRAM(3),
  /** Sums over pairs of what a float and a quantized model compute: {@link PairedBlock}. */
  PAIRS(4),
  /** Statistics of eighths of the samples: {@link FoldsBlock}. */
  FOLDS(5);

  private final int code;

  StateKind(int code) {
    this.code = code;
  }

  /** The byte that identifies the kind, from 1 on. */
  public int code() {
    return code;
  }

  /** Returns the kind with a code; empty if the code is unknown. */
  public static Optional<StateKind> of(int code) {
    return Arrays.stream(values()).filter(kind -> kind.code == code).findFirst();
  }
}
