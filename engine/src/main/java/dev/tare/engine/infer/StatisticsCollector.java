package dev.tare.engine.infer;

import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.observe.WholeTables;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Runs samples through a model and fills the statistics of its tensors.
 *
 * <p>Law: the statistics depend on the multiset of samples alone, provided that {@link BatchProbe}
 * allows the batch size.
 *
 * <p>Not thread-safe; confined to one Spark task.
 */
public final class StatisticsCollector {

  private final Runner runner;
  private final Batcher<Known> batcher;
  private final Map<String, Observer> observers = new LinkedHashMap<>();
  private long samples;
  private long batches;
  private long runNanos;
  private long observeNanos;

  /** A sample that waits, and where it is from. */
  private record Known(Sample sample, SampleOrigin origin) {}

  /**
   * @param observed what to keep of each tensor; every one a float32 output of the model
   * @param batchSize at least 1
   * @throws IllegalArgumentException if a tensor is no float32 output
   */
  public StatisticsCollector(
      Inference inference, SortedMap<String, ObserverOptions> observed, int batchSize) {
    this(inference, observed, batchSize, WholeTables.DENSE);
  }

  /**
   * @param observed what to keep of each tensor; every one a float32 output of the model
   * @param batchSize at least 1
   * @param tables changes speed and room, never the statistics
   * @throws IllegalArgumentException if a tensor is no float32 output
   */
  public StatisticsCollector(
      Inference inference,
      SortedMap<String, ObserverOptions> observed,
      int batchSize,
      WholeTables tables) {
    this.runner = inference.runner(List.copyOf(observed.keySet()));
    this.batcher = new Batcher<>(batchSize, Known::sample, this::run);
    int[] room = Observer.room();
    observed.forEach(
        (tensor, options) -> observers.put(tensor, Observer.create(tensor, options, tables, room)));
  }

  /**
   * Takes one sample, known by its content, which runs with others of its shapes.
   *
   * @throws InferenceException as {@link #add(Sample, SampleOrigin)}
   */
  public void add(Sample sample) {
    add(sample, SampleOrigin.of(sample));
  }

  /**
   * Takes one sample, which runs with others of its shapes.
   *
   * @param origin what the statistics keep of it if it holds an extreme
   * @throws InferenceException if ONNX Runtime cannot run a batch, or a tensor's shape depends on
   *     values though samples run in batches: which values are whose is then not known
   */
  public void add(Sample sample, SampleOrigin origin) {
    samples++;
    batcher.add(new Known(sample, origin));
  }

  private void run(List<Known> batch) {
    long start = System.nanoTime();
    long[] observing = new long[1];
    List<SampleOrigin> origins = batch.stream().map(Known::origin).toList();
    runner.run(
        batch.stream().map(Known::sample).toList(),
        (tensor, floats, shape) -> observing[0] += observe(tensor, floats, shape, origins));
    if (batch.size() > 1) {
      runner.requireEqualShapes();
    }
    batches++;
    observeNanos += observing[0];
    runNanos += System.nanoTime() - start - observing[0];
  }

  private long observe(String tensor, ByteBuffer floats, Shape shape, List<SampleOrigin> origins) {
    long start = System.nanoTime();
    // A tensor of rows chosen by value may be empty: then it holds nothing, not even an extreme.
    if (shape.size() > 0) {
      observers.get(tensor).observe(floats, shape, origins);
    }
    return System.nanoTime() - start;
  }

  /** Runs what still waits and gives the statistics, in the order of tensor names. */
  public List<TensorStatistics> finish() {
    batcher.flush();
    List<TensorStatistics> all = new ArrayList<>(observers.size());
    observers.values().forEach(observer -> all.add(observer.statistics()));
    observers.clear();
    return all;
  }

  /**
   * Runs what still waits and gives the statistics one block at a time, in the order of names.
   *
   * <p>Statistics take more room than the tables of their observer, which goes as they come: a
   * caller that lets go of blocks too never holds more than one. The collector is done.
   */
  public Iterator<StatisticsBlock> drain() {
    batcher.flush();
    return drain(observers.values().iterator());
  }

  /** Static, so that it does not keep the runner and its buffers. */
  private static Iterator<StatisticsBlock> drain(Iterator<Observer> observers) {
    return new Iterator<>() {
      private Iterator<StatisticsBlock> blocks = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        return blocks.hasNext() || observers.hasNext();
      }

      @Override
      public StatisticsBlock next() {
        if (!blocks.hasNext()) {
          blocks = observers.next().blocks();
          observers.remove();
        }
        return blocks.next();
      }
    };
  }

  /** Samples taken so far. */
  public long samples() {
    return samples;
  }

  /** Batches run so far. */
  public long batches() {
    return batches;
  }

  /** Time inside ONNX Runtime so far. */
  public long runNanos() {
    return runNanos;
  }

  /** Time spent on counting so far. */
  public long observeNanos() {
    return observeNanos;
  }
}
