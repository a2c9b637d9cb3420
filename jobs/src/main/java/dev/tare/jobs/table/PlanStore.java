package dev.tare.jobs.table;

import dev.tare.engine.plan.GivenScales;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.PlanDocument;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.recipe.Format;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Writes a plan as a table, and reads a run's plan: decisions from {@code plan.json}, and the
 * scales that it does not list from the table. Scales that both have are compared.
 */
public final class PlanStore {

  /** What a scale is found and compared by; the first versions of the table have no formats. */
  private static final StructType SCALES =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("tensor", DataTypes.StringType, false)
          .add("role", DataTypes.StringType, false)
          .add("format", DataTypes.StringType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add("low", DataTypes.FloatType, true)
          .add("high", DataTypes.FloatType, true)
          .add("scale", DataTypes.FloatType, true)
          .add("zero_point", DataTypes.IntegerType, true)
          .add("clipped_share", DataTypes.DoubleType, true)
          .add("expected_sqnr_db", DataTypes.DoubleType, true);

  private static final List<String> VALUES =
      List.of("low", "high", "scale", "zero_point", "clipped_share", "expected_sqnr_db");

  private record Key(String tensor, String role, String format) {}

  private PlanStore() {}

  /** Writes a plan as a table, in one file. */
  public static void write(SparkSession spark, QuantPlan plan, Path folder, String runId) {
    String recipe = plan.recipe();
    String target = plan.target();
    String placement = plan.placement().orElse("");
    String model = plan.modelSha256();
    spark
        .createDataset(plan.tensors().stream().map(PlanCodec::encode).toList(), Encoders.BINARY())
        .coalesce(1)
        .flatMap(
            (FlatMapFunction<byte[], Row>)
                tensor ->
                    PlanTable.rows(
                            PlanCodec.decode(tensor), recipe, target, placement, model, runId)
                        .iterator(),
            Encoders.row(PlanTable.SCHEMA))
        .write()
        .mode(SaveMode.ErrorIfExists)
        .parquet(folder.toString());
  }

  /**
   * The plan of a run, its bytes checked. Cost: one reading of the table; memory for the plan and a
   * part of the table.
   *
   * @throws TareException (bad input) if the run has none that can be read, or {@code plan.json}
   *     and the table contradict each other; the message names the tensor
   */
  public static QuantPlan read(SparkSession spark, FinishedRun run) throws IOException {
    String text = run.verifiedText(Part.PLAN_JSON);
    try {
      PlanDocument document = QuantPlanJson.document(text);
      if (run.has(Part.PLAN) || !document.listsAll()) {
        SparkJobs.describe(spark, "read: scales of the plan of run " + run.manifest().runId());
        fill(
            document,
            CheckedParquet.read(spark, SCALES, Set.of("format"), run.verified(Part.PLAN)));
      }
      return document.plan();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot read the plan of run " + run.folder().path() + ": " + e.getMessage(), e);
    } finally {
      SparkJobs.describe(spark, null);
    }
  }

  /**
   * The same without Spark, for commands that need no other work of it: the table is in one file,
   * whose rows are in order.
   *
   * @throws TareException (bad input) as {@link #read}, or if the table is of a version before
   *     formats
   */
  public static QuantPlan readAlone(FinishedRun run, Configuration hadoop) throws IOException {
    String text = run.verifiedText(Part.PLAN_JSON);
    try {
      PlanDocument document = QuantPlanJson.document(text);
      if (!document.listsAll()) {
        List<Row> rows = new ArrayList<>();
        LocalParquet.forEach(
            run.verified(Part.PLAN),
            SCALES,
            hadoop,
            row -> {
              if (!row.isNullAt(SCALES.fieldIndex("scale"))) {
                rows.add(row);
              }
            });
        fill(document, rows.iterator());
      }
      return document.plan();
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot read the plan of run " + run.folder().path() + ": " + e.getMessage(), e);
    }
  }

  private static void fill(PlanDocument document, Dataset<Row> table) {
    fill(
        document,
        table
            .filter(functions.col("scale").isNotNull())
            .orderBy("tensor", "role", "format", "channel")
            .toLocalIterator());
  }

  /**
   * @param rows in the order of tensors and channels, with the columns of {@link #SCALES}
   */
  private static void fill(PlanDocument document, Iterator<Row> rows) {
    Map<Key, GivenScales> wanted = new HashMap<>();
    for (GivenScales scales : document.scales()) {
      wanted.put(new Key(scales.tensor(), word(scales.role()), word(scales.format())), scales);
    }
    Optional<Key> unknown = Optional.empty();
    while (rows.hasNext()) {
      Row row = rows.next();
      String format = row.getAs(at("format"));
      Key key =
          new Key(
              row.getAs(at("tensor")),
              row.getAs(at("role")),
              format == null ? word(Format.QDQ) : format);
      GivenScales own = wanted.get(key);
      if (own == null) {
        unknown = unknown.or(() -> Optional.of(key));
      } else {
        add(own, row);
      }
    }
    document.scales().forEach(GivenScales::requireAll);
    unknown.ifPresent(
        key -> {
          throw new IllegalArgumentException(
              "the table has scales of %s '%s' as %s, of which plan.json knows none"
                  .formatted(key.role(), key.tensor(), key.format()));
        });
  }

  private static void add(GivenScales scales, Row row) {
    for (String column : VALUES) {
      if (row.isNullAt(at(column))) {
        throw new IllegalArgumentException(
            "the table has a row of tensor '%s' whose '%s' is null"
                .formatted(scales.tensor(), column));
      }
    }
    int version = row.getAs(at("format_version"));
    if (version < 1 || version > PlanTable.FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "the table has a row of tensor '%s' of format version %d, only 1 to %d are known"
              .formatted(scales.tensor(), version, PlanTable.FORMAT_VERSION));
    }
    Integer channel = row.getAs(at("channel"));
    scales.add(
        channel == null ? 0 : channel,
        row.getAs(at("low")),
        row.getAs(at("high")),
        row.getAs(at("scale")),
        row.getAs(at("zero_point")),
        row.getAs(at("clipped_share")),
        row.getAs(at("expected_sqnr_db")));
  }

  /** Rows that no job made have no names. */
  private static int at(String column) {
    return SCALES.fieldIndex(column);
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
