package dev.tare.jobs.catalog;

import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The quality of a run as rows: one for each vector that was compared, the headline first. */
final class QualityRows {

  private static final StructType SCHEMA =
      new StructType()
          .add("run_id", DataTypes.StringType, true)
          .add("created", DataTypes.TimestampType, true)
          .add("recipe", DataTypes.StringType, true)
          .add("target", DataTypes.StringType, true)
          .add("gate", DataTypes.StringType, true)
          .add("samples", DataTypes.LongType, true)
          .add("output", DataTypes.StringType, true)
          .add("vector", DataTypes.StringType, true)
          .add("headline", DataTypes.BooleanType, true)
          .add("sqnr_db", DataTypes.DoubleType, true)
          .add("cosine_mean", DataTypes.DoubleType, true)
          .add("cosine_min", DataTypes.DoubleType, true)
          .add("argmax_agreement", DataTypes.DoubleType, true)
          .add("nearest_neighbour", DataTypes.DoubleType, true)
          .add("time_ratio", DataTypes.DoubleType, true)
          .add("float_bytes", DataTypes.LongType, true)
          .add("model_bytes", DataTypes.LongType, true);

  private QualityRows() {}

  static Dataset<Row> of(SparkSession spark, FinishedRun run) throws IOException {
    Quality quality = run.quality();
    RunFacts facts = run.facts();
    Quality.OutputQuality headline = quality.headline();
    List<Row> rows = new ArrayList<>();
    for (Quality.OutputQuality output : quality.outputs()) {
      rows.add(
          RowFactory.create(
              run.manifest().runId(),
              Timestamp.from(run.manifest().created()),
              facts.selection().map(SelectionFacts::recipe).orElse(null),
              facts.selection().map(SelectionFacts::target).orElse(null),
              run.manifest().gate().word(),
              quality.samples(),
              output.name(),
              output.vector(),
              output.equals(headline),
              output.sqnrDb(),
              output.cosineMean(),
              output.cosineMin(),
              output.argmaxAgreement().orElse(null),
              quality.nearestNeighbour().orElse(null),
              quality.timeRatio(),
              facts.quantization().map(QuantizationFacts::floatModelBytes).orElse(null),
              modelBytes(run).orElse(null)));
    }
    return spark.createDataFrame(rows, SCHEMA);
  }

  private static Optional<Long> modelBytes(FinishedRun run) {
    return run.has(Part.MODEL)
        ? Optional.of(run.files(Part.MODEL).stream().mapToLong(file -> file.digest().bytes()).sum())
        : Optional.empty();
  }
}
