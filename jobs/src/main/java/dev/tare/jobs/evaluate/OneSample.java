package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.jobs.artifact.PerSample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A sample's comparison with a few of its values, and what many of them give together.
 *
 * @param sample the sha256 of its encoding in hexadecimal
 * @param error of the quantized vector
 * @param floats up to {@value #VALUES} values of the float model
 * @param quantized the quantized model's values at the same places
 */
record OneSample(String sample, QuantError error, List<Float> floats, List<Float> quantized) {

  /** Values of a sample that are kept. */
  private static final int VALUES = 8;

  /** Samples whose values are kept. */
  private static final int MOST_SAMPLES = 128;

  private static final int MOST_WORST = 10;

  /**
   * Sums up samples.
   *
   * @param samples in the order of their hashes
   */
  static PerSample together(List<OneSample> samples) {
    List<Float> floats = new ArrayList<>();
    List<Float> quantized = new ArrayList<>();
    int kept = Math.min(MOST_SAMPLES, samples.size());
    for (int i = 0; i < kept; i++) {
      OneSample one = samples.get((int) ((long) i * samples.size() / kept));
      floats.addAll(one.floats());
      quantized.addAll(one.quantized());
    }
    double[] cosines = samples.stream().mapToDouble(one -> one.error().cosine()).toArray();
    Comparator<OneSample> byCosine = Comparator.comparingDouble(one -> one.error().cosine());
    return new PerSample(
        quantiles(cosines),
        quantiles(samples.stream().mapToDouble(one -> one.error().sqnrDb()).toArray()),
        samples.stream()
            .sorted(byCosine.thenComparing(OneSample::sample))
            .limit(MOST_WORST)
            .map(
                one ->
                    new PerSample.Worst(one.sample(), one.error().cosine(), one.error().sqnrDb()))
            .toList(),
        floats,
        quantized,
        Bootstrap.mean(cosines, samples.stream().map(OneSample::sample).toList()));
  }

  private static List<Double> quantiles(double[] values) {
    if (values.length == 0) {
      return List.of();
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return IntStream.rangeClosed(0, 100)
        .mapToObj(p -> sorted[Math.max(0, (int) Math.ceil(p / 100.0 * sorted.length) - 1)])
        .toList();
  }

  /**
   * Some places of a vector: one in each of equal parts, where in the part the hash decides, so
   * that they do not all fall on the same channels.
   *
   * @param hash of the sample, 32 bytes
   */
  static int[] places(byte[] hash, int size) {
    int[] places = new int[Math.min(VALUES, size)];
    for (int i = 0; i < places.length; i++) {
      long start = (long) i * size / places.length;
      long end = (long) (i + 1) * size / places.length;
      int random = (hash[2 * i] & 0xff) << 8 | (hash[2 * i + 1] & 0xff);
      places[i] = (int) (start + (end - start) * random / 65536);
    }
    return places;
  }
}
