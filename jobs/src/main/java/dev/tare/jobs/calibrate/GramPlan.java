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
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Which tensors get a Gram matrix, under which scales, which of them only its diagonal, and the
 * memory that one task needs.
 *
 * @param inputs by the name of the matrix
 * @param scales of the rows of each matrix
 * @param diagonal names of those of which only the diagonal is kept
 * @param bytes of heap for the matrices of one task
 * @param beside bytes outside the heap for one multiplication
 */
record GramPlan(
    SortedMap<String, GramInput> inputs,
    SortedMap<String, GramScales> scales,
    SortedSet<String> diagonal,
    long bytes,
    long beside) {

  /** What a task needs besides: one block to be sent, and waiting samples. */
  private static final long BESIDE = 48L << 20;

  GramPlan {
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    scales = Collections.unmodifiableSortedMap(new TreeMap<>(scales));
    diagonal = Collections.unmodifiableSortedSet(new TreeSet<>(diagonal));
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
    return new GramPlan(kept, scales, new TreeSet<>(), bytes, beside);
  }

  /**
   * Returns the plan with only the diagonals of the largest matrices, as long as those of one task
   * do not fit; the weights of these inputs can then only be rounded to nearest.
   *
   * @param megabytes of heap for all matrices; empty for what there is
   * @param notices told about these tensors
   * @throws TareException (usage) if not even diagonals fit; the message says what to set
   */
  GramPlan fitting(TaskHeap heap, OptionalInt megabytes, Consumer<String> notices) {
    long allowed = heap.room();
    if (megabytes.isPresent()) {
      allowed = Math.min(allowed, BESIDE + ((long) megabytes.getAsInt() << 20));
    }
    if (bytes <= allowed) {
      return this;
    }
    List<String> bySize = new ArrayList<>(scales.keySet());
    bySize.sort(Comparator.<String>comparingInt(matrix -> -rows(matrix)).thenComparing(m -> m));
    SortedSet<String> alone = new TreeSet<>();
    long needed = bytes;
    for (String matrix : bySize) {
      if (needed <= allowed) {
        break;
      }
      alone.add(matrix);
      int rows = rows(matrix);
      needed -= GramObserver.heapBytes(rows) - GramObserver.diagonalBytes(rows);
    }
    if (needed > heap.room()) {
      throw TareException.usage(
          "A task needs up to %s for %d Gram matrices, and %s for their diagonals, but of a heap of %s Spark leaves %s: set %s, or leave gram out of --collect (a recipe with gptq needs it)"
              .formatted(
                  TaskHeap.text(bytes),
                  scales.size(),
                  TaskHeap.text(needed),
                  TaskHeap.text(heap.bytes()),
                  TaskHeap.text(heap.room()),
                  heap.settingFor(bytes)));
    }
    String largest = bySize.get(0);
    notices.accept(
        "Of %d of %d Gram matrices only the diagonals are kept, and the weights of these inputs are rounded to nearest: a task would need up to %s for all, %s. The largest is of tensor '%s' with %d rows"
            .formatted(
                alone.size(),
                scales.size(),
                TaskHeap.text(bytes),
                allowed < heap.room()
                    ? "but --gram-memory is %d MB".formatted(megabytes.getAsInt())
                    : "but of a heap of %s Spark leaves %s; for all set %s"
                        .formatted(
                            TaskHeap.text(heap.bytes()),
                            TaskHeap.text(heap.room()),
                            heap.settingFor(bytes)),
                largest,
                rows(largest)));
    long multiplied =
        scales.keySet().stream()
            .filter(matrix -> !alone.contains(matrix))
            .mapToLong(matrix -> CodeProducts.bytesBeside(rows(matrix)))
            .max()
            .orElse(0);
    return new GramPlan(inputs, scales, alone, needed, multiplied);
  }

  private int rows(String matrix) {
    return scales.get(matrix).exponents().size();
  }
}
