package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.tareAlone;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.sql.TareCatalog;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gram matrices from the command line to SQL. */
@Tag("slow")
class GramRunTest {

  @TempDir static Path folder;

  private static String model;
  private static Row[] rows;

  @BeforeAll
  static void data() throws IOException {
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    rows = gaussian(41, 6, 1);
    write(folder.resolve("all"), "x array<float>", rows);
    write(folder.resolve("some"), "x array<float>", Arrays.copyOf(rows, 17));
    write(folder.resolve("rest"), "x array<float>", Arrays.copyOfRange(rows, 17, 41));
    calibrate("all", "whole", "--partitions=3").ends(0);
    calibrate("some", "first", "--batch-size=1", "--gram-scales", run("whole")).ends(0);
    calibrate("rest", "second", "--partitions=1", "--gram-scales", run("whole")).ends(0);
  }

  private static String run(String name) {
    return folder.resolve(name).toString();
  }

  private static CommandLine.Result calibrate(String data, String output, String... options) {
    List<String> words = new ArrayList<>(List.of("calibrate", "--model", model));
    words.addAll(List.of("--data", run(data), "--output", run(output)));
    words.addAll(List.of("--collect", "histogram,gram"));
    words.addAll(List.of(options));
    return tare(words.toArray(String[]::new));
  }

  private static JsonNode facts(String run) throws IOException {
    return json(folder.resolve(run).resolve("manifest.json")).at("/properties/calibration");
  }

  @Test
  void productsAreThoseOfTheCodes() {
    SparkSession spark = CommandLine.spark();
    spark.conf().set("spark.sql.catalog.grams", TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.grams.root", run("whole"));
    List<Row> table =
        spark
            .sql(
                "SELECT channel, count, saturated, scale_exponent, sum, products FROM grams.gram"
                    + " WHERE tensor = 'x' ORDER BY channel")
            .collectAsList();
    assertThat(table).hasSize(6);
    for (Row row : table) {
      assertThat(row.getLong(1)).isEqualTo(41);
      assertThat(row.getLong(2)).isZero();
      long sum = 0;
      List<Long> products = row.getList(5);
      for (int j = 0; j < products.size(); j++) {
        Row other = table.get(row.getInt(0) + j);
        long product = 0;
        for (Row sample : rows) {
          product += code(sample, row) * code(sample, other);
        }
        assertThat(products.get(j)).isEqualTo(product);
      }
      for (Row sample : rows) {
        sum += code(sample, row);
      }
      assertThat(row.getLong(4)).isEqualTo(sum);
    }
  }

  private static long code(Row sample, Row channel) {
    float value = sample.<List<Float>>getAs(0).get(channel.getInt(0));
    return (long) Math.rint(Math.scalb((double) value, -channel.getInt(3)));
  }

  @Test
  void matricesOfPartsUnderOneScaleSetAddUpToThatOfTheWhole() throws IOException {
    tare("merge", run("first"), run("second"), "--output", run("sum")).ends(0);
    assertThat(facts("sum").path("gram-sha256").asText())
        .isNotEmpty()
        .isEqualTo(facts("whole").path("gram-sha256").asText());
    assertThat(facts("sum").path("gram-samples").asLong()).isEqualTo(41);
    assertThat(tareAlone("inspect", run("whole")).out()).contains("gram-sha256");
  }
}
