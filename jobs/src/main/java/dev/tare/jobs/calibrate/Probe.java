package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.BatchProbe;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.ShapeProbe;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.ModelSignature;
import dev.tare.jobs.model.Sessions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * What a few samples show about the model before the job. They are those with the smallest hashes,
 * so the result is a function of the data.
 *
 * @param channels number of channels by tensor, if all these samples agree on it
 * @param varying tensors whose channel axis is missing, or differs in size between these samples
 * @param sampleBytes of all observed tensors of one sample, the largest
 * @param batchSize batch size that neither changes a bit nor runs out of memory
 */
record Probe(
    SortedMap<String, Long> channels, SortedSet<String> varying, long sampleBytes, int batchSize) {

  private static final int SAMPLES = 4;

  /** Buffers grow by half when a larger shape comes. */
  private static final double GROWTH = 1.5;

  /**
   * Runs the samples on the driver.
   *
   * @throws TareException (usage) if not even one sample's tensors fit the memory outside the heap
   */
  static Probe run(
      ModelHandle model,
      int wanted,
      Dataset<Row> rows,
      List<ObservedTensor> observed,
      int threads,
      TaskHeap heap) {
    List<Sample> samples = new ArrayList<>();
    for (Row row : rows.orderBy("hash").limit(SAMPLES).select("sample").collectAsList()) {
      samples.add(Sample.decode(row.getAs("sample")));
    }
    SortedSet<String> names = new TreeSet<>();
    observed.forEach(tensor -> names.add(tensor.tensor()));
    try (SharedInference.Lease lease =
        Sessions.lease(model.exposing(names), InferenceOptions.of(threads))) {
      List<String> outputs = List.copyOf(names);
      Map<String, List<Shape>> shapes = ShapeProbe.shapes(lease.session(), outputs, samples);
      SortedMap<String, Long> channels = channels(observed, shapes);
      SortedSet<String> varying = new TreeSet<>();
      for (ObservedTensor tensor : observed) {
        if (tensor.channelAxis() != null && !channels.containsKey(tensor.tensor())) {
          varying.add(tensor.tensor());
        }
      }
      long sampleBytes = sampleBytes(shapes, samples.size());
      int batchSize = batchSize(model, wanted, shapes, sampleBytes, heap);
      if (batchSize > 1) {
        batchSize = BatchProbe.largestSafe(lease.session(), outputs, samples, batchSize);
      }
      return new Probe(channels, varying, sampleBytes, batchSize);
    } catch (OutOfMemoryError e) {
      throw TareException.usage(
          "The observed tensors of one sample do not fit into this JVM of %s (%s): set %s, or observe less with --observe"
              .formatted(
                  TaskHeap.text(heap.bytes()), e.getMessage(), heap.settingOf(2 * heap.bytes())));
    }
  }

  private static SortedMap<String, Long> channels(
      List<ObservedTensor> observed, Map<String, List<Shape>> shapes) {
    SortedMap<String, Long> channels = new TreeMap<>();
    for (ObservedTensor tensor : observed) {
      if (tensor.channelAxis() != null) {
        SortedSet<Long> sizes = new TreeSet<>();
        for (Shape shape : shapes.get(tensor.tensor())) {
          sizes.add(size(shape, tensor.channelAxis()));
        }
        if (sizes.size() == 1 && sizes.first() > 0) {
          channels.put(tensor.tensor(), sizes.first());
        }
      }
    }
    return channels;
  }

  /** The size of an axis; 0 if there is no such axis. */
  private static long size(Shape shape, int axis) {
    boolean there = axis < 0 ? -axis <= shape.rank() : axis < shape.rank();
    return there ? shape.dim(shape.normalizeAxis(axis)) : 0;
  }

  private static long sampleBytes(Map<String, List<Shape>> shapes, int samples) {
    long largest = 0;
    for (int i = 0; i < samples; i++) {
      long bytes = 0;
      for (List<Shape> own : shapes.values()) {
        bytes += own.get(i).size() * Float.BYTES;
      }
      largest = Math.max(largest, bytes);
    }
    return largest;
  }

  private static int batchSize(
      ModelHandle model,
      int wanted,
      Map<String, List<Shape>> shapes,
      long sampleBytes,
      TaskHeap heap) {
    if (wanted == 1 || !ModelSignature.batchable(model.parse())) {
      return 1;
    }
    long largest =
        shapes.values().stream()
            .flatMap(List::stream)
            .mapToLong(shape -> shape.size() * Float.BYTES)
            .max()
            .orElse(1);
    // By default a JVM allows as many bytes outside the heap as in it.
    double beside = heap.bytes() / GROWTH / Math.max(1, heap.tasks());
    long fits =
        Math.min((long) (beside / Math.max(1, sampleBytes)), Integer.MAX_VALUE / (2 * largest + 1));
    return (int) Math.max(1, Math.min(wanted, fits));
  }

  /** Returns the bytes outside the heap for the tensors of a batch. */
  long batchBytes() {
    return (long) (GROWTH * sampleBytes * batchSize);
  }
}
