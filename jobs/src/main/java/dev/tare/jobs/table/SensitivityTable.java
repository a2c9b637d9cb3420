package dev.tare.jobs.table;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.GroupError;
import dev.tare.jobs.artifact.MixedError;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The measured error of groups as a table, format version 1: a row for each weight and level, one
 * for each level with {@code weight} null, where all groups have it together, and one of level
 * {@code mixed} for each model along the frontier of these errors.
 */
public final class SensitivityTable {

  private static final int FORMAT_VERSION = 1;

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("recipe", DataTypes.StringType, false)
          .add("target", DataTypes.StringType, false)
          .add("samples", DataTypes.IntegerType, false)
          .add("output", DataTypes.StringType, false)
          .add("pooled", DataTypes.BooleanType, false)
          .add("weight", DataTypes.StringType, true)
          .add("level", DataTypes.StringType, false)
          .add("operators", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("elements", DataTypes.LongType, false)
          .add("float_bytes", DataTypes.LongType, false)
          .add("bytes", DataTypes.LongType, false)
          .add("sqnr_db", DataTypes.DoubleType, false)
          .add("cosine_mean", DataTypes.DoubleType, false)
          .add("sqnr_db_low", DataTypes.DoubleType, true)
          .add("cosine_mean_low", DataTypes.DoubleType, true);

  private static final String MIXED = "mixed";

  /**
   * What all rows of a run have in common.
   *
   * @param recipe name of the recipe whose groups these are
   * @param target what they are quantized for
   * @param samples on which errors were measured
   * @param output the output that is judged
   * @param pooled whether its mean over tokens is
   * @param mixed models along the frontier, the largest first
   */
  public record Measured(
      String modelSha256,
      String recipe,
      String target,
      int samples,
      String output,
      boolean pooled,
      List<GroupError> errors,
      List<MixedError> mixed) {

    public Measured {
      errors = List.copyOf(errors);
      mixed = List.copyOf(mixed);
    }
  }

  private SensitivityTable() {}

  /** Writes the rows in their order, in one file. */
  public static void write(SparkSession spark, Measured measured, Path folder, String runId) {
    spark
        .createDataset(rows(measured, runId), Encoders.row(SCHEMA))
        .coalesce(1)
        .write()
        .mode(SaveMode.ErrorIfExists)
        .parquet(folder.toString());
  }

  private static List<Row> rows(Measured measured, String runId) {
    List<Row> rows = new ArrayList<>();
    Map<String, Long> elements = new HashMap<>();
    for (GroupError error : measured.errors()) {
      error.weight().ifPresent(weight -> elements.put(weight, error.elements()));
      rows.add(
          row(
              measured,
              runId,
              error.weight().orElse(null),
              error.level().word(),
              error.operators().toArray(new String[0]),
              error.elements(),
              error.floatBytes(),
              error.bytes(),
              error.sqnrDb(),
              error.cosine(),
              null,
              null));
    }
    long all = elements.values().stream().mapToLong(Long::longValue).sum();
    for (MixedError model : measured.mixed()) {
      rows.add(
          row(
              measured,
              runId,
              null,
              MIXED,
              new String[0],
              all,
              all * Float.BYTES,
              model.bytes(),
              model.sqnrDb(),
              model.cosine(),
              model.sqnrDbLow(),
              model.cosineLow()));
    }
    return rows;
  }

  private static Row row(Measured measured, String runId, Object... own) {
    List<Object> values =
        new ArrayList<>(
            List.of(
                FORMAT_VERSION,
                runId,
                measured.modelSha256(),
                measured.recipe(),
                measured.target(),
                measured.samples(),
                measured.output(),
                measured.pooled()));
    values.addAll(Arrays.asList(own));
    return RowFactory.create(values.toArray());
  }

  /**
   * What a run measured, by weight and level, all groups together first; the table's bytes are
   * checked.
   *
   * @throws TareException (bad input) if the run has none, or it is damaged
   */
  public static Measured read(SparkSession spark, FinishedRun run) throws IOException {
    if (!run.has(Part.SENSITIVITY)) {
      throw TareException.badInput(
          "Run %s has no errors of groups, which tare sensitivity measures; it was made by: %s"
              .formatted(run.folder().path(), String.join(", ", run.manifest().stages())));
    }
    List<Row> rows =
        CheckedParquet.read(spark, SCHEMA, run.verified(Part.SENSITIVITY)).collectAsList();
    List<GroupError> errors = new ArrayList<>();
    List<MixedError> mixed = new ArrayList<>();
    for (Row row : rows) {
      int version = row.getAs("format_version");
      String word = row.getAs("level");
      Optional<WeightLevel> level = WeightLevel.of(word);
      if (version == FORMAT_VERSION && word.equals(MIXED)) {
        mixed.add(
            new MixedError(
                row.getAs("bytes"),
                row.getAs("sqnr_db"),
                row.getAs("cosine_mean"),
                row.getAs("sqnr_db_low"),
                row.getAs("cosine_mean_low")));
        continue;
      }
      if (version != FORMAT_VERSION || level.isEmpty()) {
        throw TareException.badInput(
            "Run %s has errors of groups of format version %d and level '%s', only version %d is known"
                .formatted(run.folder().path(), version, word, FORMAT_VERSION));
      }
      errors.add(
          new GroupError(
              Optional.ofNullable(row.getAs("weight")),
              level.get(),
              row.getList(row.fieldIndex("operators")),
              row.getAs("elements"),
              row.getAs("float_bytes"),
              row.getAs("bytes"),
              row.getAs("sqnr_db"),
              row.getAs("cosine_mean")));
    }
    if (errors.isEmpty()) {
      throw TareException.badInput("Run %s has no error of a group".formatted(run.folder().path()));
    }
    errors.sort(
        Comparator.comparing((GroupError error) -> error.weight().orElse(""))
            .thenComparing(GroupError::level));
    mixed.sort(Comparator.comparingLong(MixedError::bytes).reversed());
    Row first = rows.get(0);
    return new Measured(
        first.getAs("model_sha256"),
        first.getAs("recipe"),
        first.getAs("target"),
        first.getAs("samples"),
        first.getAs("output"),
        first.getAs("pooled"),
        errors,
        mixed);
  }
}
