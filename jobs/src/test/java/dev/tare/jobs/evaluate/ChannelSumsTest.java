package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.ChannelQuality;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChannelSumsTest {

  /** Boxes up to 320 and a score up to 1 in one row, as detectors give them. */
  private static List<float[][]> detections() {
    Random random = new Random(5);
    List<float[][]> samples = new ArrayList<>();
    for (int s = 0; s < 7; s++) {
      float[] expected = new float[5 * 30];
      float[] actual = new float[expected.length];
      for (int i = 0; i < expected.length; i++) {
        boolean score = i % 5 == 4;
        expected[i] = random.nextFloat() * (score ? 1 : 320);
        actual[i] = expected[i] + (float) random.nextGaussian() * (score ? .1f : .5f);
      }
      samples.add(new float[][] {expected, actual});
    }
    return samples;
  }

  private static ChannelSums sums(List<float[][]> samples) {
    ChannelSums sums = new ChannelSums(true);
    samples.forEach(s -> sums.add(s[0], s[1], Shape.of(30, 5)));
    return sums;
  }

  @Test
  void channelOfSmallValuesIsSeenBesideLargeOnes() {
    ChannelQuality quality = sums(detections()).quality().orElseThrow();
    double signal = 0;
    double noise = 0;
    for (float[][] sample : detections()) {
      for (int i = 4; i < sample[0].length; i += 5) {
        signal += sample[0][i] * sample[0][i];
        noise += Math.pow(sample[0][i] - (double) sample[1][i], 2);
      }
    }
    assertThat(quality.worst()).isEqualTo(4);
    assertThat(quality.channels()).isEqualTo(5);
    assertThat(quality.below()).isEqualTo(1);
    assertThat(quality.worstSqnrDb()).isCloseTo(10 * Math.log10(signal / noise), within(1e-4));
    assertThat(quality.worstHigh()).isBetween(.9f, 1f);
    assertThat(quality.worstError()).isBetween(.2f, .5f);
  }

  @Test
  void figuresAreTheSameForAnyOrderAndAnyParts() {
    List<float[][]> samples = detections();
    byte[] whole = sums(samples).encode();
    Collections.shuffle(samples, new Random(1));
    assertThat(sums(samples).encode()).isEqualTo(whole);
    ChannelSums merged = new ChannelSums(true);
    merged.add(sums(samples.subList(0, 3)));
    merged.add(new ChannelSums(true));
    merged.add(ChannelSums.decode(sums(samples.subList(3, 7)).encode()));
    assertThat(merged.encode()).isEqualTo(whole);
  }

  @Test
  void channelsOfAnImageLieOnItsSecondAxis() {
    float[] expected = {1, 2, 3, 4, 100, 200, 300, 400};
    float[] actual = {1, 2, 3, 4, 100, 200, 300, 410};
    ChannelSums sums = new ChannelSums(false);
    sums.add(expected, actual, Shape.of(2, 2, 2));
    ChannelQuality quality = sums.quality().orElseThrow();
    assertThat(quality)
        .isEqualTo(new ChannelQuality(1, 2, 0, 1, 10 * Math.log10(300000 / 100.0), 10, 100, 400));
  }

  @Test
  void channelsThatDifferFromSampleToSampleAreNone() {
    ChannelSums sums = sums(detections());
    sums.add(new float[] {1, 2}, new float[] {1, 2}, Shape.of(2));
    assertThat(sums.quality()).isEmpty();
    ChannelSums other = sums(detections());
    ChannelSums narrow = new ChannelSums(true);
    narrow.add(new float[] {1, 2}, new float[] {1, 2}, Shape.of(2));
    other.add(narrow);
    assertThat(other.quality()).isEmpty();
    assertThat(other.tooMany()).isFalse();
    ChannelSums wide = new ChannelSums(true);
    int width = ChannelSums.MOST_CHANNELS + 1;
    wide.add(new float[width], new float[width], Shape.of(width));
    assertThat(wide.tooMany()).isTrue();
  }

  @Test
  void channelOfZerosIsHeldAgainstAMillionthOfTheLargestValue() {
    ChannelSums sums = new ChannelSums(true);
    sums.add(new float[] {0, 1024}, new float[] {1e-6f, 1024}, Shape.of(2));
    assertThat(sums.quality().orElseThrow().worstSqnrDb())
        .isCloseTo(20 * Math.log10(1024 * 0x1p-20 / 1e-6), within(1e-3));
    ChannelSums equal = new ChannelSums(true);
    equal.add(new float[] {0, 1}, new float[] {0, 1}, Shape.of(2));
    assertThat(equal.quality().orElseThrow().worstSqnrDb()).isInfinite();
  }

  @Test
  void valuesThatAreNotFiniteAreLeftOut() {
    float infinity = Float.NEGATIVE_INFINITY;
    ChannelSums sums = new ChannelSums(true);
    sums.add(
        new float[] {1, infinity, 3, infinity},
        new float[] {1, infinity, Float.NaN, infinity},
        Shape.of(2, 2));
    ChannelQuality quality = sums.quality().orElseThrow();
    assertThat(quality.worst()).isZero();
    assertThat(quality.worstSqnrDb()).isInfinite();
    ChannelSums none = new ChannelSums(true);
    none.add(new float[] {infinity}, new float[] {infinity}, Shape.of(1));
    assertThat(none.quality()).isEmpty();
  }

  @Test
  void sumsAreExactWhateverTheOrder() {
    Random random = new Random(7);
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      values.add(Math.scalb(random.nextDouble(), random.nextInt(90) - 20));
    }
    BigDecimal exact = BigDecimal.ZERO;
    for (double value : values) {
      exact = exact.add(new BigDecimal(value));
    }
    for (int round = 0; round < 3; round++) {
      FixedSums sums = new FixedSums(2);
      FixedSums rest = new FixedSums(2);
      for (int i = 0; i < values.size(); i++) {
        (i % 3 == round ? sums : rest).add(1, values.get(i));
      }
      sums.add(rest);
      assertThat(sums.value(1)).isEqualTo(exact.doubleValue());
      assertThat(sums.value(0)).isZero();
      Collections.shuffle(values, random);
    }
  }

  @Test
  void sumsBeyondTheirBoundsAreInfiniteOrNothing() {
    FixedSums sums = new FixedSums(3);
    sums.add(0, 0x1p94);
    sums.add(0, 0x1p94);
    sums.add(1, 1e300);
    sums.add(1, 1);
    sums.add(2, 0x1p-97);
    sums.add(2, Double.MIN_VALUE);
    assertThat(sums.value(0)).isInfinite();
    assertThat(sums.value(1)).isInfinite();
    assertThat(sums.value(2)).isZero();
    FixedSums other = new FixedSums(3);
    other.add(sums);
    assertThat(other.value(0)).isInfinite();
    other.add(2, 0x1p-96);
    assertThat(other.value(2)).isEqualTo(0x1p-96);
  }
}
