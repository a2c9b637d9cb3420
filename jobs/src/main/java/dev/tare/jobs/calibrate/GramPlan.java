package dev.tare.jobs.calibrate;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.GramObserver;
import dev.tare.engine.statistics.GramScales;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.table.StatisticsStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * @param scales of the channels of each tensor
 * @param axes channel axis of each, from the end
 * @param bytes of heap for the matrices of one task
 * @param beside bytes outside the heap for one multiplication
 */
record GramPlan(
    SortedMap<String, GramScales> scales,
    SortedMap<String, Integer> axes,
    long bytes,
    long beside) {

  private static final Set<String> PRODUCTS = Set.of("MatMul", "Gemm");

  /** What a task needs besides: one block to be sent, and waiting samples. */
  private static final long BESIDE = 48L << 20;

  GramPlan {
    scales = Collections.unmodifiableSortedMap(new TreeMap<>(scales));
    axes = Collections.unmodifiableSortedMap(new TreeMap<>(axes));
  }

  /**
   * Returns the observed inputs of MatMul and Gemm with a constant matrix, whose channels are on
   * the last axis.
   */
  static SortedMap<String, Integer> inputs(ModelGraph graph, List<ObservedTensor> observed) {
    Map<String, Integer> axes = graph.activations().channelAxes();
    SortedMap<String, Integer> inputs = new TreeMap<>();
    for (QuantizableNode node : graph.nodes()) {
      boolean fits =
          PRODUCTS.contains(node.opType())
              && node.inputIndex() == 0
              && node.weightShape().rank() == 2
              && Integer.valueOf(-1).equals(axes.get(node.input()))
              && observed.stream().anyMatch(tensor -> tensor.tensor().equals(node.input()));
      if (fits) {
        inputs.put(node.input(), -1);
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
      SortedMap<String, Integer> inputs,
      Path statistics,
      Consumer<String> notices) {
    SortedMap<String, SortedMap<Integer, Float>> reaches = new TreeMap<>();
    for (Row row :
        StatisticsStore.read(spark, statistics)
            .filter(
                functions
                    .col("tensor")
                    .isin(inputs.keySet().toArray())
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
    for (String tensor : inputs.keySet()) {
      List<Float> own = new ArrayList<>(reaches.getOrDefault(tensor, new TreeMap<>()).values());
      if (own.isEmpty()) {
        throw TareException.badInput(
            "The statistics have no channels of tensor '%s', whose extremes are the scales of its Gram matrix: calibrate with --channels extremes or histogram, or give --gram-scales RUN"
                .formatted(tensor));
      }
      if (own.size() > GramScales.MAX_CHANNELS) {
        notices.accept(
            "No Gram matrix of tensor '%s': %d channels, more than %d"
                .formatted(tensor, own.size(), GramScales.MAX_CHANNELS));
        continue;
      }
      scales.put(tensor, GramScales.ofReaches(own));
      bytes = Math.addExact(bytes, GramObserver.heapBytes(own.size()));
      beside = Math.max(beside, CodeProducts.bytesBeside(own.size()));
    }
    SortedMap<String, Integer> axes = new TreeMap<>(inputs);
    axes.keySet().retainAll(scales.keySet());
    return new GramPlan(scales, axes, bytes, beside);
  }

  /**
   * Checks that the matrices of one task fit.
   *
   * @throws TareException (usage) if not; the message says what to set
   */
  void requireRoom(TaskHeap heap) {
    if (bytes > heap.room()) {
      throw TareException.usage(
          "A task needs up to %s for %d Gram matrices, but of a heap of %s Spark leaves %s: set %s, or leave gram out of --collect (a recipe with gptq needs it)"
              .formatted(
                  TaskHeap.text(bytes),
                  scales.size(),
                  TaskHeap.text(heap.bytes()),
                  TaskHeap.text(heap.room()),
                  heap.settingFor(bytes)));
    }
  }
}
