package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.CpuFeatures;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Times both models on the same batches, in turns, until the interval of the ratio is narrow, at
 * least {@value #FEWEST_PAIRS} and at most {@value #MOST_PAIRS} times, and for about a minute.
 */
final class LatencyTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("cpu", DataTypes.StringType, false)
          .add("threads", DataTypes.IntegerType, false)
          .add("batch", DataTypes.IntegerType, false)
          .add("shapes", DataTypes.StringType, false)
          .add("pairs", DataTypes.IntegerType, false)
          .add("float_ms", DataTypes.DoubleType, false)
          .add("quantized_ms", DataTypes.DoubleType, false)
          .add("ratio", DataTypes.DoubleType, false)
          .add("low", DataTypes.DoubleType, false)
          .add("high", DataTypes.DoubleType, false);

  private static final int WARM_UP = 3;
  private static final int FEWEST_PAIRS = 20;
  private static final int MOST_PAIRS = 400;
  private static final long LONGEST_NANOS = Duration.ofSeconds(60).toNanos();

  private final ModelHandle model;
  private final ModelHandle quantized;
  private final ArrayList<String> outputs;
  private final int batchSize;
  private final int threads;

  LatencyTask(
      ModelHandle model, ModelHandle quantized, List<String> outputs, int batchSize, int threads) {
    this.model = model;
    this.quantized = quantized;
    this.outputs = new ArrayList<>(outputs);
    this.batchSize = batchSize;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> samples) throws IOException {
    List<List<Sample>> batches = new ArrayList<>();
    Batcher<Sample> batcher = new Batcher<>(batchSize, sample -> sample, batches::add);
    while (samples.hasNext()) {
      batcher.add(Sample.decode(samples.next().getAs("sample")));
    }
    batcher.flush();
    if (batches.isEmpty()) {
      return List.<Row>of().iterator();
    }
    Path folder = Files.createTempDirectory("tare-latency");
    try {
      ModelFile prepared = model.prepared().writeLocal(folder, model.path().getParent());
      InferenceOptions options = InferenceOptions.of(threads);
      try (Session reference = Sessions.open(prepared, options);
          Session other = Sessions.open(quantized.file(), options)) {
        Latency latency = measured(batches, reference.comparing(outputs), other.comparing(outputs));
        return List.of(row(latency)).iterator();
      }
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }

  private static Row row(Latency latency) {
    return RowFactory.create(
        latency.cpu(),
        latency.threads(),
        latency.batch(),
        latency.shapes(),
        latency.pairs(),
        latency.floatMillis(),
        latency.quantizedMillis(),
        latency.ratio(),
        latency.low(),
        latency.high());
  }

  /** Reads a row of {@link #SCHEMA}. */
  static Latency latency(Row row) {
    return new Latency(
        row.getString(0),
        row.getInt(1),
        row.getInt(2),
        row.getString(3),
        row.getInt(4),
        row.getDouble(5),
        row.getDouble(6),
        row.getDouble(7),
        row.getDouble(8),
        row.getDouble(9));
  }

  private Latency measured(List<List<Sample>> batches, Runner reference, Runner other) {
    for (int i = 0; i < WARM_UP; i++) {
      nanos(Side.FLOAT, reference, batches.get(i % batches.size()));
      nanos(Side.QUANTIZED, other, batches.get(i % batches.size()));
    }
    PairedTimes times = new PairedTimes();
    long start = System.nanoTime();
    Latency latency;
    do {
      List<Sample> batch = batches.get(times.size() % batches.size());
      // Each goes first in turn: what follows finds warmer caches.
      if (times.size() % 2 == 0) {
        long first = nanos(Side.FLOAT, reference, batch);
        times.add(first, nanos(Side.QUANTIZED, other, batch));
      } else {
        long second = nanos(Side.QUANTIZED, other, batch);
        times.add(nanos(Side.FLOAT, reference, batch), second);
      }
      latency = latency(batches, times);
    } while (times.size() < FEWEST_PAIRS
        || (!latency.decided()
            && times.size() < MOST_PAIRS
            && System.nanoTime() - start < LONGEST_NANOS));
    return latency;
  }

  private static long nanos(Side side, Runner runner, List<Sample> batch) {
    long start = System.nanoTime();
    side.run(runner, batch);
    return System.nanoTime() - start;
  }

  private Latency latency(List<List<Sample>> batches, PairedTimes times) {
    CpuFeatures processor = CpuFeatures.current();
    List<Sample> first = batches.get(0);
    String shapes =
        first.get(0).inputs().entrySet().stream()
            .map(input -> input.getKey() + input.getValue().shape().dims())
            .collect(Collectors.joining(", "));
    return new Latency(
        "%s (%s)".formatted(processor.model(), processor.fingerprint()),
        threads,
        first.size(),
        shapes,
        times.size(),
        times.firstMedian() / 1e6,
        times.secondMedian() / 1e6,
        times.ratio(),
        times.low(),
        times.high());
  }
}
