package dev.tare.engine.pass;

import java.util.Optional;
import org.ejml.data.DGrowArray;
import org.ejml.data.DMatrixRBlock;
import org.ejml.data.DSubmatrixD1;
import org.ejml.dense.block.TriangularSolver_DDRB;
import org.ejml.dense.block.decomposition.chol.CholeskyOuterForm_DDRB;
import pabeles.concurrency.GrowArray;

/**
 * The upper triangular U with {@code U^T U = H^-1} of a symmetric matrix H, which GPTQ needs.
 *
 * <p>With rows and columns in reversed order H is {@code L L^T}, L lower triangular; then the
 * inverse of L, in reversed order again, is U, and no inverse of H has to be factored. EJML
 * computes it in float64 on one thread, block by block in an order that depends on nothing but the
 * size: equal matrices give equal bits on any machine.
 */
final class InverseFactor {

  /** Keeps what is under work near the processor. */
  private static final int BLOCK = 60;

  private final DMatrixRBlock reversed;

  private InverseFactor(DMatrixRBlock reversed) {
    this.reversed = reversed;
  }

  /** Elements of a symmetric matrix. */
  interface Elements {

    /** Of the upper triangle: the column is not before the row. */
    double at(int row, int column);
  }

  /**
   * Computes the factor. Costs two thirds of the cube of the size in products; memory is 8 bytes
   * for each element of the square.
   *
   * @param size number of rows
   * @return empty if the matrix is not positive definite, or has values that are not finite
   */
  static Optional<InverseFactor> of(int size, Elements elements) {
    DMatrixRBlock matrix = new DMatrixRBlock(size, size, BLOCK);
    for (int row = 0; row < size; row++) {
      for (int column = row; column < size; column++) {
        matrix.unsafe_set(size - 1 - row, size - 1 - column, elements.at(row, column));
      }
    }
    if (!new CholeskyOuterForm_DDRB(true).decompose(matrix)) {
      return Optional.empty();
    }
    for (int i = 0; i < size; i++) {
      double pivot = matrix.unsafe_get(i, i);
      if (!(pivot > 0) || Double.isInfinite(pivot)) {
        return Optional.empty();
      }
    }
    TriangularSolver_DDRB.invert(
        BLOCK, false, new DSubmatrixD1(matrix), new GrowArray<>(DGrowArray::new));
    return Optional.of(new InverseFactor(matrix));
  }

  /** An element of the upper triangle. */
  double get(int row, int column) {
    int last = reversed.numRows - 1;
    return reversed.unsafe_get(last - row, last - column);
  }
}
