package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.Shared;
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
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Makes the model of a plan, compares it with the float one on all samples, and if asked times both
 * in turns, for at most {@value #LONGEST_SECONDS} seconds.
 */
final class PlacementTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("latency", LatencyTask.SCHEMA, true)
          .add("compared", DataTypes.createArrayType(EvaluateTask.SCHEMA, false), false);

  static final int LONGEST_SECONDS = 30;

  static final int MOST_PAIRS = 4000;

  private final ModelHandle model;
  private final Broadcast<Shared<ShippedPlan>> plan;
  private final boolean timed;
  private final ArrayList<String> outputs;
  private final ArrayList<String> embeddings;
  private final int batchSize;
  private final int threads;

  PlacementTask(
      ModelHandle model,
      Broadcast<Shared<ShippedPlan>> plan,
      boolean timed,
      List<String> outputs,
      List<String> embeddings,
      int batchSize,
      int threads) {
    this.model = model;
    this.plan = plan;
    this.timed = timed;
    this.outputs = new ArrayList<>(outputs);
    this.embeddings = new ArrayList<>(embeddings);
    this.batchSize = batchSize;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) throws IOException {
    List<Row> samples = new ArrayList<>();
    rows.forEachRemaining(samples::add);
    if (samples.isEmpty()) {
      return List.<Row>of().iterator();
    }
    Path folder = Files.createTempDirectory("tare-placement");
    try {
      Path own = model.path().getParent();
      ModelFile prepared =
          model.prepared().writeLocal(Files.createDirectory(folder.resolve("float")), own);
      ModelFile quantized =
          plan.value()
              .get()
              .quantized()
              .writeLocal(Files.createDirectory(folder.resolve("quantized")), own);
      InferenceOptions options = InferenceOptions.of(threads);
      try (Session reference = Sessions.open(prepared, options);
          Session other = Sessions.open(quantized, options)) {
        return List.of(measured(samples, reference.comparing(outputs), other.comparing(outputs)))
            .iterator();
      }
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }

  private Row measured(List<Row> samples, Runner reference, Runner other) {
    List<Row> compared =
        new EvaluateTask(model, model, outputs, embeddings, batchSize, threads)
            .rows(samples.iterator(), reference, other);
    if (!timed) {
      return RowFactory.create(null, compared.toArray(new Row[0]));
    }
    List<Sample> all =
        samples.stream().map(row -> Sample.decode(row.<byte[]>getAs("sample"))).toList();
    Latency latency =
        new PairedRuns(
                LatencyTask.batches(all, batchSize),
                threads,
                MOST_PAIRS,
                Duration.ofSeconds(LONGEST_SECONDS))
            .latency(reference, other);
    return RowFactory.create(LatencyTask.row(latency), compared.toArray(new Row[0]));
  }
}
