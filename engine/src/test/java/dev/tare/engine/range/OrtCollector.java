package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import java.util.Arrays;

/**
 * ONNX Runtime's histogram collectors in float32, so that its golden ranges can be checked from the
 * data they were made of.
 */
final class OrtCollector {

  private final boolean magnitudes;
  private long[] counts;
  private float[] edges;
  private float threshold;
  private float min;
  private float max;

  OrtCollector(boolean magnitudes, int bins) {
    this.magnitudes = magnitudes;
    this.counts = new long[bins];
  }

  void add(float[] values) {
    float low = values[0];
    float high = values[0];
    for (float v : values) {
      low = Math.min(low, v);
      high = Math.max(high, v);
    }
    if (magnitudes) {
      addMagnitudes(values);
    } else {
      addTwoSided(values, Math.max(Math.abs(low), Math.abs(high)));
    }
    boolean first = min == 0 && max == 0;
    min = first ? low : Math.min(min, low);
    max = first ? high : Math.max(max, high);
  }

  private void addTwoSided(float[] values, float magnitude) {
    if (edges == null) {
      threshold = magnitude;
      edges = edges(-magnitude, magnitude, counts.length);
    } else if (magnitude > threshold) {
      float width = 2f * threshold / counts.length;
      int grown = (int) Math.floor((magnitude - threshold) / width) + 1;
      threshold = grown * width + threshold;
      long[] wider = new long[counts.length + 2 * grown];
      System.arraycopy(counts, 0, wider, grown, counts.length);
      counts = wider;
      edges = edges(-threshold, threshold, counts.length);
    }
    count(values);
  }

  private void addMagnitudes(float[] values) {
    float[] absolute = values.clone();
    float low = Float.MAX_VALUE;
    float high = 0;
    for (int i = 0; i < absolute.length; i++) {
      absolute[i] = Math.abs(absolute[i]);
      low = Math.min(low, absolute[i]);
      high = Math.max(high, absolute[i]);
    }
    if (edges == null) {
      edges = edges(low, high, counts.length);
    } else if (high > edges[counts.length]) {
      grow(high);
    }
    count(absolute);
  }

  /** numpy.arange(last + width, high + width, width), whose length comes from double arithmetic. */
  private void grow(float high) {
    int bins = counts.length;
    float width = edges[1] - edges[0];
    float start = edges[bins] + width;
    int more = (int) Math.ceil(((double) (high + width) - start) / width);
    float delta = (start + width) - start;
    long[] wider = new long[bins + more];
    float[] longer = new float[bins + more + 1];
    System.arraycopy(counts, 0, wider, 0, bins);
    System.arraycopy(edges, 0, longer, 0, bins + 1);
    for (int i = 0; i < more; i++) {
      longer[bins + 1 + i] = i == 1 ? start + width : start + i * delta;
    }
    counts = wider;
    edges = longer;
  }

  private void count(float[] values) {
    int bins = counts.length;
    for (float v : values) {
      if (v < edges[0] || v > edges[bins]) {
        continue;
      }
      int found = Arrays.binarySearch(edges, v);
      int bin = found >= 0 ? found : -found - 2;
      counts[Math.min(bin, bins - 1)]++;
    }
  }

  private static float[] edges(float low, float high, int bins) {
    float step = (high - low) / bins;
    float[] edges = new float[bins + 1];
    for (int i = 0; i < bins; i++) {
      edges[i] = i * step + low;
    }
    edges[bins] = high;
    return edges;
  }

  int bins() {
    return counts.length;
  }

  Distribution distribution() {
    double[] lower = new double[counts.length];
    double[] upper = new double[counts.length];
    for (int i = 0; i < counts.length; i++) {
      lower[i] = edges[i];
      upper[i] = edges[i + 1];
    }
    return Distribution.of(lower, upper, counts, min, max);
  }
}
