package dev.tare.jobs.sql;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.table.FoldsTable;
import dev.tare.jobs.table.GramTable;
import dev.tare.jobs.table.MomentsTable;
import dev.tare.jobs.table.PlanTable;
import dev.tare.jobs.table.SensitivityTable;
import dev.tare.jobs.table.StatisticsTable;
import dev.tare.jobs.table.WeightTables;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The artifacts of finished runs as tables. All begin with the run's id, its model and when it was
 * published.
 *
 * @param spark the session of the query
 * @param runs the runs, in the order of their ids
 */
record RunTables(SparkSession spark, List<FinishedRun> runs) {

  /** Names of the tables. */
  static final List<String> NAMES =
      List.of(
          "statistics",
          "moments",
          "gram",
          "folds",
          "sensitivity",
          "plan",
          "tensors",
          "weights",
          "quality",
          "runs");

  private static final StructType FACTS =
      new StructType()
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, true)
          .add("created", DataTypes.TimestampType, false);

  private static final StructType RUNS =
      all(
          FACTS,
          new StructType()
              .add("location", DataTypes.StringType, false)
              .add("stages", DataTypes.createArrayType(DataTypes.StringType, false), false)
              .add("tare_version", DataTypes.StringType, false)
              .add("gate", DataTypes.StringType, true)
              .add("samples", DataTypes.LongType, true)
              .add("content_sha256", DataTypes.StringType, true)
              .add("bytes", DataTypes.LongType, false)
              .add(
                  "configuration",
                  DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType, false),
                  false));

  private static StructType all(StructType first, StructType second) {
    StructType schema = first;
    for (StructField field : second.fields()) {
      schema = schema.add(field);
    }
    return schema;
  }

  /** A table by name, one of {@link #NAMES}. */
  Table table(String catalog, String name) {
    String full = catalog + "." + name;
    return switch (name) {
      case "statistics" -> parquet(full, name, Part.STATISTICS, StatisticsTable.SCHEMA);
      case "gram" -> parquet(full, name, Part.GRAM, GramTable.SCHEMA);
      case "folds" -> parquet(full, name, Part.FOLDS, FoldsTable.SCHEMA);
      case "moments" -> parquet(full, name, Part.MOMENTS, MomentsTable.SCHEMA);
      case "sensitivity" -> parquet(full, name, Part.SENSITIVITY, SensitivityTable.SCHEMA);
      case "plan" -> parquet(full, name, Part.PLAN, PlanTable.SCHEMA);
      case "tensors" -> parquet(full, name, Part.TENSORS, WeightTables.TENSORS_SCHEMA);
      case "weights" -> parquet(full, name, Part.WEIGHTS, WeightTables.WEIGHTS_SCHEMA);
      case "quality" ->
          new FactTable(
              full, ColumnComments.comment(name, all(FACTS, QualityRows.COLUMNS)), quality());
      case "runs" ->
          new FactTable(
              full, ColumnComments.comment(name, RUNS), runs.stream().map(RunTables::run).toList());
      default -> throw new IllegalArgumentException("No such table: " + name);
    };
  }

  private Table parquet(String full, String name, Part part, StructType schema) {
    refuseToIgnoreFiles();
    StructType columns = new StructType();
    List<String> facts = Arrays.asList(FACTS.fieldNames());
    for (StructField field : schema.fields()) {
      if (!facts.contains(field.name())) {
        columns = columns.add(field.name(), field.dataType().asNullable(), true);
      }
    }
    List<FinishedRun> having = runs.stream().filter(run -> run.has(part)).toList();
    Configuration hadoop = SparkJobs.hadoop(spark);
    List<ParquetRuns.RunFiles> files =
        Concurrently.map(
            having, run -> new ParquetRuns.RunFiles(facts(run), present(run, part, hadoop)));
    return new ParquetRuns(
        full,
        spark,
        ColumnComments.comment(name, FACTS),
        ColumnComments.comment(name, columns),
        files);
  }

  /** Refuses settings with which Spark skips unreadable files: sums would be wrong silently. */
  private void refuseToIgnoreFiles() {
    for (String key :
        List.of("spark.sql.files.ignoreCorruptFiles", "spark.sql.files.ignoreMissingFiles")) {
      if (Boolean.parseBoolean(spark.conf().get(key))) {
        throw TareException.usage(
            key + " is on: rows of damaged runs would be left out silently; switch it off");
      }
    }
  }

  /** The files of a part, after a check that each is as long as the manifest says. */
  private static List<FileStatus> present(FinishedRun run, Part part, Configuration hadoop) {
    List<FileStatus> found = new ArrayList<>();
    for (FinishedRun.StoredFile file : run.files(part)) {
      try {
        FileStatus status = file.path().getFileSystem(hadoop).getFileStatus(file.path());
        if (status.getLen() == 0 || status.getLen() != file.digest().bytes()) {
          throw TareException.badInput(
              "Run %s is damaged: %s has %d bytes, but the manifest says %d"
                  .formatted(
                      run.folder().path(), file.path(), status.getLen(), file.digest().bytes()));
        }
        found.add(status);
      } catch (FileNotFoundException e) {
        throw TareException.badInput(
            "Run %s is damaged: %s is missing".formatted(run.folder().path(), file.path()), e);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return found;
  }

  private static InternalRow facts(FinishedRun run) {
    return InternalRows.row(facts(run, 0));
  }

  /** Values of the first columns, in an array with room for the others. */
  private static Object[] facts(FinishedRun run, int more) {
    Object[] values = new Object[FACTS.length() + more];
    values[0] = InternalRows.text(run.manifest().runId());
    values[1] = FinishedRuns.model(run).map(InternalRows::text).orElse(null);
    values[2] = InternalRows.time(run.manifest().created());
    return values;
  }

  private static InternalRow run(FinishedRun run) {
    Manifest manifest = run.manifest();
    RunFacts facts = run.facts();
    Optional<CalibrationFacts> calibration = facts.calibration();
    return row(
        run,
        InternalRows.text(run.folder().path().toString()),
        InternalRows.texts(manifest.stages()),
        InternalRows.text(manifest.tareVersion()),
        facts.gate() == GateOutcome.NONE ? null : InternalRows.text(facts.gate().word()),
        calibration.map(CalibrationFacts::samples).orElse(null),
        calibration.map(known -> InternalRows.text(known.contentSha256())).orElse(null),
        manifest.files().stream().mapToLong(file -> file.digest().bytes()).sum(),
        texts(manifest.configuration()));
  }

  private static ArrayBasedMapData texts(Map<String, String> map) {
    Map<String, String> sorted = new TreeMap<>(map);
    return new ArrayBasedMapData(
        InternalRows.texts(sorted.keySet()), InternalRows.texts(sorted.values()));
  }

  private static InternalRow row(FinishedRun run, Object... values) {
    Object[] all = facts(run, values.length);
    System.arraycopy(values, 0, all, FACTS.length(), values.length);
    return InternalRows.row(all);
  }

  private List<InternalRow> quality() {
    List<InternalRow> rows = new ArrayList<>();
    for (FinishedRun run : runs) {
      if (run.has(Part.QUALITY)) {
        Quality quality = quality(run);
        QualityRows.of(quality).forEach(measured -> rows.add(row(run, measured)));
      }
    }
    return rows;
  }

  private static Quality quality(FinishedRun run) {
    try {
      return run.quality();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
