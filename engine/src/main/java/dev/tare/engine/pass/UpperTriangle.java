package dev.tare.engine.pass;

import java.util.Optional;

/**
 * A symmetric matrix by its upper triangle, and the factor of its inverse that GPTQ needs.
 *
 * <p>Everything is computed in float64, in an order that depends on nothing but the size: equal
 * matrices give equal bits on any machine. Blocks only keep numbers near the processor.
 */
final class UpperTriangle {

  private static final int BLOCK = 64;

  /** Row i has the columns from i on. */
  private final double[][] rows;

  /** A matrix of zeros; memory is 4 bytes for each element of the square. */
  UpperTriangle(int size) {
    rows = new double[size][];
    for (int i = 0; i < size; i++) {
      rows[i] = new double[size - i];
    }
  }

  int size() {
    return rows.length;
  }

  double get(int row, int column) {
    return rows[row][column - row];
  }

  void set(int row, int column, double value) {
    rows[row][column - row] = value;
  }

  /**
   * Replaces a matrix H by the upper triangular U with {@code U^T U = H^-1}: as H = R R^T with R
   * upper triangular, U is the inverse of R. Costs a third of the cube of the size in products.
   *
   * @return empty, and a matrix without use, if H is not positive definite
   */
  Optional<UpperTriangle> inverseFactor() {
    int n = rows.length;
    for (int end = n; end > 0; end -= BLOCK) {
      int start = Math.max(0, end - BLOCK);
      if (!panel(start, end)) {
        return Optional.empty();
      }
      subtract(start, end);
    }
    invert();
    return Optional.of(this);
  }

  /** Computes the columns of R from one to another, the last first. */
  private boolean panel(int start, int end) {
    for (int j = end - 1; j >= start; j--) {
      double square = get(j, j);
      if (!(square > 0) || Double.isInfinite(square)) {
        return false;
      }
      double pivot = Math.sqrt(square);
      set(j, j, pivot);
      for (int i = 0; i < j; i++) {
        set(i, j, get(i, j) / pivot);
      }
      for (int c = start; c < j; c++) {
        double factor = get(c, j);
        for (int i = 0; i <= c; i++) {
          rows[i][c - i] -= rows[i][j - i] * factor;
        }
      }
    }
    return true;
  }

  /** Subtracts the products of these columns from what is left of the matrix. */
  private void subtract(int start, int end) {
    double[][] columns = new double[end - start][start];
    for (int i = 0; i < start; i++) {
      for (int j = start; j < end; j++) {
        columns[j - start][i] = get(i, j);
      }
    }
    for (int i = 0; i < start; i++) {
      for (int j = end - 1; j >= start; j--) {
        subtract(rows[i], columns[j - start], i, start, columns[j - start][i]);
      }
    }
  }

  private static void subtract(double[] row, double[] column, int i, int end, double factor) {
    for (int c = i; c < end; c++) {
      row[c - i] -= column[c] * factor;
    }
  }

  /** Inverts R, row by row, the last first. */
  private void invert() {
    int n = rows.length;
    for (int i = n - 1; i >= 0; i--) {
      double[] own = rows[i];
      double[] sums = new double[n - i];
      for (int k = i + 1; k < n; k++) {
        add(sums, rows[k], k - i, own[k - i]);
      }
      for (int c = 1; c < sums.length; c++) {
        sums[c] = -sums[c] / own[0];
      }
      sums[0] = 1 / own[0];
      rows[i] = sums;
    }
  }

  private static void add(double[] sums, double[] row, int at, double factor) {
    for (int c = 0; c < row.length; c++) {
      sums[at + c] += row[c] * factor;
    }
  }
}
