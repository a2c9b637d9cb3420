package dev.tare.jobs.catalog;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A database whose tables have the rows of many runs.
 *
 * @param name of the database, as SQL writes it
 * @param format of new tables; empty where the catalog has only one
 */
record RunDatabase(SparkSession spark, String name, Optional<String> format) {

  private static final String CATALOG = "spark.sql.catalog.";
  private static final String SESSION_CATALOG = "spark_catalog";
  private static final String NAME = "[A-Za-z0-9_]+(\\.[A-Za-z0-9_]+)+";

  /** Formats that take rows in one commit, by a word in the class names of their catalogs. */
  private static final List<String> FORMATS = List.of("iceberg", "delta");

  /**
   * Opens a database, which is made if it is missing; runs no job.
   *
   * @param name {@code CATALOG.DATABASE}
   * @throws TareException (usage) if there is no such catalog, or its tables would be plain files
   */
  static RunDatabase open(SparkSession spark, String name) {
    if (!name.matches(NAME)) {
      throw TareException.usage(
          "Cannot write tables into '%s': write CATALOG.DATABASE".formatted(name));
    }
    String catalog = name.substring(0, name.indexOf('.'));
    String type = spark.conf().get(CATALOG + catalog, "");
    String word = type.toLowerCase(Locale.ROOT);
    // Unity's catalog gives tables of Delta.
    boolean unity = word.contains("unitycatalog");
    if (!unity && FORMATS.stream().noneMatch(word::contains)) {
      throw TareException.usage(
          "Cannot write tables into '%s': %s%s is %s, and rows must be appended in one commit; set it to the catalog of Iceberg, Delta or Unity"
              .formatted(name, CATALOG, catalog, type.isEmpty() ? "not set" : type));
    }
    boolean delta = unity || word.contains("delta");
    RunDatabase database =
        new RunDatabase(
            spark,
            name,
            delta
                ? Optional.of("delta")
                : catalog.equals(SESSION_CATALOG) ? Optional.of("iceberg") : Optional.empty());
    database.asUsage(
        () -> {
          if (!spark.catalog().databaseExists(name)) {
            spark.sql("CREATE NAMESPACE IF NOT EXISTS " + name);
          }
          return true;
        });
    return database;
  }

  /** The name of a table. */
  String name(String table) {
    return name + "." + table;
  }

  /**
   * Appends the rows of a run, unless the table has them.
   *
   * @param manifestSha256 of the run
   * @return whether they were appended
   * @throws TareException (usage) if the table has another run of this id, or refuses the rows
   */
  boolean append(String table, Dataset<Row> rows, String runId, String manifestSha256) {
    String full = name(table);
    SparkJobs.describe(spark, "publish: append run %s to %s".formatted(runId, full));
    return asUsage(
        () -> {
          if (!spark.catalog().tableExists(full)) {
            create(full, rows);
            return true;
          }
          List<String> known = manifests(full, runId);
          if (!known.isEmpty() && !known.equals(List.of(manifestSha256))) {
            throw TareException.usage(
                "Cannot append run '%s' to %s: it has rows of another run with that id (manifest sha256 %s)"
                    .formatted(runId, full, String.join(", ", known)));
          }
          if (known.isEmpty()) {
            addColumns(full, rows.schema());
            filled(rows, spark.table(full).schema()).writeTo(full).append();
          }
          return known.isEmpty();
        });
  }

  private void create(String full, Dataset<Row> rows) throws Exception {
    CreateTableWriter<Row> writer = rows.writeTo(full);
    if (format.isPresent()) {
      writer = writer.using(format.get());
    }
    writer.create();
  }

  private List<String> manifests(String full, String runId) {
    return spark
        .table(full)
        .filter(functions.col(CatalogTables.RUN).equalTo(runId))
        .select(CatalogTables.MANIFEST)
        .distinct()
        .sort(CatalogTables.MANIFEST)
        .collectAsList()
        .stream()
        .map(row -> String.valueOf(row.get(0)))
        .toList();
  }

  /** A table made by an earlier version lacks columns, which are null in its rows. */
  private void addColumns(String full, StructType wanted) {
    Set<String> there = new TreeSet<>(List.of(spark.table(full).schema().fieldNames()));
    String missing =
        List.of(wanted.fields()).stream()
            .filter(field -> !there.contains(field.name()))
            .map(field -> "`%s` %s".formatted(field.name(), field.dataType().sql()))
            .collect(Collectors.joining(", "));
    if (!missing.isEmpty()) {
      spark.sql("ALTER TABLE %s ADD COLUMNS (%s)".formatted(full, missing));
    }
  }

  /** The rows in the table's columns; those that they lack are null. */
  private static Dataset<Row> filled(Dataset<Row> rows, StructType table) {
    Set<String> there = new TreeSet<>(List.of(rows.columns()));
    Column[] columns = new Column[table.fields().length];
    for (int i = 0; i < columns.length; i++) {
      StructField field = table.fields()[i];
      columns[i] =
          there.contains(field.name())
              ? functions.col("`%s`".formatted(field.name()))
              : functions.lit(null).cast(field.dataType()).as(field.name());
    }
    return rows.select(columns);
  }

  private interface Work<T> {
    T run() throws Exception;
  }

  /** Catalogs throw whatever they like; what they say is for whoever configured them. */
  private <T> T asUsage(Work<T> work) {
    try {
      return work.run();
    } catch (TareException e) {
      throw e;
    } catch (Exception e) {
      String message = String.valueOf(e.getMessage()).strip();
      throw TareException.usage(
          "Cannot write tables into %s: %s"
              .formatted(name, message.lines().findFirst().orElse(e.toString())),
          e);
    }
  }
}
