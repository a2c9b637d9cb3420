package dev.tare.jobs.catalog;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.table.StatisticsCheck;
import dev.tare.jobs.table.StatisticsStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * {@code tare publish RUN --tables CATALOG.DATABASE}: appends statistics, plan and quality of a run
 * to the tables {@code statistics}, {@code plan} and {@code quality} of a database, which are made
 * if they are missing.
 *
 * <p>Every row has the run's id and the sha256 of its manifest. A table that has the run already is
 * left as it is, so a second try completes the first. Each table is appended to in one commit of
 * its format; two processes that publish the same run at the same time may both append.
 *
 * @param location path or URI of the run, or of a name
 * @param database as SQL writes it
 */
public record CatalogTables(String location, String database) implements SparkWork<List<String>> {

  static final String RUN = "run_id";
  static final String MANIFEST = "manifest_sha256";

  /**
   * Appends what the run has.
   *
   * @return one line for each table
   * @throws TareException (usage) if the catalog does not keep tables atomically, refuses them, or
   *     has another run of the same id; (bad input) if the run is damaged or has nothing for tables
   */
  @Override
  public List<String> run(SparkSession spark) throws IOException {
    FinishedRun run = RunFolder.open(location, SparkJobs.hadoop(spark));
    RunDatabase tables = RunDatabase.open(spark, database);
    List<String> lines = new ArrayList<>();
    if (run.has(Part.STATISTICS)) {
      Path folder = StatisticsCheck.verified(spark, run);
      lines.add(append(tables, run, "statistics", StatisticsStore.read(spark, folder)));
    }
    if (run.has(Part.PLAN)) {
      Path folder = run.verified(Part.PLAN);
      lines.add(append(tables, run, "plan", spark.read().parquet(folder.toString())));
    }
    if (run.has(Part.QUALITY)) {
      lines.add(append(tables, run, "quality", QualityRows.of(spark, run)));
    }
    if (lines.isEmpty()) {
      throw TareException.badInput(
          "Run %s has neither statistics, plan nor quality; it was made by: %s"
              .formatted(run.folder().path(), String.join(", ", run.manifest().stages())));
    }
    return lines;
  }

  private static String append(
      RunDatabase tables, FinishedRun run, String table, Dataset<Row> rows) {
    String id = run.manifest().runId();
    Dataset<Row> named =
        rows.withColumn(RUN, functions.lit(id))
            .withColumn(MANIFEST, functions.lit(run.manifestDigest().sha256()));
    boolean added = tables.append(table, named, id, run.manifestDigest().sha256());
    return added
        ? "%s: %s of run %s appended"
            .formatted(tables.name(table), Amounts.counted(rows.count(), "row"), id)
        : "%s: has run %s already".formatted(tables.name(table), id);
  }
}
