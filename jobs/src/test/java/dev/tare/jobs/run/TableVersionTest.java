package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Iceberg table in a local catalog. */
@Tag("slow")
class TableVersionTest {

  @TempDir Path folder;

  @Test
  void anIcebergTableIsReadAtTheVersionThatTheManifestNames() throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String first = write(folder.resolve("first"), "x array<float>", gaussian(30, 6, 1));
    String second = write(folder.resolve("second"), "x array<float>", gaussian(20, 6, 2));
    SparkSession spark = spark();
    spark.conf().set("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog");
    spark.conf().set("spark.sql.catalog.ice.type", "hadoop");
    spark.conf().set("spark.sql.catalog.ice.warehouse", folder.resolve("warehouse").toString());
    String copy = "SELECT * FROM parquet.`%s`";
    spark.sql("CREATE TABLE ice.db.features USING iceberg AS " + copy.formatted(first));
    String then;
    JsonNode told;
    try (LineageLog log = LineageLog.inFile(folder.resolve("home"))) {
      then = calibrated(model, "table:ice.db.features", "then");
      told = LineageLog.input(log.events().get(1), "data");
    }
    assertThat(told.path("name").asText()).isEqualTo(folder + "/warehouse/db/features");
    assertThat(then)
        .endsWith("=" + told.path("facets").path("version").path("datasetVersion").asText());
    assertThat(told.path("facets").path("symlinks").path("identifiers").path(0).path("name"))
        .hasToString("\"ice.db.features\"");
    spark.sql("INSERT INTO ice.db.features " + copy.formatted(second));
    String now;
    try (LineageLog log = LineageLog.inFile(folder.resolve("other-home"))) {
      String query = "SELECT x FROM ice.db.features a WHERE size(x) IN (SELECT 6 FROM shown)";
      spark.sql("CREATE OR REPLACE TEMP VIEW shown AS SELECT * FROM ice.db.features LIMIT 1");
      calibrated(model, "sql:" + query, "queried");
      JsonNode queried = log.events().get(1);
      assertThat(queried.path("job").path("facets").path("sql").path("query").asText())
          .isEqualTo(query);
      assertThat(LineageLog.input(queried, "data").path("name")).isEqualTo(told.path("name"));
      // The model and the table, once.
      assertThat(queried.path("inputs")).hasSize(2);
      now = calibrated(model, "table:ice.db.features", "now");
    }
    assertThat(then).matches("table:ice\\.db\\.features@version=[0-9]+");
    assertThat(now).isNotEqualTo(then);

    calibrated(model, first, "files");
    assertThat(calibrated(model, then, "again")).isEqualTo(then);
    String expected = contentSha256(folder.resolve("files"));
    assertThat(contentSha256(folder.resolve("then"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("again"))).isEqualTo(expected);
    assertThat(contentSha256(folder.resolve("now"))).isNotEqualTo(expected);

    String time =
        spark
            .sql("SELECT string(min(committed_at)) FROM ice.db.features.snapshots")
            .head()
            .getString(0);
    calibrated(model, "table:ice.db.features@timestamp=" + time, "at-a-time");
    assertThat(contentSha256(folder.resolve("at-a-time"))).isEqualTo(expected);
  }

  /** Returns what the manifest says that was read. */
  private String calibrated(String model, String data, String name) throws IOException {
    Path output = folder.resolve(name);
    tare("calibrate", "--model", model, "--data", data, "--output", output.toString()).ends(0);
    return json(output.resolve("manifest.json")).path("inputs").path(0).path("uri").asText();
  }
}
