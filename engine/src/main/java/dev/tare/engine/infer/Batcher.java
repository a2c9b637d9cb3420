package dev.tare.engine.infer;

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
 * <p>Not thread-safe; confined to one task. Waiting samples are bounded: when too many shapes wait
 * at once, the fullest group goes out early.
 *
 * @param <T> a sample, or one with something beside it
 */
public final class Batcher<T> {

  private static final int MAX_WAITING = 1024;

  private final int batchSize;
  private final Function<T, String> shapeKey;
  private final Consumer<List<T>> sink;
  private final Map<String, List<T>> waiting = new LinkedHashMap<>();
  private int waitingSamples;

  /**
   * @param batchSize at least 1
   * @param shapeKey gives the {@link dev.tare.engine.tensor.Sample#shapeKey} of what is added
   * @param sink receives batches of 1 to {@code batchSize} samples of equal shapes
   */
  public Batcher(int batchSize, Function<T, String> shapeKey, Consumer<List<T>> sink) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("Invalid batch size: " + batchSize);
    }
    this.batchSize = batchSize;
    this.shapeKey = shapeKey;
    this.sink = sink;
  }

  /** Takes one sample; passes a batch on when one is full. */
  public void add(T sample) {
    String key = shapeKey.apply(sample);
    List<T> group = waiting.computeIfAbsent(key, k -> new ArrayList<>(batchSize));
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
    for (Iterator<List<T>> groups = waiting.values().iterator(); groups.hasNext(); ) {
      sink.accept(groups.next());
      groups.remove();
    }
    waitingSamples = 0;
  }

  private void emit(String key) {
    List<T> group = waiting.remove(key);
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
