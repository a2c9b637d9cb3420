package dev.tare.jobs.catalog;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs in the tables of a real Iceberg catalog. */
@Tag("slow")
class CatalogTablesTest {

  @TempDir Path folder;

  private String made(int code, String... line) {
    tare(line).ends(code);
    return line[line.length - 1];
  }

  private static long rows(String table, String where) {
    return spark()
        .sql("SELECT count(*) FROM out.db.%s WHERE %s".formatted(table, where))
        .head()
        .getLong(0);
  }

  @Test
  void aRunIsAppendedOnce() throws IOException {
    SparkSession spark = spark();
    spark.conf().set("spark.sql.catalog.out", "org.apache.iceberg.spark.SparkCatalog");
    spark.conf().set("spark.sql.catalog.out.type", "hadoop");
    spark.conf().set("spark.sql.catalog.out.warehouse", folder.resolve("warehouse").toString());
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data = write(folder.resolve("data"), "x array<float>", gaussian(60, 6, 1));
    // A gate that failed is worth knowing too.
    String first =
        made(
            4,
            "run",
            "--model",
            model,
            "--data",
            data,
            "--min-cosine",
            "0.9999999",
            "--output",
            folder.resolve("a/first").toString());

    String said = tare("publish", first, "--tables", "out.db").ends(0).out();
    assertThat(said)
        .contains("out.db.statistics: ", "out.db.plan: ", "out.db.quality: 1 row of run first");
    assertThat(tare("publish", first, "--tables", "out.db").ends(0).out())
        .contains("out.db.quality: has run first already");
    assertThat(rows("quality", "gate = 'failed' AND run_id = 'first'")).isEqualTo(1);
    for (String table : new String[] {"statistics", "plan"}) {
      long files = spark.read().parquet(first + "/" + table).count();
      assertThat(rows(table, "run_id = 'first'")).as(table).isEqualTo(files);
    }
    Row joined =
        spark
            .sql(
                "SELECT count(*), min(s.max) FROM out.db.statistics s JOIN out.db.plan p USING"
                    + " (run_id, manifest_sha256, tensor) WHERE s.channel IS NULL AND p.quantized"
                    + " AND p.role = 'activation'")
            .head();
    long inputs =
        spark
            .read()
            .parquet(first + "/plan")
            .where("channel IS NULL AND quantized AND role = 'activation'")
            .count();
    assertThat(joined.getLong(0)).isEqualTo(inputs).isPositive();

    // A half-done try is completed by the next.
    spark.sql("DELETE FROM out.db.plan WHERE run_id = 'first'");
    assertThat(publishedAgain(first))
        .contains("statistics: has run first already", "of run first appended");
    assertThat(rows("plan", "run_id = 'first'"))
        .isEqualTo(spark.read().parquet(first + "/plan").count());

    String other =
        made(
            0,
            "calibrate",
            "--model",
            model,
            "--data",
            data,
            "--samples",
            "30",
            "--output",
            folder.resolve("b/first").toString());
    assertThat(tare("publish", other, "--tables", "out.db").ends(2).err())
        .contains("Cannot append run 'first' to out.db.statistics", "another run with that id");
    assertThat(tare("publish", first, "--tables", "nowhere.db").ends(2).err())
        .contains("spark.sql.catalog.nowhere is not set");
    assertThat(tare("publish", first, "--tables", "db").ends(2).err())
        .contains("write CATALOG.DATABASE");
    assertThat(tare("publish", first, "--tables", "out.db", "--gate", other).ends(2).err())
        .contains("--gate decides about --as, which is missing");
    assertThat(tare("publish", first).ends(2).err())
        .contains("Missing required option: '--as=NAME'");
  }

  /** By a procedure, where Spark has them. */
  private String publishedAgain(String run) {
    SparkSession spark = spark();
    if (spark.version().startsWith("3.")) {
      return tare("publish", run, "--tables", "out.db").ends(0).out();
    }
    spark.conf().set("spark.sql.catalog.calls", "dev.tare.jobs.sql.TareCatalog");
    spark.conf().set("spark.sql.catalog.calls.procedures", "true");
    Row called =
        spark
            .sql("CALL calls.system.publish(run => '%s', tables => 'out.db')".formatted(run))
            .head();
    spark.conf().unset("spark.sql.catalog.calls.procedures");
    return called.getAs("console");
  }
}
