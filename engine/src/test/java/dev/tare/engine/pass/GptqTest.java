package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.range.Target;
import dev.tare.engine.statistics.GramMatrix;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Scanner;
import org.junit.jupiter.api.Test;

class GptqTest {

  private static final Limits NARROW = new Limits(-127, 127);

  private static GramMatrix gram(int[][] codes, int... exponents) {
    return gram(codes, new long[exponents.length], exponents);
  }

  private static GramMatrix gram(int[][] codes, long[] sums, int... exponents) {
    int n = exponents.length;
    Map<Integer, GramRow> rows = new HashMap<>();
    for (int i = 0; i < n; i++) {
      long[] products = new long[n - i];
      for (int j = i; j < n; j++) {
        for (int[] vector : codes) {
          products[j - i] += (long) vector[i] * vector[j];
        }
      }
      rows.put(i, new GramRow(exponents[i], 0, sums[i], products));
    }
    return GramMatrix.of("x", codes.length, rows);
  }

  private static List<QuantParams> params(float... scales) {
    List<QuantParams> params = new ArrayList<>();
    for (float scale : scales) {
      params.add(new QuantParams(QuantType.INT8, scale, 0));
    }
    return params;
  }

  /** Read from the output of gptq_reference.py. */
  @Test
  void integersAreThoseOfNumpy() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("gptq.txt");
        Scanner words = new Scanner(in, StandardCharsets.UTF_8)) {
      int channels = words.nextInt();
      int columns = words.nextInt();
      int vectors = words.nextInt();
      double damping = Double.parseDouble(words.next());
      int[] exponents = ints(words, channels);
      List<Float> factors = new ArrayList<>();
      for (float factor : floats(words, channels)) {
        factors.add(factor);
      }
      int[][] codes = new int[vectors][];
      for (int v = 0; v < vectors; v++) {
        codes[v] = ints(words, channels);
      }
      Tensor weight =
          Tensor.ofFloats(Shape.of(channels, columns), floats(words, channels * columns));
      List<QuantParams> params = params(floats(words, columns));
      int[] expected = ints(words, channels * columns);

      Gptq gptq = Gptq.of(gram(codes, exponents), factors, damping);
      Granularity byColumn = Granularity.perChannel(1);
      int[] solved = codes(gptq.solve(weight, 0, params, byColumn, NARROW), params, byColumn);
      assertThat(solved).isEqualTo(expected);
      int[] nearest = codes(weight, params, byColumn);
      long changed = 0;
      for (int k = 0; k < nearest.length; k++) {
        changed += nearest[k] == expected[k] ? 0 : 1;
      }
      assertThat(changed).isGreaterThan(nearest.length / 4);

      // The same weight as Gemm stores it.
      Granularity byRow = Granularity.perChannel(0);
      int[] transposed =
          codes(gptq.solve(transposed(weight), 1, params, byRow, NARROW), params, byRow);
      for (int k = 0; k < channels; k++) {
        for (int n = 0; n < columns; n++) {
          assertThat(transposed[n * channels + k]).isEqualTo(expected[k * columns + n]);
        }
      }
    }
  }

  /** Read from the output of gptq_reference.py blocks. */
  @Test
  void scalesOfBlocksAreThoseOfNumpy() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("gptq_blocks.txt");
        Scanner words = new Scanner(in, StandardCharsets.UTF_8)) {
      int channels = words.nextInt();
      int columns = words.nextInt();
      int vectors = words.nextInt();
      double damping = Double.parseDouble(words.next());
      int block = words.nextInt();
      int[] exponents = ints(words, channels);
      List<Float> factors = new ArrayList<>();
      for (float factor : floats(words, channels)) {
        factors.add(factor);
      }
      int[][] codes = new int[vectors][];
      for (int v = 0; v < vectors; v++) {
        codes[v] = ints(words, channels);
      }
      Tensor weight =
          Tensor.ofFloats(Shape.of(channels, columns), floats(words, channels * columns));
      int scales = (channels + block - 1) / block * columns;
      float[] steps = floats(words, scales);
      int[] zeroPoints = ints(words, scales);
      int[] expected = ints(words, channels * columns);
      List<QuantParams> params = new ArrayList<>();
      for (int p = 0; p < scales; p++) {
        params.add(new QuantParams(QuantType.UINT4, steps[p], zeroPoints[p]));
      }

      Target target = new Target(QuantType.UINT4, false, false, false);
      Gptq gptq = Gptq.of(gram(codes, exponents), factors, List.of(), damping, false, block);
      List<QuantParams> found = gptq.blockScales(weight, 0, target);
      assertThat(found).isEqualTo(params);
      Granularity byBlock = Granularity.perBlock(0, block);
      Tensor solved = gptq.solve(weight, 0, found, byBlock, target.limits());
      float[] values = solved.toFloatArray();
      for (int k = 0; k < channels; k++) {
        for (int n = 0; n < columns; n++) {
          QuantParams own = params.get(k / block * columns + n);
          assertThat(values[k * columns + n])
              .isEqualTo((expected[k * columns + n] - own.zeroPoint()) * own.scale());
        }
      }
      assertThat(gptq.blockScales(transposed(weight), 1, target))
          .containsExactlyInAnyOrderElementsOf(params);
      Tensor convolution =
          Tensor.ofFloats(Shape.of(columns, channels, 1, 1), transposed(weight).toFloatArray());
      List<QuantParams> byOutput = gptq.blockScales(convolution, 1, target);
      assertThat(byOutput).isEqualTo(gptq.blockScales(transposed(weight), 1, target));
      assertThat(
              gptq.solve(convolution, 1, byOutput, Granularity.perBlock(1, block), target.limits())
                  .toFloatArray())
          .isEqualTo(transposed(solved).toFloatArray());
    }
  }

  private static int[][] together(Random random, int vectors, int channels) {
    int[][] codes = new int[vectors][channels];
    for (int[] vector : codes) {
      double common = 40 * random.nextGaussian();
      for (int c = 0; c < channels; c++) {
        vector[c] = (int) Math.rint(common + 20 * random.nextGaussian());
      }
    }
    return codes;
  }

  private static Tensor gaussian(Random random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(Shape.of(rows, columns), values);
  }

  /** A table of even steps: the same arithmetic as with integers, and so the same values. */
  @Test
  void tableOfEvenStepsGivesTheValuesOfIntegers() {
    Random random = new Random(5);
    Gptq gptq = Gptq.of(gram(together(random, 90, 12), new int[12]), List.of(), .01);
    Tensor weight = gaussian(random, 12, 7);
    float[] eighths = new float[16];
    for (int code = 0; code < eighths.length; code++) {
      eighths[code] = (code - 8) / 8f;
    }
    List<QuantParams> integers = new ArrayList<>();
    List<QuantParams> tables = new ArrayList<>();
    for (int n = 0; n < 7; n++) {
      float scale = .3f + n * .01f;
      integers.add(new QuantParams(QuantType.INT4, scale, 0));
      tables.add(new QuantParams(QuantType.CODEBOOK4, 8 * scale, 0).with(new Codebook(eighths)));
    }
    Granularity byColumn = Granularity.perChannel(1);
    assertThat(gptq.solve(weight, 0, tables, byColumn, Limits.of(QuantType.CODEBOOK4)))
        .isEqualTo(gptq.solve(weight, 0, integers, byColumn, Limits.of(QuantType.INT4)));
  }

  @Test
  void productsWithTablesLoseLessThanByRoundingToNearest() {
    Random random = new Random(6);
    int[][] inputs = together(random, 200, 32);
    Tensor weight = gaussian(random, 32, 9);
    Target target = new Target(QuantType.NF4, true, false, false);
    Gptq gptq = Gptq.of(gram(inputs, new int[32]), List.of(), List.of(), .01, false, 16);
    Granularity blocks = Granularity.perBlock(0, 16);
    List<QuantParams> found = gptq.blockScales(weight, 0, target);
    Tensor solved = gptq.solve(weight, 0, found, blocks, target.limits());
    assertThat(Quantizer.fakeQuantize(weight, found, blocks, target.limits(), Rounding.DIVISION))
        .isNotEqualTo(solved);
    assertThat(Quantizer.fakeQuantize(solved, found, blocks, target.limits(), Rounding.DIVISION))
        .as("the codes of these values are these values")
        .isEqualTo(solved);
    List<QuantParams> largest = new ArrayList<>();
    float[] values = weight.toFloatArray();
    for (int p = 0; p < 18; p++) {
      float most = 0;
      for (int k = 0; k < 16; k++) {
        most = Math.max(most, Math.abs(values[(p / 9 * 16 + k) * 9 + p % 9]));
      }
      largest.add(new QuantParams(QuantType.NF4, most, 0));
    }
    double nearest =
        loss(
            inputs,
            values,
            Quantizer.fakeQuantize(weight, largest, blocks, target.limits(), Rounding.DIVISION)
                .toFloatArray());
    assertThat(loss(inputs, values, solved.toFloatArray())).isLessThan(nearest / 2);
  }

  /** Sum of squared errors of products. */
  private static double loss(int[][] inputs, float[] weight, float[] other) {
    int columns = weight.length / inputs[0].length;
    double sum = 0;
    for (int[] vector : inputs) {
      for (int n = 0; n < columns; n++) {
        double error = 0;
        for (int k = 0; k < vector.length; k++) {
          error += vector[k] * ((double) weight[k * columns + n] - other[k * columns + n]);
        }
        sum += error * error;
      }
    }
    return sum;
  }

  /** The second channel hardly counts: its value may be clipped, so that the first is exact. */
  @Test
  void rangeOfABlockFollowsWhatCounts() {
    Gptq gptq =
        Gptq.of(gram(new int[][] {{100, 0}, {0, 1}}, 0, 0), List.of(), List.of(), 1e-6, false, 2);
    Target target = new Target(QuantType.UINT4, false, false, false);
    Tensor weight = Tensor.ofFloats(Shape.of(2, 2), new float[] {4.5f, 5, 15, 15});
    assertThat(gptq.blockScales(weight, 0, target))
        .extracting(QuantParams::scale)
        .containsExactly(.9f, 1f);
  }

  private static int[] codes(Tensor values, List<QuantParams> params, Granularity granularity) {
    Tensor codes = Quantizer.quantize(values, params, granularity, NARROW, Rounding.DIVISION);
    int[] ints = new int[Math.toIntExact(codes.shape().size())];
    for (int k = 0; k < ints.length; k++) {
      ints[k] = codes.bytes().get(k);
    }
    return ints;
  }

  private static Tensor transposed(Tensor matrix) {
    int rows = (int) matrix.shape().dim(0);
    int columns = (int) matrix.shape().dim(1);
    float[] from = matrix.toFloatArray();
    float[] to = new float[from.length];
    for (int k = 0; k < from.length; k++) {
      to[k % columns * rows + k / columns] = from[k];
    }
    return Tensor.ofFloats(Shape.of(columns, rows), to);
  }

  private static int[] ints(Scanner words, int count) {
    int[] ints = new int[count];
    Arrays.setAll(ints, k -> words.nextInt());
    return ints;
  }

  private static float[] floats(Scanner words, int count) {
    float[] floats = new float[count];
    for (int k = 0; k < count; k++) {
      floats[k] = Float.parseFloat(words.next());
    }
    return floats;
  }

  @Test
  void errorOfOneChannelIsMadeUpForByTheNext() {
    // Both channels always have the same value, so only the sum of both weights counts.
    Gptq gptq = Gptq.of(gram(new int[][] {{3, 3}, {-5, -5}}, 0, 0), List.of(), 1e-6);
    Tensor weight = Tensor.ofFloats(Shape.of(2, 1), new float[] {0.4f, 0.4f});
    Tensor solved = gptq.solve(weight, 0, params(1f), Granularity.perTensor(), NARROW);
    assertThat(solved.toFloatArray()).containsExactly(0f, 1f);
  }

  @Test
  void weightOfAConvolutionIsAMatrixOverItsPatches() {
    Gptq gptq =
        Gptq.of(gram(new int[][] {{3, 3, 1, 0}, {-5, -5, 0, 2}}, 0, 0, 0, 0), List.of(), 1e-6);
    float[] weights = {0.4f, 0.4f, 1.7f, -2.2f, 3.4f, 0.4f, 0.6f, 9};
    List<QuantParams> params = params(1f, .5f);
    Granularity byRow = Granularity.perChannel(0);
    Tensor matrix = gptq.solve(Tensor.ofFloats(Shape.of(2, 4), weights), 1, params, byRow, NARROW);
    Tensor kernel =
        gptq.solve(Tensor.ofFloats(Shape.of(2, 2, 1, 2), weights), 1, params, byRow, NARROW);
    assertThat(kernel.shape()).isEqualTo(Shape.of(2, 2, 1, 2));
    assertThat(kernel.toFloatArray()).containsExactly(matrix.toFloatArray());
    assertThat(kernel.toFloatArray()).startsWith(0f, 1f);
  }

  /** Offsets 6 and -3 behind factors 2 and 1 give the matrix of the values that they make. */
  @Test
  void matrixOfShiftedValuesFollowsFromThatOfTheValues() {
    int[][] codes = {{3, 1}, {5, -1}, {-2, 4}, {1, 1}};
    int[][] shifted = {{12, -2}, {16, -4}, {2, 1}, {8, -2}};
    Tensor weight =
        Tensor.ofFloats(Shape.of(4, 2), new float[] {.4f, .3f, -.4f, .6f, 9, 2.5f, .45f, -.45f});
    Granularity byRow = Granularity.perChannel(0);
    for (boolean centred : new boolean[] {false, true}) {
      Gptq own =
          Gptq.of(
              gram(codes, new long[] {7, 5}, 0, 0),
              List.of(2f, 1f),
              List.of(6f, -3f),
              .01,
              centred,
              1);
      Gptq same =
          Gptq.of(gram(shifted, new long[] {38, -7}, 0, 0), List.of(), List.of(), .01, centred, 1);
      Tensor solved = own.solve(weight, 1, params(1f, 1f, 1f, 1f), byRow, NARROW);
      assertThat(solved.toFloatArray())
          .containsExactly(
              same.solve(weight, 1, params(1f, 1f, 1f, 1f), byRow, NARROW).toFloatArray());
      assertThat(own.meanShift(weight, solved))
          .containsExactly(same.meanShift(weight, solved), within(1e-9));
    }
  }

  /** The first channel is always 5, so its roundings only move the mean, by .4 times 5. */
  @Test
  void whatABiasTakesUpNeedNotBeMadeUpFor() {
    GramMatrix gram = gram(new int[][] {{5, 1}, {5, -1}}, new long[] {10, 0}, 0, 0);
    Tensor weight = Tensor.ofFloats(Shape.of(2, 2, 1), new float[] {.4f, .4f, -.4f, .6f});
    Granularity byRow = Granularity.perChannel(0);
    Gptq centred = Gptq.of(gram, List.of(1f, 2f), List.of(), 1e-6, true, 1);
    Tensor solved = centred.solve(weight, 1, params(1f, 1f), byRow, NARROW);
    assertThat(solved.toFloatArray()).containsExactly(0, 0, 0, 1);
    double[] shift = centred.meanShift(weight, solved);
    assertThat(shift[0]).isCloseTo(2, within(1e-6));
    assertThat(shift[1]).isCloseTo(-2, within(1e-6));
  }

  @Test
  void weightsOfAnInputThatIsAlwaysZeroAreRoundedToNearest() {
    Gptq gptq = Gptq.of(gram(new int[][] {{0, 0}}, 0, 0), List.of(), 0.01);
    Tensor weight = Tensor.ofFloats(Shape.of(2, 1), new float[] {0.4f, 300f});
    Tensor solved = gptq.solve(weight, 0, params(1f), Granularity.perTensor(), NARROW);
    assertThat(solved.toFloatArray()).containsExactly(0f, 127f);
  }

  @Test
  void scalesOfBlocksAreThoseOfTheirRows() {
    Gptq gptq = Gptq.of(gram(new int[][] {{0, 0, 0}}, 0, 0, 0), List.of(), 0.01);
    Tensor weight = Tensor.ofFloats(Shape.of(3, 2), new float[] {3, 3, 3, 3, 3, 3});
    Granularity blocks = Granularity.perBlock(0, 2);
    Tensor solved = gptq.solve(weight, 0, params(1f, 2f, 4f, 5f), blocks, NARROW);
    assertThat(solved.toFloatArray()).containsExactly(3, 4, 3, 4, 4, 5);
  }

  @Test
  void sizesThatDifferAreRefused() {
    GramMatrix gram = gram(new int[][] {{1, 2}}, 0, 0);
    assertThatThrownBy(() -> Gptq.of(gram, List.of(1f), 0.01))
        .hasMessage("Gram matrix of tensor 'x': 2 channels, but 1 factors");
    Tensor weight = Tensor.ofFloats(Shape.of(3, 1), new float[3]);
    assertThatThrownBy(
            () ->
                Gptq.of(gram, List.of(), 0.01)
                    .solve(weight, 0, params(1f), Granularity.perTensor(), NARROW))
        .hasMessage("2 channels, but a weight of shape [3, 1]");
    assertThatThrownBy(() -> Gptq.of(gram(new int[][] {{9, 9}}, 0, 0), List.of(), 0))
        .hasMessageContaining("cannot be inverted with damping 0.0");
  }
}
