package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Groups samples of equal shapes into batches, so that no padding enters a statistic.
 *
 * <p>Not thread-safe; confined to one task. The number and bytes of waiting samples are bounded:
 * when too many shapes wait at once, the fullest group is passed on early.
 *
 * @param <T> a sample, or a pair of a sample and something else
 */
public final class Batcher<T> {

  private static final int MAX_WAITING = 1024;

  /** Images that all differ in size would wait in vain, and may be large. */
  static final long MAX_WAITING_BYTES = 64L << 20;

  private final int batchSize;
  private final Function<T, Sample> sampleOf;
  private final Consumer<List<T>> sink;
  private final Map<String, List<T>> waiting = new LinkedHashMap<>();
  private int waitingSamples;
  private long waitingBytes;

  /**
   * @param batchSize at least 1
   * @param sampleOf returns the sample of an added element
   * @param sink receives batches of 1 to {@code batchSize} samples of equal shapes
   */
  public Batcher(int batchSize, Function<T, Sample> sampleOf, Consumer<List<T>> sink) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("Invalid batch size: " + batchSize);
    }
    this.batchSize = batchSize;
    this.sampleOf = sampleOf;
    this.sink = sink;
  }

  /** Adds one sample; passes on a batch when it is full. */
  public void add(T sample) {
    String key = sampleOf.apply(sample).shapeKey();
    List<T> group = waiting.computeIfAbsent(key, k -> new ArrayList<>(batchSize));
    group.add(sample);
    waitingSamples++;
    waitingBytes += bytes(sample);
    if (group.size() == batchSize) {
      emit(key);
    }
    while (waitingSamples > MAX_WAITING || waitingBytes > MAX_WAITING_BYTES) {
      emit(fullest());
    }
  }

  /** Passes on all samples that still wait. */
  public void flush() {
    for (Iterator<List<T>> groups = waiting.values().iterator(); groups.hasNext(); ) {
      sink.accept(groups.next());
      groups.remove();
    }
    waitingSamples = 0;
    waitingBytes = 0;
  }

  private void emit(String key) {
    List<T> group = waiting.remove(key);
    waitingSamples -= group.size();
    group.forEach(sample -> waitingBytes -= bytes(sample));
    sink.accept(group);
  }

  private long bytes(T sample) {
    long bytes = 0;
    for (Tensor tensor : sampleOf.apply(sample).inputs().values()) {
      bytes += tensor.bytes().remaining();
    }
    return bytes;
  }

  private String fullest() {
    return waiting.entrySet().stream()
        .max((a, b) -> Integer.compare(a.getValue().size(), b.getValue().size()))
        .orElseThrow()
        .getKey();
  }
}
