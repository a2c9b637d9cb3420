package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Groups samples of equal shapes into batches, so that no padding enters a statistic.
 *
 * <p>Not thread-safe; confined to one task. Waiting samples are bounded: when too many shapes wait
 * at once, the fullest group goes out early.
 */
public final class Batcher {

  private static final int MAX_WAITING = 1024;

  private final int batchSize;
  private final Consumer<List<Sample>> sink;
  private final Map<String, List<Sample>> waiting = new LinkedHashMap<>();
  private int waitingSamples;

  /**
   * @param batchSize at least 1
   * @param sink receives batches of 1 to {@code batchSize} samples of equal shapes
   */
  public Batcher(int batchSize, Consumer<List<Sample>> sink) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("Invalid batch size: " + batchSize);
    }
    this.batchSize = batchSize;
    this.sink = sink;
  }

  /** Takes one sample; passes a batch on when one is full. */
  public void add(Sample sample) {
    String key = sample.shapeKey();
    List<Sample> group = waiting.computeIfAbsent(key, k -> new ArrayList<>(batchSize));
    group.add(sample);
    waitingSamples++;
    if (group.size() == batchSize) {
      emit(key);
    } else if (waitingSamples > MAX_WAITING) {
      emit(fullest());
    }
  }

  /** Passes on all that still waits. */
  public void flush() {
    for (Iterator<List<Sample>> groups = waiting.values().iterator(); groups.hasNext(); ) {
      sink.accept(groups.next());
      groups.remove();
    }
    waitingSamples = 0;
  }

  private void emit(String key) {
    List<Sample> group = waiting.remove(key);
    waitingSamples -= group.size();
    sink.accept(group);
  }

  private String fullest() {
    return waiting.entrySet().stream()
        .max((a, b) -> Integer.compare(a.getValue().size(), b.getValue().size()))
        .orElseThrow()
        .getKey();
  }
}
