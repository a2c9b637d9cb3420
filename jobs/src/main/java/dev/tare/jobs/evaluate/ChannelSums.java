package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.ChannelQuality;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * How far the channels of an output's axis are from the float model's, over samples: mergeable, and
 * the same for any order and any partitions.
 *
 * <p>Sums over a sample are float64 in the order of its values; samples add up in {@link
 * FixedSums}. Channels are measured where all samples have equally many, at most {@value
 * #MOST_CHANNELS}. Cost: 76 bytes a channel. Not thread-safe; confined to one task.
 */
final class ChannelSums {

  static final int MOST_CHANNELS = 1 << 16;

  /**
   * The error of a channel is compared with at least this share of the output's largest value:
   * 2^-20.
   */
  private static final double FLOOR = 0x1p-20;

  private static final int NONE_YET = -1;
  private static final int VARIES = -2;
  private static final int TOO_MANY = -3;

  private final boolean last;
  private int width = NONE_YET;
  private FixedSums signal = new FixedSums(0);
  private FixedSums noise = new FixedSums(0);
  private long[] counts = new long[0];
  private float[] lows = new float[0];
  private float[] highs = new float[0];
  private float[] errors = new float[0];

  /**
   * @param last whether channels are on the last axis; otherwise on the second, as in images
   */
  ChannelSums(boolean last) {
    this.last = last;
  }

  /** The axis of the output, batch included: -1 for the last. */
  int axis() {
    return last ? -1 : 1;
  }

  /**
   * Adds a sample. Places where either value is not finite are left out.
   *
   * @param shape of both, without the batch dimension; a scalar is one channel
   */
  void add(float[] expected, float[] actual, Shape shape) {
    if (expected.length == 0) {
      return;
    }
    int axis = last ? shape.rank() - 1 : 0;
    int channels = shape.rank() == 0 ? 1 : Math.toIntExact(shape.dim(axis));
    int inner = shape.rank() == 0 ? 1 : Math.toIntExact(shape.stride(axis));
    expect(channels);
    if (width < 0) {
      return;
    }
    double[] powers = new double[width];
    double[] errorPowers = new double[width];
    int at = 0;
    while (at < expected.length) {
      for (int channel = 0; channel < width; channel++) {
        for (int i = 0; i < inner; i++, at++) {
          float a = expected[at];
          float b = actual[at];
          if (Float.isFinite(a) && Float.isFinite(b)) {
            double difference = (double) a - b;
            powers[channel] += (double) a * a;
            errorPowers[channel] += difference * difference;
            counts[channel]++;
            lows[channel] = Math.min(lows[channel], a);
            highs[channel] = Math.max(highs[channel], a);
            errors[channel] = Math.max(errors[channel], (float) Math.abs(difference));
          }
        }
      }
    }
    for (int channel = 0; channel < width; channel++) {
      signal.add(channel, powers[channel]);
      noise.add(channel, errorPowers[channel]);
    }
  }

  private void expect(int channels) {
    if (width == NONE_YET) {
      width = channels <= MOST_CHANNELS ? channels : TOO_MANY;
      allocate();
    } else if ((width >= 0 && width != channels)
        || (width == TOO_MANY && channels <= MOST_CHANNELS)) {
      width = VARIES;
      allocate();
    }
  }

  private void allocate() {
    int channels = Math.max(0, width);
    signal = new FixedSums(channels);
    noise = new FixedSums(channels);
    counts = new long[channels];
    lows = new float[channels];
    highs = new float[channels];
    errors = new float[channels];
    Arrays.fill(lows, Float.POSITIVE_INFINITY);
    Arrays.fill(highs, Float.NEGATIVE_INFINITY);
  }

  /** Adds what another collected of the same axis. */
  void add(ChannelSums that) {
    if (that.width == NONE_YET) {
      return;
    }
    if (width == NONE_YET) {
      width = that.width;
      allocate();
    } else if (width != that.width) {
      width = VARIES;
      allocate();
    }
    if (width < 0) {
      return;
    }
    signal.add(that.signal);
    noise.add(that.noise);
    for (int channel = 0; channel < width; channel++) {
      counts[channel] += that.counts[channel];
      lows[channel] = Math.min(lows[channel], that.lows[channel]);
      highs[channel] = Math.max(highs[channel], that.highs[channel]);
      errors[channel] = Math.max(errors[channel], that.errors[channel]);
    }
  }

  /** Whether the axis has more channels than are measured. */
  boolean tooMany() {
    return width == TOO_MANY;
  }

  /** What was measured; empty where channels are not the same for all samples, or too many. */
  Optional<ChannelQuality> quality() {
    if (width < 1) {
      return Optional.empty();
    }
    double peak = 0;
    for (int channel = 0; channel < width; channel++) {
      if (counts[channel] > 0) {
        peak = Math.max(peak, Math.max(Math.abs(lows[channel]), Math.abs(highs[channel])));
      }
    }
    int below = 0;
    int worst = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int channel = 0; channel < width; channel++) {
      double db = sqnrDb(channel, peak);
      below += db < ChannelQuality.LIMIT_DB ? 1 : 0;
      if (counts[channel] > 0 && (worst < 0 || db < least)) {
        worst = channel;
        least = db;
      }
    }
    if (worst < 0) {
      return Optional.empty();
    }
    return Optional.of(
        new ChannelQuality(
            axis(), width, below, worst, least, errors[worst], lows[worst], highs[worst]));
  }

  private double sqnrDb(int channel, double peak) {
    double error = noise.value(channel);
    if (error == 0) {
      return Double.POSITIVE_INFINITY;
    }
    double least = peak * FLOOR;
    double power = Math.max(signal.value(channel), counts[channel] * least * least);
    return 10 * StrictMath.log10(power / error);
  }

  /** Layout, big-endian: byte last axis, int32 width, then each column of the channels. */
  byte[] encode() {
    int channels = Math.max(0, width);
    ByteBuffer out = ByteBuffer.allocate(5 + channels * (2 * FixedSums.BYTES + 8 + 3 * 4));
    out.put((byte) (last ? 1 : 0)).putInt(width);
    signal.encode(out);
    noise.encode(out);
    for (int i = 0; i < channels; i++) {
      out.putLong(counts[i]).putFloat(lows[i]).putFloat(highs[i]).putFloat(errors[i]);
    }
    return out.array();
  }

  static ChannelSums decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    ChannelSums sums = new ChannelSums(in.get() == 1);
    sums.width = in.getInt();
    sums.allocate();
    int channels = Math.max(0, sums.width);
    sums.signal = FixedSums.decode(in, channels);
    sums.noise = FixedSums.decode(in, channels);
    for (int i = 0; i < channels; i++) {
      sums.counts[i] = in.getLong();
      sums.lows[i] = in.getFloat();
      sums.highs[i] = in.getFloat();
      sums.errors[i] = in.getFloat();
    }
    return sums;
  }
}
