package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.infer.StatisticsCollector;
import dev.tare.engine.observe.ChannelsDifferException;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.observe.WholeTables;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.input.SampleRows;
import dev.tare.jobs.model.Jvm;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import dev.tare.jobs.table.StateRow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * Processes one partition: reads samples, and returns one state per block of each observed tensor,
 * and a report.
 */
final class CalibrateTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  /** The columns of the rows that {@link #call} reads, in this order. */
  static final Column[] COLUMNS = {
    functions.col(SampleRows.HASH),
    functions.col(SampleRows.SAMPLE),
    functions.col(SampleRows.FILE),
    functions.col(SampleRows.ROW)
  };

  private final ModelHandle model;
  private final ArrayList<ObservedTensor> observed;
  private final TreeSet<StateKind> kinds;
  private final TaskHeap asked;
  private final long bytes;
  private final long denseBytes;
  private final long batchBytes;
  private final int batchSize;
  private final int threads;

  CalibrateTask(
      ModelHandle model,
      StatePlan plan,
      TaskHeap heap,
      int batchSize,
      long batchBytes,
      int threads) {
    this.model = model;
    this.observed = new ArrayList<>(plan.observed());
    this.kinds = new TreeSet<>(plan.kinds());
    this.asked = heap;
    this.bytes = plan.bytes();
    this.denseBytes = plan.denseBytes();
    this.batchSize = batchSize;
    this.batchBytes = batchBytes;
    this.threads = threads;
  }

  /** Runs the model on rows with an encoded sample; returns rows of {@link StateRow#SCHEMA}. */
  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    if (!samples.hasNext()) {
      return new ArrayList<Row>().iterator();
    }
    SortedMap<String, ObserverOptions> options = new TreeMap<>();
    observed.forEach(o -> options.put(o.tensor(), o.options()));
    // The actual heap, which may differ from the configured one.
    TaskHeap heap = asked.ofThisJvm();
    WholeTables tables = heap.hasRoomForAll(denseBytes) ? WholeTables.DENSE : WholeTables.PAGED;
    StateRoom.enter(heap, tables == WholeTables.DENSE ? denseBytes : bytes, batchBytes);
    try (SharedInference.Lease lease =
        Sessions.lease(
            model.exposing(new TreeSet<>(options.keySet())), InferenceOptions.of(threads))) {
      StatisticsCollector collector =
          new StatisticsCollector(lease.session(), options, batchSize, tables, kinds);
      while (samples.hasNext()) {
        Row row = samples.next();
        collector.add(Sample.decode(row.getAs(1)), origin(row));
      }
      // The last batch runs here, before the report and while the model is still open.
      Iterator<MergeableState> blocks = collector.drain();
      Row report = StateRow.ofReport(report(collector, lease.runtime()).encode());
      return states(blocks, report);
    } catch (ChannelsDifferException e) {
      throw TareException.badInput(
          e.getMessage() + "; --channels none keeps only whole tensors, --observe can leave it out",
          e);
    } catch (OutOfMemoryError e) {
      throw heap.exhausted("calibration", e);
    }
  }

  private static SampleOrigin origin(Row row) {
    return SampleOrigin.of(row.<byte[]>getAs(0))
        .at(
            row.getString(2),
            row.isNullAt(3) ? OptionalLong.empty() : OptionalLong.of(row.getLong(3)));
  }

  /** Returns rows lazily, so that the state of only one block is in memory. */
  private static Iterator<Row> states(Iterator<MergeableState> blocks, Row report) {
    return new Iterator<>() {
      private boolean reported;

      @Override
      public boolean hasNext() {
        return !reported;
      }

      @Override
      public Row next() {
        if (blocks.hasNext()) {
          return StateRow.of(blocks.next());
        }
        if (reported) {
          throw new NoSuchElementException("The report is the last row");
        }
        reported = true;
        return report;
      }
    };
  }

  private static TaskReport report(StatisticsCollector collector, ModelRuntime runtime) {
    CpuFeatures cpu = CpuFeatures.current();
    return new TaskReport(
        collector.samples(),
        collector.batches(),
        collector.runNanos(),
        collector.observeNanos(),
        runtime.version(),
        cpu.model(),
        cpu.fingerprint(),
        Jvm.id());
  }
}
