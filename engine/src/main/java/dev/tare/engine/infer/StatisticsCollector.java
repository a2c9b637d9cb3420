package dev.tare.engine.infer;

import dev.tare.engine.observe.Collector;
import dev.tare.engine.observe.FoldsObserver;
import dev.tare.engine.observe.GramObserver;
import dev.tare.engine.observe.MomentsObserver;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.observe.WholeTables;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * Runs samples through a model and fills the statistics of its tensors.
 *
 * <p>Law: the statistics depend only on the multiset of samples if {@link BatchProbe} allows the
 * batch size.
 *
 * <p>Not thread-safe; confined to one Spark task.
 */
public final class StatisticsCollector {

  private final Runner runner;
  private final Batcher<Known> batcher;
  private final Map<String, List<Collector>> collectors = new LinkedHashMap<>();
  private long samples;
  private long batches;
  private long runNanos;
  private long observeNanos;

  /** A waiting sample and its origin. */
  private record Known(Sample sample, SampleOrigin origin) {}

  /**
   * @param observed what to keep of each tensor; each must be a float32 output of the model
   * @param batchSize at least 1
   * @throws IllegalArgumentException if a tensor is not a float32 output
   */
  public StatisticsCollector(
      Session session, SortedMap<String, ObserverOptions> observed, int batchSize) {
    this(session, observed, batchSize, WholeTables.DENSE, EnumSet.of(StateKind.HISTOGRAM));
  }

  /**
   * @param observed what to keep of each tensor; each must be a float32 output of the model
   * @param batchSize at least 1
   * @param tables affects speed and memory, never the statistics
   * @param kinds what to collect of every tensor
   * @throws IllegalArgumentException if a tensor is not a float32 output
   */
  public StatisticsCollector(
      Session session,
      SortedMap<String, ObserverOptions> observed,
      int batchSize,
      WholeTables tables,
      Set<StateKind> kinds) {
    this.runner = session.runner(List.copyOf(observed.keySet()));
    this.batcher = new Batcher<>(batchSize, Known::sample, this::run);
    int[] room = Observer.room();
    observed.forEach(
        (tensor, options) -> {
          List<Collector> own = new ArrayList<>();
          for (StateKind kind : kinds) {
            own.add(collector(kind, tensor, options, tables, room));
          }
          collectors.put(tensor, own);
        });
  }

  /**
   * Creates a collector of Gram matrices.
   *
   * @param observers by the tensor whose values they get; each must be a float32 output of the
   *     model
   * @param batchSize at least 1
   * @throws IllegalArgumentException if a tensor is not a float32 output
   */
  public StatisticsCollector(
      Session session, int batchSize, SortedMap<String, List<GramObserver>> observers) {
    this.runner = session.runner(List.copyOf(observers.keySet()));
    this.batcher = new Batcher<>(batchSize, Known::sample, this::run);
    observers.forEach((tensor, own) -> collectors.put(tensor, List.copyOf(own)));
  }

  private static Collector collector(
      StateKind kind, String tensor, ObserverOptions options, WholeTables tables, int[] room) {
    return switch (kind) {
      case HISTOGRAM -> Observer.create(tensor, options, tables, room);
      case MOMENTS -> new MomentsObserver(tensor, options, room);
      case FOLDS -> new FoldsObserver(tensor, options, room);
      case GRAM ->
          throw new IllegalArgumentException("Gram matrices need the scales of a first pass");
      case PAIRS -> throw new IllegalArgumentException("Paired sums need a quantized model");
    };
  }

  /**
   * Adds one sample without file and row; it runs in a batch with others of its shapes.
   *
   * @throws InferenceException as {@link #add(Sample, SampleOrigin)}
   */
  public void add(Sample sample) {
    add(sample, SampleOrigin.of(sample));
  }

  /**
   * Adds one sample; it runs in a batch with others of its shapes.
   *
   * @param origin what the statistics keep of it if it contains an extreme
   * @throws InferenceException if ONNX Runtime cannot run a batch, or a tensor's shape depends on
   *     values while samples run in batches, so that its values cannot be assigned to samples
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
    // A tensor of rows chosen by value may be empty: then it has no values and no extremes.
    if (shape.size() > 0) {
      for (Collector collector : collectors.get(tensor)) {
        collector.observe(floats, shape, origins);
      }
    }
    return System.nanoTime() - start;
  }

  /** Runs the samples that still wait and returns the statistics, sorted by tensor name. */
  public List<TensorStatistics> finish() {
    Map<String, List<StatisticsBlock>> blocks = new LinkedHashMap<>();
    drain()
        .forEachRemaining(
            state -> {
              if (state instanceof StatisticsBlock block) {
                blocks.computeIfAbsent(block.key().tensor(), t -> new ArrayList<>()).add(block);
              }
            });
    return blocks.values().stream().map(TensorStatistics::ofBlocks).toList();
  }

  /**
   * Runs the samples that still wait and returns the states one block at a time, sorted by tensor
   * name.
   *
   * <p>States need more memory than the tables they are made from, so each collector is released as
   * its blocks are returned: a caller that keeps no blocks never has more than one in memory. The
   * collector cannot be used afterwards.
   */
  public Iterator<MergeableState> drain() {
    batcher.flush();
    List<Collector> all = new ArrayList<>();
    collectors.values().forEach(all::addAll);
    collectors.clear();
    return drain(new ArrayDeque<>(all));
  }

  /** Static, so that it does not keep the runner and its buffers. */
  private static Iterator<MergeableState> drain(Deque<Collector> collectors) {
    return new Iterator<>() {
      private Iterator<? extends MergeableState> blocks = Collections.emptyIterator();

      @Override
      public boolean hasNext() {
        return blocks.hasNext() || !collectors.isEmpty();
      }

      @Override
      public MergeableState next() {
        if (!blocks.hasNext()) {
          blocks = collectors.remove().blocks();
        }
        return blocks.next();
      }
    };
  }

  /** Number of samples added so far. */
  public long samples() {
    return samples;
  }

  /** Number of batches run so far. */
  public long batches() {
    return batches;
  }

  /** Nanoseconds spent in the runtime so far. */
  public long runNanos() {
    return runNanos;
  }

  /** Nanoseconds spent on counting so far. */
  public long observeNanos() {
    return observeNanos;
  }
}
