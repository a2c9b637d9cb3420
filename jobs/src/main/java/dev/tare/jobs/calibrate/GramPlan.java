package dev.tare.jobs.calibrate;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.GramObserver;
import dev.tare.engine.pass.GramInput;
import dev.tare.engine.statistics.GramScales;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Which tensors get a Gram matrix, under which scales, and the memory that one task needs.
 *
 * @param inputs by the name of the matrix
 * @param scales of the rows of each matrix
 * @param bytes of heap for the matrices of one task
 * @param beside bytes outside the heap for one multiplication
 */
record GramPlan(
    SortedMap<String, GramInput> inputs,
    SortedMap<String, GramScales> scales,
    long bytes,
    long beside) {

  /** What a task needs besides: one block to be sent, and waiting samples. */
  private static final long BESIDE = 48L << 20;

  GramPlan {
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    scales = Collections.unmodifiableSortedMap(new TreeMap<>(scales));
  }

  /**
   * Returns the observed inputs of MatMul and Gemm with a constant matrix, whose channels are on
   * the last axis, and of Conv without groups, by the name of the matrix.
   */
  static SortedMap<String, GramInput> inputs(ModelGraph graph, List<ObservedTensor> observed) {
    GramInput.Finder finder = new GramInput.Finder(graph);
    SortedMap<String, GramInput> inputs = new TreeMap<>();
    for (QuantizableNode node : graph.nodes()) {
      if (observed.stream().anyMatch(tensor -> tensor.tensor().equals(node.input()))) {
        finder.of(node, node.input()).ifPresent(input -> inputs.put(input.matrix(), input));
      }
    }
    return inputs;
  }

  /**
   * Reads the scales of inputs from statistics with extremes of channels.
   *
   * @param notices told about tensors that are left out
   * @throws TareException (bad input) if a tensor's channels are not in the statistics
   */
  static GramPlan read(
      SparkSession spark,
      SortedMap<String, GramInput> inputs,
      Path statistics,
      Consumer<String> notices) {
    SortedMap<String, SortedMap<Integer, Float>> reaches = new TreeMap<>();
    for (Row row :
        StatisticsStore.read(spark, statistics)
            .filter(
                functions
                    .col("tensor")
                    .isin(inputs.values().stream().map(GramInput::tensor).distinct().toArray())
                    .and(functions.col("channel").isNotNull()))
            .select("tensor", "channel", "min", "max")
            .collectAsList()) {
      float reach =
          row.isNullAt(2) ? 0 : Math.max(Math.abs(row.getFloat(2)), Math.abs(row.getFloat(3)));
      reaches.computeIfAbsent(row.getString(0), t -> new TreeMap<>()).put(row.getInt(1), reach);
    }
    SortedMap<String, GramScales> scales = new TreeMap<>();
    long bytes = BESIDE;
    long beside = 0;
    SortedMap<String, GramInput> kept = new TreeMap<>();
    for (GramInput input : inputs.values()) {
      String tensor = input.tensor();
      List<Float> own = new ArrayList<>(reaches.getOrDefault(tensor, new TreeMap<>()).values());
      if (own.isEmpty()) {
        throw TareException.badInput(
            "The statistics have no channels of tensor '%s', whose extremes are the scales of its Gram matrix: calibrate with --channels extremes or histogram, or give --gram-scales RUN"
                .formatted(tensor));
      }
      int rows = own.size() * input.taps();
      if (rows > GramScales.MAX_CHANNELS) {
        notices.accept(
            "No Gram matrix of tensor '%s': %d channels, more than %d"
                .formatted(tensor, rows, GramScales.MAX_CHANNELS));
        continue;
      }
      kept.put(input.matrix(), input);
      scales.put(input.matrix(), GramScales.ofReaches(own).repeated(input.taps()));
      bytes = Math.addExact(bytes, GramObserver.heapBytes(rows));
      beside = Math.max(beside, CodeProducts.bytesBeside(rows));
    }
    return new GramPlan(kept, scales, bytes, beside);
  }

  /**
   * Returns the plan without the largest matrices, as long as those of one task do not fit; the
   * weights of these inputs can then only be rounded to nearest.
   *
   * @param notices told about tensors that are left out
   * @throws TareException (usage) if none fits; the message says what to set
   */
  GramPlan fitting(TaskHeap heap, Consumer<String> notices) {
    if (bytes <= heap.room()) {
      return this;
    }
    List<String> bySize = new ArrayList<>(scales.keySet());
    bySize.sort(Comparator.<String>comparingInt(matrix -> -rows(matrix)).thenComparing(m -> m));
    SortedMap<String, GramInput> kept = new TreeMap<>(inputs);
    long needed = bytes;
    for (String matrix : bySize) {
      if (needed <= heap.room()) {
        break;
      }
      kept.remove(matrix);
      needed -= GramObserver.heapBytes(rows(matrix));
    }
    if (kept.isEmpty()) {
      throw TareException.usage(
          "A task needs up to %s for %d Gram matrices, but of a heap of %s Spark leaves %s: set %s, or leave gram out of --collect (a recipe with gptq needs it)"
              .formatted(
                  TaskHeap.text(bytes),
                  scales.size(),
                  TaskHeap.text(heap.bytes()),
                  TaskHeap.text(heap.room()),
                  heap.settingFor(bytes)));
    }
    List<String> left = bySize.subList(0, bySize.size() - kept.size());
    notices.accept(
        "No Gram matrices of %d of %d inputs, whose weights are rounded to nearest: a task would need up to %s for all, but of a heap of %s Spark leaves %s; for all set %s. The largest is of tensor '%s' with %d rows"
            .formatted(
                left.size(),
                scales.size(),
                TaskHeap.text(bytes),
                TaskHeap.text(heap.bytes()),
                TaskHeap.text(heap.room()),
                heap.settingFor(bytes),
                left.get(0),
                rows(left.get(0))));
    SortedMap<String, GramScales> some = new TreeMap<>(scales);
    some.keySet().retainAll(kept.keySet());
    long beside =
        some.keySet().stream().mapToLong(m -> CodeProducts.bytesBeside(rows(m))).max().orElse(0);
    return new GramPlan(kept, some, needed, beside);
  }

  private int rows(String matrix) {
    return scales.get(matrix).exponents().size();
  }
}
