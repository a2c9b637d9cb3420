package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InverseFactorTest {

  /** By hand: H = [[5, 2], [2, 1]] has the inverse [[1, -2], [-2, 5]]. */
  @Test
  void twoRowsAreThoseOfTheHandComputedCase() {
    InverseFactor factor =
        InverseFactor.of(2, (row, column) -> row == 1 ? 1 : column == 1 ? 2 : 5).orElseThrow();

    assertThat(factor.get(0, 0)).isEqualTo(1);
    assertThat(factor.get(0, 1)).isEqualTo(-2);
    assertThat(factor.get(1, 1)).isEqualTo(1);
  }

  /** Sizes beside those of blocks. */
  @ParameterizedTest
  @ValueSource(ints = {1, 59, 60, 61, 150})
  void itsSquareTimesTheMatrixIsOne(int size) {
    double[][] matrix = positive(size);
    InverseFactor factor =
        InverseFactor.of(size, (row, column) -> matrix[row][column]).orElseThrow();

    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        double sum = 0;
        for (int k = 0; k < size; k++) {
          for (int m = 0; m <= Math.min(i, k); m++) {
            sum += factor.get(m, i) * factor.get(m, k) * matrix[k][j];
          }
        }
        assertThat(sum).isCloseTo(i == j ? 1 : 0, within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 0, Double.NaN, Double.POSITIVE_INFINITY})
  void aMatrixThatIsNotPositiveDefiniteHasNone(double last) {
    double[][] matrix = positive(70);
    for (int i = 0; i < 70; i++) {
      assertThat(InverseFactor.of(70, changed(matrix, i, last))).isEmpty();
    }
  }

  private static InverseFactor.Elements changed(double[][] matrix, int at, double value) {
    return (row, column) -> row == at && column == at ? value : matrix[row][column];
  }

  private static double[][] positive(int size) {
    Random random = new Random(size);
    double[][] rows = new double[size][size + 3];
    for (double[] row : rows) {
      for (int k = 0; k < row.length; k++) {
        row[k] = random.nextGaussian();
      }
    }
    double[][] matrix = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        matrix[i][j] = i == j ? 1 : 0;
        for (int k = 0; k < size + 3; k++) {
          matrix[i][j] += rows[i][k] * rows[j][k];
        }
      }
    }
    return matrix;
  }
}
