package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.GramBlock;
import dev.tare.engine.statistics.GramRow;
import dev.tare.engine.statistics.GramScales;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GramObserverTest {

  private static final GramScales UNIT = new GramScales(List.of(0, 0, -1));

  private static List<GramBlock> blocks(GramObserver observer) {
    List<GramBlock> blocks = new ArrayList<>();
    observer.blocks().forEachRemaining(blocks::add);
    return blocks;
  }

  private static GramObserver observer(int axis, CodeProducts products) {
    return new GramObserver("x", axis, UNIT, products);
  }

  @Test
  void codesAreRoundedHalfToEvenSaturatedAndMultiplied() {
    GramObserver observer = observer(-1, new PlainCodeProducts());
    float nan = Float.NaN;
    observer.observe(Floats.direct(2.5f, -3, 0.5f, 200, -129, nan), Shape.of(1, 2, 3), List.of());
    // Codes (2, -3, 1) and (127, -128, 0).
    assertThat(blocks(observer))
        .containsExactly(
            new GramBlock(
                new BlockKey("x", 2, 0),
                3,
                UNIT.sha256(),
                2,
                List.of(
                    new GramRow(0, 1, 129, new long[] {4 + 127 * 127, -6 - 127 * 128, 2}),
                    new GramRow(0, 1, -131, new long[] {9 + 128 * 128, -3}),
                    new GramRow(-1, 1, 1, new long[] {1}))));
  }

  @Test
  void vectorsRunAlongTheChannelAxis() {
    GramObserver last = observer(-1, new PlainCodeProducts());
    last.observe(Floats.direct(1, 2, 3, 4, 5, 6), Shape.of(2, 3), List.of());
    GramObserver second = observer(1, new PlainCodeProducts());
    second.observe(Floats.direct(1, 4, 2, 5, 3, 6), Shape.of(1, 3, 2), List.of());
    assertThat(blocks(second)).isEqualTo(blocks(last));
  }

  @Test
  void integerKernelsGiveTheSumsOfPlainJava() {
    int channels = 130;
    Random random = new Random(3);
    float[] values = new float[5000 * channels];
    for (int k = 0; k < values.length; k++) {
      values[k] = (float) random.nextGaussian() * 80;
    }
    GramScales scales = new GramScales(Collections.nCopies(channels, 0));
    List<List<GramBlock>> all = new ArrayList<>();
    try (CodeProducts fast = OrtRuntime.INSTANCE.codeProducts(1);
        CodeProducts plain = new PlainCodeProducts()) {
      assertThat(fast).isNotInstanceOf(PlainCodeProducts.class);
      for (CodeProducts products : List.of(fast, plain)) {
        GramObserver observer = new GramObserver("x", -1, scales, products);
        observer.observe(Floats.direct(values), Shape.of(5000, channels), List.of());
        all.add(blocks(observer));
      }
    }
    assertThat(all.get(0)).hasSize(3).isEqualTo(all.get(1));
  }

  @Test
  void otherChannelsThanTheScalesAreRefused() {
    GramObserver observer = observer(-1, new PlainCodeProducts());
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2), Shape.of(1, 2), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot observe tensor 'x': 2 channels, but scales for 3");
    assertThat(blocks(observer)).isEmpty();
  }

  @Test
  void scalesAreTheSmallestThatSaturateNothing() {
    GramScales scales =
        GramScales.ofReaches(List.of(127f, 127.5f, 1f, 0f, Float.MIN_VALUE, 3.4e38f));
    // 1 is 64 of 2^-6; a channel without values gets the largest of the others.
    assertThat(scales.exponents()).containsExactly(0, 1, -6, 122, -155, 122);
    assertThat(scales.sha256()).isEqualTo(new GramScales(scales.exponents()).sha256());
    assertThatThrownBy(() -> new GramScales(List.of(128)))
        .hasMessage("Invalid scale 2^128, not 2^-160 to 2^127");
    assertThatThrownBy(() -> new GramScales(List.of()))
        .hasMessage("Invalid scales: 0 channels, not 1 to 24576");
  }
}
