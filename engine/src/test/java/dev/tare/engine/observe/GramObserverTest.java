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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
  void diagonalIsThatOfTheWholeMatrix() {
    float[] values = {2.5f, -3, 0.5f, 200, -129, Float.NaN};
    GramObserver whole = observer(-1, new PlainCodeProducts());
    GramObserver alone = GramObserver.ofDiagonal("x", -1, Optional.empty(), UNIT);
    for (GramObserver each : List.of(whole, alone)) {
      each.observe(Floats.direct(values), Shape.of(1, 2, 3), List.of());
    }
    GramBlock full = blocks(whole).get(0);
    GramBlock diagonal = blocks(alone).get(0);
    assertThat(diagonal.diagonal()).isTrue();
    for (int j = 0; j < 3; j++) {
      GramRow row = full.rows().get(j);
      assertThat(diagonal.rows().get(j))
          .isEqualTo(
              new GramRow(row.exponent(), row.saturated(), row.sum(), new long[] {row.product(0)}));
    }
    assertThat(full.merge(diagonal)).isEqualTo(diagonal.merge(diagonal));
    assertThat(GramObserver.diagonalBytes(8192)).isLessThan(GramObserver.heapBytes(8192) / 100);
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

  /** Two channels of 3 x 3, read by a kernel of 2 x 2 with stride 2 and a row of zeros above. */
  @Test
  void patchesAreWhatAConvolutionMultiplies() {
    Patches patches =
        new Patches(
            List.of(2, 2),
            List.of(2, 2),
            List.of(1, 1),
            List.of(1, 0, 0, 1),
            Patches.Padding.GIVEN);
    GramScales scales = new GramScales(List.of(0, -1)).repeated(4);
    GramObserver observer = GramObserver.ofPatches("x", patches, scales, new PlainCodeProducts());
    observer.observe(
        Floats.direct(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90),
        Shape.of(1, 2, 3, 3),
        List.of());
    String name = "x[2x2 strides 2x2 pads 1x0x0x1]";
    GramObserver vectors = new GramObserver(name, 1, scales, new PlainCodeProducts());
    float[][] expected = {
      {0, 0, 1, 2, 0, 0, 10, 20},
      {0, 0, 3, 0, 0, 0, 30, 0},
      {4, 5, 7, 8, 40, 50, 70, 80},
      {6, 0, 9, 0, 60, 0, 90, 0}
    };
    for (float[] vector : expected) {
      vectors.observe(Floats.direct(vector), Shape.of(1, 8), List.of());
    }
    assertThat(blocks(observer)).isEqualTo(blocks(vectors));
    assertThatThrownBy(() -> observer.observe(Floats.direct(1, 2), Shape.of(1, 2, 1), List.of()))
        .isInstanceOf(ChannelsDifferException.class)
        .hasMessage(
            "Cannot observe patches of tensor '%s' of shape [1, 2, 1]: they have 2 axes"
                .formatted(name));
  }

  /** Padding from the size, as ONNX computes it: 5 values, stride 2, dilated by 2. */
  @ParameterizedTest
  @EnumSource(names = {"SAME_UPPER", "SAME_LOWER"})
  void paddingMayFollowFromTheSize(Patches.Padding padding) {
    Patches patches = new Patches(List.of(2), List.of(2), List.of(2), List.of(0, 0), padding);
    GramObserver observer =
        GramObserver.ofPatches(
            "x", patches, new GramScales(List.of(0, 0)), new PlainCodeProducts());
    observer.observe(Floats.direct(1, 2, 3, 4, 5), Shape.of(1, 1, 5), List.of());
    // Two zeros in all, one on either side: windows (0, 2), (2, 4), (4, 0).
    GramRow first = blocks(observer).get(0).rows().get(0);
    assertThat(first.products()).containsExactly(20, 8);
    assertThat(patches.matrix("x"))
        .isEqualTo(
            "x[2 strides 2 dilations 2 same-%s]"
                .formatted(padding == Patches.Padding.SAME_UPPER ? "upper" : "lower"));
  }

  @Test
  void ofManyPatchesSomeFromEachPartAreReadWhateverTheBatch() {
    Patches points =
        new Patches(
            List.of(1, 1),
            List.of(1, 1),
            List.of(1, 1),
            List.of(0, 0, 0, 0),
            Patches.Padding.GIVEN);
    float[] values = new float[2 * 3000];
    for (int k = 0; k < values.length; k++) {
      int part = k % 3000 / 30;
      values[k] = part;
    }
    GramScales unit = new GramScales(List.of(0));
    GramObserver both = GramObserver.ofPatches("x", points, unit, new PlainCodeProducts());
    both.observe(Floats.direct(values), Shape.of(2, 1, 60, 50), List.of());
    GramObserver single = GramObserver.ofPatches("x", points, unit, new PlainCodeProducts());
    for (int i = 0; i < 2; i++) {
      float[] half = Arrays.copyOfRange(values, i * 3000, i * 3000 + 3000);
      single.observe(Floats.direct(half), Shape.of(1, 1, 60, 50), List.of());
    }
    GramBlock block = blocks(both).get(0);
    assertThat(block).isEqualTo(blocks(single).get(0));
    assertThat(block.key().tensor()).isEqualTo("x");
    assertThat(block.count()).isEqualTo(2 * 1024);
    assertThat((double) block.rows().get(0).sum() / block.count()).isBetween(49.3, 49.7);
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
