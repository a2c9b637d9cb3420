package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.statistics.Moments;
import dev.tare.engine.statistics.MomentsBlock;
import dev.tare.engine.tensor.Shape;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MomentsObserverTest {

  private static final BigDecimal PER_UNIT = new BigDecimal(BigInteger.ONE.shiftLeft(149));

  /** The definition, value by value. */
  private static Moments naive(List<Float> values) {
    long others = values.stream().filter(v -> !Float.isFinite(v)).count();
    BigInteger sum = BigInteger.ZERO;
    BigInteger squares = BigInteger.ZERO;
    for (float value : values) {
      if (Float.isFinite(value)) {
        BigInteger units = new BigDecimal(value).multiply(PER_UNIT).toBigIntegerExact();
        sum = sum.add(units);
        squares = squares.add(units.multiply(units));
      }
    }
    return new Moments(values.size() - others, others, sum, squares);
  }

  private static List<MomentsBlock> observed(
      ObserverOptions options, List<Shape> shapes, List<float[]> batches) {
    MomentsObserver observer = new MomentsObserver("x", options, Observer.room());
    for (int i = 0; i < batches.size(); i++) {
      observer.observe(Floats.direct(batches.get(i)), shapes.get(i), List.of());
    }
    List<MomentsBlock> blocks = new ArrayList<>();
    observer.blocks().forEachRemaining(blocks::add);
    return blocks;
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  @ParameterizedTest
  @CsvSource({"-1, 3 5 16", "1, 2 70 9", "0, 130 3", "1, 4 1 8", "-2, 2 3 8000", "-1, 20000 3"})
  void sumsAreThoseOfTheDefinition(int axis, String dims) {
    Shape shape =
        new Shape(Arrays.stream(dims.split(" ")).mapToLong(Long::parseLong).boxed().toList());
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.EXTREMES, axis);
    List<float[]> batches = new ArrayList<>();
    for (int seed = 0; seed < 3; seed++) {
      batches.add(Floats.values(seed, (int) shape.size(), 0.2));
    }
    List<MomentsBlock> blocks = observed(options, List.of(shape, shape, shape), batches);
    int own = shape.normalizeAxis(axis);
    List<List<Float>> byChannel = new ArrayList<>();
    for (int c = 0; c < shape.dim(own); c++) {
      byChannel.add(new ArrayList<>());
    }
    List<Float> all = new ArrayList<>();
    for (float[] batch : batches) {
      for (int i = 0; i < batch.length; i++) {
        byChannel.get((int) (i / shape.stride(own) % shape.dim(own))).add(batch[i]);
        all.add(batch[i]);
      }
    }
    assertThat(blocks.get(0).rows()).containsExactly(naive(all));
    assertThat(blocks.stream().skip(1).flatMap(block -> block.rows().stream()))
        .containsExactlyElementsOf(byChannel.stream().map(MomentsObserverTest::naive).toList());
    assertThat(blocks.get(1).channels()).isEqualTo((int) shape.dim(own));
  }

  @Test
  void largestAndSmallestFloatsAreNotRounded() {
    float[] values = new float[1000];
    Arrays.fill(values, Float.MAX_VALUE);
    Arrays.fill(values, 0, 400, -Float.MAX_VALUE);
    values[999] = Float.MIN_VALUE;
    values[998] = -0.0f;
    List<MomentsBlock> blocks =
        observed(ObserverOptions.ofWhole(), List.of(Shape.of(1000)), List.of(values));
    assertThat(blocks).hasSize(1);
    Moments moments = blocks.get(0).rows().get(0);
    assertThat(moments).isEqualTo(naive(list(values)));
    assertThat(moments.sum().testBit(0)).isTrue();
    assertThat(moments.mean()).isEqualTo(198 * (double) Float.MAX_VALUE / 1000);
  }

  /** Values near the largest go another way than the rest: both, in any order, at any stride. */
  @ParameterizedTest
  @CsvSource({"1, 40000, 1", "2, 5000, 6", "3, 300, 16", "4, 3, 5", "5, 1, 1"})
  void valuesOfAllSizesAreSummedExactly(int seed, int count, int stride) {
    Random random = new Random(seed);
    for (int spread : new int[] {1, 11, 12, 13, 14, 40, 254}) {
      int[] bits = new int[count * stride];
      List<Float> values = new ArrayList<>();
      int least = random.nextInt(257 - spread);
      for (int i = 0; i < bits.length; i++) {
        int exponent = least + random.nextInt(spread);
        bits[i] = random.nextInt(10) == 0 ? 0 : (exponent << 23) | (random.nextInt() & 0x807fffff);
      }
      for (int i = 0; i < bits.length; i += stride) {
        values.add(Float.intBitsToFloat(bits[i]));
      }
      ExactSums sums = new ExactSums(1);
      sums.expect(count);
      sums.add(0, bits, 0, count, stride);
      assertThat(sums.moments(0)).isEqualTo(naive(values));
    }
  }

  /** Carries move up once 2^28 values were announced: here as if they had been. */
  @Test
  void carriesChangeNothing() {
    ExactSums often = new ExactSums(2);
    ExactSums never = new ExactSums(2);
    int[] bits = new int[3000];
    float[] values = Floats.values(9, 3000, 0.1);
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    long announced = 0;
    for (int from = 0; from < 3000; from += 100) {
      often.expect(1L << 29);
      never.expect(from == 0 ? 30L << 24 : 0);
      announced += 1L << 29;
      often.add(1, bits, from, 100, 1);
      never.add(1, bits, from, 100, 1);
    }
    assertThat(often.moments(1).sum()).isEqualTo(never.moments(1).sum());
    assertThat(often.moments(1).squares()).isEqualTo(never.moments(1).squares());
    assertThat(often.moments(0).count()).isEqualTo(announced);
  }

  @Test
  void refusedBatchesChangeNothing() {
    MomentsObserver observer =
        new MomentsObserver(
            "x", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1), Observer.room());
    observer.observe(Floats.direct(1, 2, 3, 4, 5, 6), Shape.of(2, 3), List.of());
    Moments before = observer.blocks().next().rows().get(0);
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2), Shape.of(1, 2), List.of()))
        .isInstanceOf(ChannelsDifferException.class)
        .hasMessage("Cannot observe tensor 'x': 2 channels on axis 1 vs 3 on axis 1 before");
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2), Shape.of(2), List.of()))
        .isInstanceOf(ChannelsDifferException.class)
        .hasMessageContaining("Cannot observe channels of tensor 'x'");
    assertThatThrownBy(() -> observer.observe(ByteBuffer.allocate(7), Shape.of(1, 3), List.of()))
        .hasMessage("Cannot observe tensor 'x' of shape [1, 3]: 7 bytes instead of 3 values of 4");
    assertThat(observer.blocks().next().rows().get(0)).isEqualTo(before);
  }
}
