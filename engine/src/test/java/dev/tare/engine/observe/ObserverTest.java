package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObserverTest {

  private static void assertEqualsNaive(
      ObserverOptions options, List<Shape> shapes, List<float[]> batches) {
    TensorStatistics expected = NaiveStatistics.of("x", options, shapes, batches);
    for (WholeTables tables : WholeTables.values()) {
      Observer observer = Observer.create("x", options, tables, Observer.room());
      for (int i = 0; i < batches.size(); i++) {
        observer.observe(Floats.direct(batches.get(i)), shapes.get(i));
      }
      assertThat(observer.statistics()).as("%s", tables).isEqualTo(expected);
      assertThat(observer.blocks()).toIterable().containsExactlyElementsOf(expected.toBlocks());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 3 5 16",
    "-1, 2 7 40",
    "-1, 1 1 1",
    "0, 33",
    "1, 2 3 7 7",
    "1, 3 20 9 1",
    "0, 5 3 2",
    "-2, 2 40 3",
    "-1, 0 3 4"
  })
  void anyShapeAndAxisEqualsTheDefinition(int axis, String dims) {
    assertEqualsNaive(axis, dims);
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"-1, 9 16400", "-1, 2000 20", "1, 2 17 64 64", "1, 1 2 20000", "-1, 6000 3"})
  void aLargeShapeWithAnyAxisEqualsTheDefinition(int axis, String dims) {
    assertEqualsNaive(axis, dims);
  }

  private static void assertEqualsNaive(int axis, String dims) {
    long[] sizes = java.util.Arrays.stream(dims.split(" ")).mapToLong(Long::parseLong).toArray();
    Shape shape = Shape.of(sizes);
    for (ChannelMode mode : ChannelMode.values()) {
      for (double specials : new double[] {0, 0.001, 0.3, 1}) {
        float[] first = Floats.values(7, (int) shape.size(), specials);
        float[] second = Floats.values(8, (int) shape.size(), 0);
        assertEqualsNaive(
            new ObserverOptions(10, mode, 5, OptionalInt.of(axis)),
            List.of(shape, shape),
            List.of(first, second));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 9, 10})
  void anyNumberOfBitsEqualsTheDefinition(int bits) {
    Shape shape = Shape.of(50, 24);
    assertEqualsNaive(
        new ObserverOptions(bits, ChannelMode.HISTOGRAM, bits, OptionalInt.of(1)),
        List.of(shape),
        List.of(Floats.values(bits, 1200, 0.2)));
  }

  @Test
  void everyBitPatternOfTheLeadingSixteenBitsEqualsTheDefinition() {
    float[] values = new float[2 << 16];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat((i >> 1 << 16) | (i & 1));
    }
    assertEqualsNaive(
        ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1),
        List.of(Shape.of(values.length / 32, 32)),
        List.of(values));
  }

  @Test
  void statisticsThatHoldOneNegativeZeroSaySoAsPositiveZero() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    observer.observe(Floats.direct(-0.0f), Shape.of(1));
    Statistics whole = observer.statistics().whole().orElseThrow();
    assertThat(Float.floatToRawIntBits(whole.min())).isZero();
    assertThat(Float.floatToRawIntBits(whole.max())).isZero();
    assertThat(whole.zeros()).isOne();
  }

  @Test
  void buffersOfEveryKindGiveTheSameAndKeepTheirPosition() {
    float[] values = Floats.values(3, 60, 0.1);
    ByteBuffer bytes = Floats.direct(values);
    ByteBuffer heap = ByteBuffer.allocate(4 + 240).order(ByteOrder.LITTLE_ENDIAN).position(4);
    heap.duplicate().put(bytes.duplicate());
    FloatBuffer floats = FloatBuffer.wrap(values);
    List<TensorStatistics> all = new ArrayList<>();
    Shape shape = Shape.of(3, 20);
    for (int kind = 0; kind < 4; kind++) {
      Observer observer =
          Observer.create("x", ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1));
      switch (kind) {
        case 0 -> observer.observe(bytes, shape);
        case 1 -> observer.observe(heap.order(ByteOrder.BIG_ENDIAN), shape);
        case 2 -> observer.observe(bytes.asReadOnlyBuffer(), shape);
        default -> observer.observe(floats, shape);
      }
      all.add(observer.statistics());
    }
    assertThat(all).containsOnly(all.get(0));
    assertThat(heap.position()).isEqualTo(4);
    assertThat(floats.position()).isZero();
  }

  @Test
  void aSnapshotDoesNotChangeAfterwards() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    observer.observe(Floats.direct(1, 2), Shape.of(2));
    TensorStatistics before = observer.statistics();
    observer.observe(Floats.direct(3), Shape.of(1));
    assertThat(before.whole().orElseThrow().count()).isEqualTo(2);
    assertThat(observer.statistics().whole().orElseThrow().count()).isEqualTo(3);
  }

  @Test
  void refusedBatchesLeaveTheObserverUnchanged() {
    Observer observer = Observer.create("x", ObserverOptions.ofChannels(ChannelMode.EXTREMES, -1));
    assertThatThrownBy(() -> observer.observe(Floats.direct(1), Shape.SCALAR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe channels of tensor 'x': Axis -1 is outside shape []");
    assertThatThrownBy(() -> observer.observe(Floats.direct(), Shape.of(3, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe channels of tensor 'x': 0 channels on axis 1");
    observer.observe(Floats.direct(1, 2), Shape.of(1, 2));
    TensorStatistics before = observer.statistics();
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2, 3), Shape.of(1, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe tensor 'x': 3 channels on axis 1 vs 2 on axis 1 before");
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2), Shape.of(1, 1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe tensor 'x': 2 channels on axis 2 vs 2 on axis 1 before");
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2, 3), Shape.of(1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe tensor 'x' of shape [1, 2]: 12 bytes instead of 2 values of 4");
    assertThatThrownBy(() -> observer.observe(FloatBuffer.allocate(1), Shape.of(1, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe tensor 'x' of shape [1, 2]: 1 values instead of 2");
    assertThat(observer.statistics()).isEqualTo(before);
  }
}
