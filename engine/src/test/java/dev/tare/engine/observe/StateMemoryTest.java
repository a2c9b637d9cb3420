package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What observers hold, measured, against what is said of them before they see a value. */
@Tag("slow")
class StateMemoryTest {

  private static final int CHANNELS = 2048;
  private static final int ROWS = 2000;

  /** How the values of a layer are spread. */
  private enum Values {
    NORMAL {
      @Override
      float next(Random random) {
        return (float) random.nextGaussian();
      }
    },
    BEHIND_RELU {
      @Override
      float next(Random random) {
        return (float) Math.max(0, random.nextGaussian());
      }
    },
    BEHIND_SILU {
      @Override
      float next(Random random) {
        double x = 8 * random.nextGaussian();
        return (float) (x / (1 + Math.exp(-x)));
      }
    },
    PRODUCTS_OF_LARGE_AND_SMALL {
      @Override
      float next(Random random) {
        return (float) (random.nextGaussian() * Math.exp(2 * random.nextGaussian()));
      }
    };

    abstract float next(Random random);
  }

  @ParameterizedTest
  @EnumSource(Values.class)
  void channelsOfTheLastAxisTakeNoMoreThanIsSaid(Values values) {
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, -1);
    withinTheEstimate(options, values, Shape.of(ROWS, CHANNELS));
  }

  @ParameterizedTest
  @EnumSource(Values.class)
  void channelsOfImagesTakeNoMoreThanIsSaid(Values values) {
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1);
    withinTheEstimate(options, values, Shape.of(1, CHANNELS, ROWS));
  }

  private static void withinTheEstimate(ObserverOptions options, Values values, Shape shape) {
    FloatBuffer batch = batch(values, shape);
    long before = used();
    Observer observer = Observer.create("x", options, WholeTables.PAGED, Observer.room());
    for (int i = 0; i < 4; i++) {
      observer.observe(batch, shape);
    }
    long held = used() - before;
    long said = StateMemory.bytes(options, CHANNELS, WholeTables.PAGED);
    assertThat(held).isBetween(said / 6, said);
    assertThat(observer.statistics().channels()).hasSize(CHANNELS);
    assertThat(batch.remaining()).as("alive until here").isEqualTo((int) shape.size());
  }

  @ParameterizedTest
  @EnumSource(WholeTables.class)
  void wholeTensorsTakeNoMoreThanIsSaid(WholeTables tables) {
    int tensors = 20;
    Shape shape = Shape.of(1 << 20);
    FloatBuffer batch = batch(Values.PRODUCTS_OF_LARGE_AND_SMALL, shape);
    int[] room = Observer.room();
    List<Observer> observers = new ArrayList<>();
    long before = used();
    for (int i = 0; i < tensors; i++) {
      observers.add(Observer.create("x" + i, ObserverOptions.ofWhole(), tables, room));
      observers.get(i).observe(batch, shape);
    }
    long held = used() - before;
    long said = tensors * StateMemory.bytes(ObserverOptions.ofWhole(), 0, tables);
    assertThat(held).isBetween(said / 6, said);
    assertThat(observers).allSatisfy(o -> assertThat(o.statistics().whole()).isPresent());
    assertThat(batch.remaining()).as("alive until here").isEqualTo(1 << 20);
  }

  @Test
  void extremesTakeNoMoreThanIsSaid() {
    int channels = 1 << 20;
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.EXTREMES, -1);
    FloatBuffer batch = batch(Values.NORMAL, Shape.of(2, channels));
    long before = used();
    Observer observer = Observer.create("x", options, WholeTables.PAGED, Observer.room());
    observer.observe(batch, Shape.of(2, channels));
    long held = used() - before;
    long said = StateMemory.bytes(options, channels, WholeTables.PAGED);
    assertThat(held).isBetween(said / 3, said);
    assertThat(observer.blocks().next().channels()).isEqualTo(1);
    assertThat(batch.hasRemaining()).as("alive until here").isTrue();
  }

  @Test
  void valuesOverAllExponentsTakeMoreThanIsSaidButNotWithoutBound() {
    ObserverOptions options = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1);
    Random random = new Random(5);
    Shape shape = Shape.of(1, 64, 100_000);
    FloatBuffer batch = FloatBuffer.allocate((int) shape.size());
    for (int i = 0; i < batch.capacity(); i++) {
      batch.put(i, Float.intBitsToFloat(random.nextInt()));
    }
    long before = used();
    Observer observer = Observer.create("x", options, WholeTables.PAGED, Observer.room());
    observer.observe(batch, shape);
    long held = used() - before;
    long said = StateMemory.bytes(options, 64, WholeTables.PAGED);
    assertThat(held).isBetween(said, 16 * said);
    assertThat(observer.blocks().next().channels()).isEqualTo(1);
    assertThat(batch.hasRemaining()).as("alive until here").isTrue();
  }

  @Test
  void bitsAndUnfilledTablesCount() {
    ObserverOptions one = ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, 1);
    assertThat(StateMemory.bytes(one, 1, WholeTables.PAGED))
        .isEqualTo(StateMemory.bytes(one, 16, WholeTables.PAGED))
        .isLessThan(StateMemory.bytes(one, 17, WholeTables.PAGED));
    ObserverOptions fine = new ObserverOptions(10, ChannelMode.HISTOGRAM, 10, one.channelAxis());
    long whole = StateMemory.bytes(ObserverOptions.ofWhole(), 0, WholeTables.PAGED);
    assertThat(StateMemory.bytes(fine, 1600, WholeTables.PAGED) - whole)
        .isEqualTo(1600L * (104 + 1024 + 96 * (1 << 12)));
    assertThat(StateMemory.bytes(one, 1600, WholeTables.PAGED) - whole)
        .isEqualTo(1600L * (104 + 1024 + 96 * (1 << 7)));
  }

  private static FloatBuffer batch(Values values, Shape shape) {
    Random random = new Random(3);
    FloatBuffer batch = FloatBuffer.allocate((int) shape.size());
    for (int i = 0; i < batch.capacity(); i++) {
      batch.put(i, values.next(random));
    }
    return batch;
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
