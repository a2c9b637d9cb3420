package dev.tare.engine.onnx.prepare;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** A factor and a summand for each channel: {@code x * scale + shift}. */
final class ChannelAffine {

  private final double[] scale;
  private final double[] shift;

  private ChannelAffine(double[] scale, double[] shift) {
    this.scale = scale;
    this.shift = shift;
  }

  /** Wraps arrays of equal length, which must not change afterwards. */
  static ChannelAffine of(double[] scale, double[] shift) {
    return new ChannelAffine(scale, shift);
  }

  static ChannelAffine scale(int channels, double factor) {
    double[] scale = new double[channels];
    Arrays.fill(scale, factor);
    return scale(scale);
  }

  static ChannelAffine scale(double[] factors) {
    return new ChannelAffine(factors, new double[factors.length]);
  }

  static ChannelAffine shift(double[] summands) {
    double[] scale = new double[summands.length];
    Arrays.fill(scale, 1);
    return new ChannelAffine(scale, summands);
  }

  /** Composes two: first this, then the other. */
  ChannelAffine then(ChannelAffine next) {
    double[] newScale = new double[scale.length];
    double[] newShift = new double[scale.length];
    for (int c = 0; c < scale.length; c++) {
      newScale[c] = scale[c] * next.scale[c];
      newShift[c] = shift[c] * next.scale[c] + next.shift[c];
    }
    return new ChannelAffine(newScale, newShift);
  }

  boolean isFinite() {
    return DoubleStream.concat(Arrays.stream(scale), Arrays.stream(shift))
        .allMatch(Double::isFinite);
  }

  boolean scales() {
    return Arrays.stream(scale).anyMatch(s -> s != 1);
  }

  double[] factors() {
    return scale.clone();
  }

  float[] summands() {
    float[] summands = new float[shift.length];
    for (int c = 0; c < summands.length; c++) {
      summands[c] = (float) shift[c];
    }
    return summands;
  }
}
