package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightedScalesTest {

  /** Integers -7 to 7. */
  private static final Target TARGET = new Target(QuantType.INT4, true, true, false);

  /** Only 26 / 40 of the extreme 7 makes 3.25 exact, in five steps; 7 is exact with all of it. */
  private static final float[] WEIGHT = {7, 3.25f};

  /** Vectors of unit codes; sums and squares by channel. */
  private static GramMatrix diagonal(long count, long[] sums, long... squares) {
    Map<Integer, GramRow> rows = new HashMap<>();
    for (int k = 0; k < squares.length; k++) {
      rows.put(k, new GramRow(0, 0, sums[k], new long[] {squares[k]}));
    }
    return GramMatrix.of("x", count, rows);
  }

  private static GramMatrix diagonal(long... squares) {
    return diagonal(9, new long[squares.length], squares);
  }

  private static float scale(GramMatrix gram, List<Float> factors, List<Float> offsets) {
    Tensor column = Tensor.ofFloats(Shape.of(2, 1), WEIGHT);
    return WeightedScales.of(gram, factors, offsets)
        .find(column, 0, TARGET, Granularity.perChannel(1))
        .get(0)
        .scale();
  }

  @Test
  void weightOfTheLargerInputDecides() {
    assertThat(scale(diagonal(100, 1), List.of(), List.of())).isEqualTo(1f);
    // 7 becomes 4.55 then, which loses 6; the next best, 43 / 40, would lose 12.8.
    assertThat(scale(diagonal(1, 20_000), List.of(), List.of())).isCloseTo(.65f, within(1e-6f));
    assertThat(scale(diagonal(0, 0), List.of(), List.of())).isEqualTo(1f);
  }

  @Test
  void factorsAndOffsetsChangeWhatIsMultiplied() {
    GramMatrix even = diagonal(9, new long[] {0, 9}, 9, 9);
    assertThat(scale(even, List.of(10f, 1f), List.of())).isEqualTo(1f);
    assertThat(scale(even, List.of(1f, 150f), List.of())).isCloseTo(.65f, within(1e-6f));
    // Of nine ones, less one each, nothing is left.
    assertThat(scale(diagonal(9, new long[] {9, 9}, 9, 9), List.of(), List.of(-1f, 30f)))
        .isCloseTo(.65f, within(1e-6f));
    assertThat(scale(diagonal(9, new long[] {0, 9}, 9, 9), List.of(), List.of(30f, -1f)))
        .isEqualTo(1f);
    assertThatThrownBy(() -> scale(even, List.of(1f), List.of()))
        .hasMessage("Gram matrix of tensor 'x': 2 channels, but 1 factors");
  }

  @Test
  void everyScaleIsFoundByItself() {
    WeightedScales scales = WeightedScales.of(diagonal(1, 20_000, 20_000, 1), List.of(), List.of());
    float[] values = {7, 3.25f, 7, 3.25f, 0, 0, 7, 7};
    Tensor rows = Tensor.ofFloats(Shape.of(2, 4), values);
    // As Gemm stores it: blocks (7, 3.25) counted (1, 20000) and (20000, 1).
    List<QuantParams> blocks = scales.find(rows, 1, TARGET, Granularity.perBlock(1, 2));
    assertThat(blocks).hasSize(4);
    assertThat(blocks.get(0).scale()).isCloseTo(.65f, within(1e-6f));
    assertThat(blocks.get(1).scale()).isEqualTo(1f);
    assertThat(blocks.get(3).scale()).isEqualTo(1f);
    // A convolution's weight: four taps of one channel.
    Tensor kernel = Tensor.ofFloats(Shape.of(2, 1, 2, 2), values);
    assertThat(scales.find(kernel, 1, TARGET, Granularity.perChannel(0)))
        .isEqualTo(scales.find(rows, 1, TARGET, Granularity.perChannel(0)));
    assertThatThrownBy(() -> scales.find(rows, 0, TARGET, Granularity.perTensor()))
        .hasMessage("4 channels, but a weight of shape [2, 4]");
  }

  @Test
  void roundingByGptqNeedsMoreThanTheDiagonal() {
    assertThatThrownBy(() -> Gptq.of(diagonal(1, 1), List.of(), .01))
        .hasMessage("Of the Gram matrix of tensor 'x' there is only the diagonal");
  }
}
