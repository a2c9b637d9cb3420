package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.OperatorTimes;
import dev.tare.jobs.artifact.Turns;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Times both models on the same batches, at most {@value #MOST_PAIRS} times and for about a minute.
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
          .add("high", DataTypes.DoubleType, false)
          .add("float_turns", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("quantized_turns", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add("operators", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("operator_float_ms", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
          .add(
              "operator_quantized_ms",
              DataTypes.createArrayType(DataTypes.DoubleType, false),
              false);

  static final int MOST_PAIRS = 400;
  static final Duration LONGEST = Duration.ofSeconds(60);

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
    List<Sample> all = new ArrayList<>();
    samples.forEachRemaining(row -> all.add(Sample.decode(row.getAs("sample"))));
    List<List<Sample>> batches = batches(all, batchSize);
    if (batches.isEmpty()) {
      return List.<Row>of().iterator();
    }
    Path folder = Files.createTempDirectory("tare-latency");
    try {
      ModelFile prepared = model.prepared().writeLocal(folder, model.path().getParent());
      InferenceOptions options = InferenceOptions.of(threads);
      Latency latency;
      try (Session reference = Sessions.open(prepared, options);
          Session other = Sessions.open(quantized.file(), options)) {
        latency =
            new PairedRuns(batches, threads, MOST_PAIRS, LONGEST)
                .latency(reference.comparing(outputs), other.comparing(outputs));
      }
      // A profiler costs time itself: the sessions above have none.
      OperatorTimes operators =
          new ProfiledRuns(outputs, batches).of(prepared, quantized.file(), options);
      return List.of(row(latency.with(operators))).iterator();
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }

  /** Samples of equal shapes together. */
  static List<List<Sample>> batches(List<Sample> samples, int batchSize) {
    List<List<Sample>> batches = new ArrayList<>();
    Batcher<Sample> batcher = new Batcher<>(batchSize, sample -> sample, batches::add);
    samples.forEach(batcher::add);
    batcher.flush();
    return batches;
  }

  /** A row of {@link #SCHEMA}. */
  static Row row(Latency latency) {
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
        latency.high(),
        latency.turns().floatMillis().toArray(Double[]::new),
        latency.turns().quantizedMillis().toArray(Double[]::new),
        latency.operators().millis().keySet().toArray(String[]::new),
        millis(latency, OperatorTimes.Pair::floatMillis),
        millis(latency, OperatorTimes.Pair::quantizedMillis));
  }

  private static Double[] millis(Latency latency, Function<OperatorTimes.Pair, Double> which) {
    return latency.operators().millis().values().stream().map(which).toArray(Double[]::new);
  }

  /** Reads a row of {@link #SCHEMA}. */
  static Latency latency(Row row) {
    Latency latency =
        new Latency(
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
    SortedMap<String, OperatorTimes.Pair> operators = new TreeMap<>();
    List<String> names = row.getList(12);
    for (int i = 0; i < names.size(); i++) {
      operators.put(
          names.get(i),
          new OperatorTimes.Pair(row.<Double>getList(13).get(i), row.<Double>getList(14).get(i)));
    }
    return latency
        .with(new Turns(row.getList(10), row.getList(11)))
        .with(new OperatorTimes(operators));
  }
}
