package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.infer.StatisticsCollector;
import dev.tare.engine.observe.ChannelsDifferException;
import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.GramObserver;
import dev.tare.engine.observe.Patches;
import dev.tare.engine.statistics.GramScales;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import dev.tare.jobs.table.StateRow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** Processes one partition: reads samples, and returns the Gram matrices of their tensors. */
final class GramTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final ModelHandle model;
  private final TreeSet<String> exposed;
  private final TreeMap<String, ArrayList<Integer>> exponents = new TreeMap<>();
  private final TreeMap<String, String> tensors = new TreeMap<>();
  private final TreeMap<String, Patches> patches = new TreeMap<>();
  private final TreeSet<String> diagonal;
  private final TaskHeap asked;
  private final long bytes;
  private final long beside;
  private final int batchSize;
  private final int threads;

  /**
   * @param exposed what the first pass exposed: another set may compute other bits
   */
  GramTask(
      ModelHandle model,
      SortedSet<String> exposed,
      GramPlan plan,
      TaskHeap heap,
      int batchSize,
      int threads) {
    this.model = model;
    this.exposed = new TreeSet<>(exposed);
    this.asked = heap;
    this.diagonal = new TreeSet<>(plan.diagonal());
    this.bytes = plan.bytes();
    this.beside = plan.beside();
    this.batchSize = batchSize;
    this.threads = threads;
    plan.scales().forEach((name, own) -> exponents.put(name, new ArrayList<>(own.exponents())));
    plan.inputs()
        .forEach(
            (name, input) -> {
              tensors.put(name, input.tensor());
              input.patches().ifPresent(own -> patches.put(name, own));
            });
  }

  /** Runs the model on rows with an encoded sample; returns rows of {@link StateRow#SCHEMA}. */
  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    if (!samples.hasNext()) {
      return new ArrayList<Row>().iterator();
    }
    TaskHeap heap = asked.ofThisJvm();
    StateRoom.enter(heap, bytes, beside);
    try (SharedInference.Lease lease =
            Sessions.lease(model.exposing(exposed), InferenceOptions.of(threads));
        CodeProducts products = lease.runtime().codeProducts(threads)) {
      StatisticsCollector collector =
          new StatisticsCollector(lease.session(), batchSize, observers(products));
      while (samples.hasNext()) {
        collector.add(Sample.decode(samples.next().getAs(0)));
      }
      // The last products are computed here, while their session is still open.
      List<Row> rows = new ArrayList<>();
      for (Iterator<MergeableState> blocks = collector.drain(); blocks.hasNext(); ) {
        rows.add(StateRow.of(blocks.next()));
      }
      return rows.iterator();
    } catch (ChannelsDifferException e) {
      throw TareException.badInput(e.getMessage() + "; --observe can leave it out", e);
    } catch (OutOfMemoryError e) {
      throw heap.exhausted("calibration", e);
    }
  }

  private SortedMap<String, List<GramObserver>> observers(CodeProducts products) {
    SortedMap<String, List<GramObserver>> observers = new TreeMap<>();
    exponents.forEach(
        (matrix, own) ->
            observers
                .computeIfAbsent(tensors.get(matrix), t -> new ArrayList<>())
                .add(observer(matrix, new GramScales(own), products)));
    return observers;
  }

  private GramObserver observer(String matrix, GramScales scales, CodeProducts products) {
    String tensor = tensors.get(matrix);
    Optional<Patches> own = Optional.ofNullable(patches.get(matrix));
    if (diagonal.contains(matrix)) {
      return GramObserver.ofDiagonal(tensor, own.isPresent() ? 1 : -1, own, scales);
    }
    return own.map(each -> GramObserver.ofPatches(tensor, each, scales, products))
        .orElseGet(() -> new GramObserver(tensor, -1, scales, products));
  }
}
