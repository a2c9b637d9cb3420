package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.StateMemory;
import dev.tare.engine.observe.WholeTables;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is kept per channel, and an upper bound of the heap that the states of one task need.
 *
 * <p>Law: it depends only on the observed tensors, their channels and the settings. It does not
 * depend on cluster, heap or data, so neither do the statistics; too small a heap is refused, see
 * {@link #requireRoom}.
 *
 * @param observed the tensors, each with what is kept of it
 * @param kinds what is collected of each; the choice of the mode does not depend on it, so neither
 *     do the histograms
 * @param mode what is kept of channels
 * @param channels all channels of all tensors
 * @param bytes of heap that one task takes at most with the smaller tables
 * @param denseBytes the same with the faster ones
 * @param histogramBytes what histograms of all channels would have taken, with the smaller tables
 */
record StatePlan(
    List<ObservedTensor> observed,
    SortedSet<StateKind> kinds,
    ChannelMode mode,
    long channels,
    long bytes,
    long denseBytes,
    long histogramBytes) {

  /**
   * The limit of {@code --channels auto} for the states of one task. It fits an executor of 2 GB
   * with Spark's default settings.
   */
  static final long AUTO_BYTES = 896L << 20;

  /** What a task needs besides tables: one block to be sent, and waiting samples. */
  private static final long BESIDE = 24L << 20;

  StatePlan {
    observed = List.copyOf(observed);
    kinds = Collections.unmodifiableSortedSet(new TreeSet<>(kinds));
  }

  /**
   * Decides what is kept of every tensor and its channels, and how much memory a task needs.
   *
   * @param tensors what is observed
   * @param channels number of channels by tensor; tensors without channels are absent
   * @param asked the user's choice; empty for what fits
   * @param kinds what is collected
   */
  static StatePlan of(
      List<ObservedTensor> tensors,
      Map<String, Long> channels,
      Optional<ChannelMode> asked,
      SortedSet<StateKind> kinds) {
    ChannelMode mode = asked.orElse(ChannelMode.HISTOGRAM);
    while (asked.isEmpty()
        && mode != ChannelMode.NONE
        && bytes(tensors, channels, mode, WholeTables.PAGED) > AUTO_BYTES) {
      mode = mode == ChannelMode.HISTOGRAM ? ChannelMode.EXTREMES : ChannelMode.NONE;
    }
    List<ObservedTensor> observed = new ArrayList<>();
    for (ObservedTensor tensor : tensors) {
      observed.add(tensor.keeping(channels.containsKey(tensor.tensor()) ? mode : ChannelMode.NONE));
    }
    long beside = beside(kinds, tensors, channels, mode);
    return new StatePlan(
        observed,
        kinds,
        mode,
        channels.values().stream().mapToLong(Long::longValue).sum(),
        Math.addExact(bytes(tensors, channels, mode, WholeTables.PAGED), beside),
        Math.addExact(bytes(tensors, channels, mode, WholeTables.DENSE), beside),
        bytes(tensors, channels, ChannelMode.HISTOGRAM, WholeTables.PAGED));
  }

  private static long bytes(
      List<ObservedTensor> tensors,
      Map<String, Long> channels,
      ChannelMode mode,
      WholeTables tables) {
    long bytes = BESIDE;
    for (ObservedTensor tensor : tensors) {
      long own = channels.getOrDefault(tensor.tensor(), 0L);
      ChannelMode kept = own == 0 ? ChannelMode.NONE : mode;
      bytes = Math.addExact(bytes, StateMemory.bytes(tensor.keeping(kept).options(), own, tables));
    }
    return bytes;
  }

  /** Returns the additional bytes for moments and folds. */
  private static long beside(
      SortedSet<StateKind> kinds,
      List<ObservedTensor> tensors,
      Map<String, Long> channels,
      ChannelMode mode) {
    long bytes = 0;
    for (ObservedTensor tensor : tensors) {
      long own = mode == ChannelMode.NONE ? 0 : channels.getOrDefault(tensor.tensor(), 0L);
      if (kinds.contains(StateKind.MOMENTS)) {
        bytes = Math.addExact(bytes, StateMemory.momentsBytes(own));
      }
      if (kinds.contains(StateKind.FOLDS)) {
        ChannelMode kept = own == 0 ? ChannelMode.NONE : mode;
        bytes = Math.addExact(bytes, StateMemory.foldsBytes(tensor.keeping(kept).options(), own));
      }
    }
    return bytes;
  }

  /**
   * Checks that one task's states fit.
   *
   * @throws TareException (usage) if not; the message says what to set
   */
  void requireRoom(TaskHeap heap, Map<String, Long> counts) {
    if (bytes <= heap.room()) {
      return;
    }
    StringBuilder less = new StringBuilder();
    for (ChannelMode other : List.of(ChannelMode.EXTREMES, ChannelMode.NONE)) {
      long taken =
          bytes(observed, counts, other, WholeTables.PAGED)
              + beside(kinds, observed, counts, other);
      if (mode.compareTo(other) > 0 && taken <= heap.room()) {
        less.append(", or --channels %s (%s)".formatted(word(other), TaskHeap.text(taken)));
      }
    }
    TareException refusal = doesNotFit(heap, bytes);
    throw TareException.usage(
        "Calibration keeps %s of %d tensors. %s%s, or observe less with --observe."
            .formatted(kept(), observed.size(), refusal.getMessage(), less));
  }

  /** Creates the exception for too small a heap. */
  static TareException doesNotFit(TaskHeap heap, long bytes) {
    return TareException.usage(
        "A task needs up to %s for its counts, but of a heap of %s Spark leaves %s: set %s"
            .formatted(
                TaskHeap.text(bytes),
                TaskHeap.text(heap.bytes()),
                TaskHeap.text(heap.room()),
                heap.settingFor(bytes)));
  }

  /** Describes what is kept, and why auto did not choose histograms. */
  String describe(boolean auto) {
    boolean lowered = auto && mode != ChannelMode.HISTOGRAM && channels > 0;
    return lowered
        ? "%s (histograms would take %s a task, --channels auto allows %s)"
            .formatted(kept(), TaskHeap.text(histogramBytes), TaskHeap.text(AUTO_BYTES))
        : kept();
  }

  private String kept() {
    return switch (mode) {
      case HISTOGRAM -> "histograms of %d channels".formatted(channels);
      case EXTREMES -> "extremes of %d channels".formatted(channels);
      case NONE -> "whole tensors, nothing per channel,";
    };
  }

  private static String word(ChannelMode mode) {
    return mode.name().toLowerCase(Locale.ROOT);
  }
}
