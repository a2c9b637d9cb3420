package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.observe.PairedObserver;
import dev.tare.engine.statistics.PairedBlock;
import dev.tare.engine.statistics.PairedChannel;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class PairedFitTest {

  /** The paired sums of one channel, whose halves may have different quantized values. */
  private static PairedChannel channel(
      int samples, double noise, DoubleUnaryOperator first, DoubleUnaryOperator second) {
    Random random = new Random(7);
    PairedObserver observer =
        new PairedObserver("y", -1, PairedObserver.exponents(List.of(4f)), "0".repeat(64));
    for (int i = 0; i < samples; i++) {
      ByteBuffer floats = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer quantized = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
      for (int k = 0; k < 10; k++) {
        double value = random.nextGaussian();
        floats.putFloat((float) value);
        double other = (i % 2 == 0 ? first : second).applyAsDouble(value);
        quantized.putFloat((float) (other + noise * random.nextGaussian()));
      }
      observer.expect(floats.flip(), Shape.of(10, 1));
      observer.observe(quantized.flip(), Shape.of(10, 1), i % 2 == 1);
    }
    List<PairedBlock> blocks = new ArrayList<>();
    observer.blocks().forEachRemaining(blocks::add);
    return blocks.get(0).rows().get(0);
  }

  @Test
  void aLineIsFoundAgain() {
    DoubleUnaryOperator moved = x -> (x - .5) / 1.25;
    PairedFit fit = PairedFit.of(List.of(channel(200, 0, moved, moved)), true);
    assertThat(fit.gains().get(0)).isCloseTo(1.25f, within(1e-3f));
    assertThat(fit.shifts().get(0)).isCloseTo(.5f, within(1e-3f));
    assertThat(fit.changed()).isEqualTo(1);
    assertThat(fit.gained()).isGreaterThan(.9999);
  }

  @Test
  void withoutScalesOfItsOwnAChannelIsOnlyShifted() {
    DoubleUnaryOperator moved = x -> (x - .5) / 1.25;
    PairedFit fit = PairedFit.of(List.of(channel(200, 0, moved, moved)), false);
    assertThat(fit.gains()).containsExactly(1f);
    assertThat(fit.shifts().get(0)).isCloseTo(.4f, within(.05f));
    assertThat(fit.gained()).isBetween(.5, .95);
  }

  /** Halves that disagree, too few pairs, and noise in which there is no line. */
  @Test
  void whatDoesNotHelpOnTheOtherHalfIsLeft() {
    PairedChannel halves = channel(200, 0, x -> x + .1, x -> x - .1);
    PairedChannel few = channel(2, 0, x -> x + .1, x -> x + .1);
    PairedChannel exact = channel(200, 0, x -> x, x -> x);
    PairedFit fit = PairedFit.of(List.of(halves, few, exact), true);
    assertThat(fit.gains()).containsExactly(1f, 1f, 1f);
    assertThat(fit.shifts()).containsExactly(0f, 0f, 0f);
    assertThat(fit.changed()).isZero();
    assertThat(fit.gained()).isZero();
    assertThat(PairedFit.of(List.of(exact), true).gained()).isZero();
  }

  /** A factor of 3 would mean that the quantized model has lost the channel. */
  @Test
  void aGainThatIsNoneIsNotTaken() {
    DoubleUnaryOperator lost = x -> x / 3 - .5;
    PairedFit fit = PairedFit.of(List.of(channel(200, 0, lost, lost)), true);
    assertThat(fit.gains()).containsExactly(1f);
    assertThat(fit.shifts().get(0)).isCloseTo(.5f, within(.05f));
  }
}
