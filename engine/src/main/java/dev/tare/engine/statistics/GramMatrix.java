package dev.tare.engine.statistics;

import java.util.Map;

/**
 * The Gram matrix of a tensor's channels, of all its rows, or only its diagonal. Immutable.
 *
 * <p>It is that of the values, not of the codes, up to the rounding of codes: the products of codes
 * times the scales of both channels.
 */
public final class GramMatrix {

  private final String tensor;
  private final long count;
  private final GramRow[] rows;

  private GramMatrix(String tensor, long count, GramRow[] rows) {
    this.tensor = tensor;
    this.count = count;
    this.rows = rows;
  }

  /** Whether products of different channels are missing. */
  public boolean diagonal() {
    return rows.length > 1 && rows[0].size() == 1;
  }

  /**
   * Assembles a matrix.
   *
   * @param count vectors whose products were summed
   * @param rows by channel; all of them up to the last channel, or each with its own alone
   * @throws IllegalArgumentException if a channel is missing, or a row is of another size than its
   *     channel requires
   */
  public static GramMatrix of(String tensor, long count, Map<Integer, GramRow> rows) {
    GramRow[] all = new GramRow[rows.size()];
    boolean alone = rows.containsKey(0) && rows.get(0).size() == 1;
    for (int i = 0; i < all.length; i++) {
      GramRow row = rows.get(i);
      if (row == null || row.size() != (alone ? 1 : all.length - i)) {
        throw new IllegalArgumentException(
            "Invalid Gram matrix of tensor '%s': row %d of %d is missing or of another size"
                .formatted(tensor, i, all.length));
      }
      all[i] = row;
    }
    return new GramMatrix(tensor, count, all);
  }

  /** The tensor whose channels were multiplied. */
  public String tensor() {
    return tensor;
  }

  /** Number of channels. */
  public int channels() {
    return rows.length;
  }

  /** Number of vectors whose products were summed. */
  public long count() {
    return count;
  }

  /** The mean of a channel's values; 0 without any. */
  public double mean(int i) {
    return count == 0 ? 0 : Math.scalb((double) rows[i].sum() / count, rows[i].exponent());
  }

  /**
   * How far the mean products moved from a baseline: the Frobenius norm of their difference, over
   * that of the baseline; only of the diagonals, if one of both is no more. At least 0; 0 for equal
   * ones, and infinite where only the baseline's are 0. Sums are float64 in a fixed order.
   *
   * @throws IllegalArgumentException if they have different numbers of channels
   */
  public double change(GramMatrix baseline) {
    if (baseline.channels() != channels()) {
      throw new IllegalArgumentException(
          "Cannot compare Gram matrices of tensor '%s': %d channels vs %d"
              .formatted(tensor, baseline.channels(), channels()));
    }
    boolean alone = diagonal() || baseline.diagonal();
    double moved = 0;
    double size = 0;
    for (int i = 0; i < channels(); i++) {
      for (int j = i; j < (alone ? i + 1 : channels()); j++) {
        int times = i == j ? 1 : 2;
        double then = baseline.meanProduct(i, j);
        double step = meanProduct(i, j) - then;
        moved += times * step * step;
        size += times * then * then;
      }
    }
    return moved == 0 ? 0 : Math.sqrt(moved / size);
  }

  private double meanProduct(int i, int j) {
    return count == 0 ? 0 : product(i, j) / count;
  }

  /**
   * The sum of products of two channels' values, rounded to float64.
   *
   * @param i the earlier channel, or the same
   * @throws IllegalStateException if this is a {@link #diagonal} and they differ
   */
  public double product(int i, int j) {
    if (i != j && diagonal()) {
      throw new IllegalStateException(
          "Of the Gram matrix of tensor '%s' there is only the diagonal".formatted(tensor));
    }
    return Math.scalb((double) rows[i].product(j - i), rows[i].exponent() + rows[j].exponent());
  }
}
