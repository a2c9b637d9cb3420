package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.RangeSelector;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.run.DailyRuns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an analyst types, on runs that the command line made. */
@Tag("slow")
class SqlFunctionsTest {

  @TempDir static Path folder;

  private static DailyRuns days;

  @BeforeAll
  static void run() throws IOException {
    days = DailyRuns.in(folder);
    Path whole = days.whole("int8", days.data(1), days.root().resolve("int8"));
    days.select("int8-percentile", whole, days.root().resolve("percentile"));
    days.select("int8-mse", whole, days.root().resolve("mse"));
    days.select("int8-symmetric", whole, days.root().resolve("symmetric"));
    days.day(2);
    days.day(3);
    days.tare(
        folder.resolve("merged/days"),
        "merge",
        days.root().resolve("day-02").toString(),
        days.root().resolve("day-03").toString());
    register("tare", days.root().toString());
    register("merged", folder.resolve("merged").toString());
  }

  static void register(String catalog, String root) {
    SparkSession spark = LocalSpark.spark();
    spark.conf().set("spark.sql.catalog." + catalog, TareCatalog.class.getName());
    spark.conf().set("spark.sql.catalog." + catalog + ".root", root);
  }

  private static List<Row> sql(String query) {
    return LocalSpark.spark().sql(query).collectAsList();
  }

  private static Row one(String query) {
    List<Row> rows = sql(query);
    assertThat(rows).hasSize(1);
    return rows.get(0);
  }

  @Test
  void figuresAreThoseOfTareSelect() {
    String rows =
        """
        WITH decided AS (
          SELECT p.*, struct(s.*) AS s,
            concat_ws(' ', p.type, if(p.symmetric, 'symmetric', NULL),
              if(p.narrow_range, 'narrow', NULL), if(p.reduce_range, 'reduced', NULL)) AS integers
          FROM tare.plan p JOIN tare.statistics s
            ON p.tensor = s.tensor AND s.channel IS NULL AND s.run_id = 'int8'
          WHERE p.role = 'activation' AND p.quantized)
        SELECT run_id, tensor, method,
          tare.fn.range(s, integers, method) = struct(low, high) AS range,
          tare.fn.scale(s, integers, method) = scale AS scale,
          tare.fn.zero_point(s, integers, method) = zero_point AS zero_point,
          tare.fn.clip_share(s, integers, method) = clipped_share AS clipped,
          tare.fn.sqnr(s, integers, method) = expected_sqnr_db AS sqnr,
          tare.fn.sqnr(s, type, scale, zero_point) = expected_sqnr_db AS published
        FROM decided
        """;
    List<Row> decided = sql(rows);
    assertThat(decided.stream().map(row -> row.getString(2)).distinct())
        .containsExactlyInAnyOrder("min-max", "percentile-99.999", "mse");
    assertThat(decided).hasSize(8);
    for (Row row : decided) {
      for (int i = 3; i < row.length(); i++) {
        assertThat(row.get(i)).as(row + " column " + i).isEqualTo(true);
      }
    }
  }

  @Test
  void mergeGivesTheRowsOfTareMerge() {
    String state = String.join(", ", MergedStatistics.SCHEMA.fieldNames());
    List<Row> here =
        sql(
            """
            SELECT tensor, axis, channel, s.* FROM (
              SELECT tensor, axis, channel, tare.fn.merge(struct(*)) AS s
              FROM tare.statistics WHERE run_id LIKE 'day-%' GROUP BY tensor, axis, channel)
            """);
    assertThat(here).anyMatch(row -> row.getAs("min_file") != null);
    List<Row> there = sql("SELECT tensor, axis, channel, " + state + " FROM merged.statistics");
    assertThat(here).hasSize(16).containsExactlyInAnyOrderElementsOf(there);
  }

  @Test
  void mergeWorksOverWindowsAndFeedsTheOtherFunctions() {
    List<Row> rows =
        sql(
            """
            SELECT run_id, s.count, tare.fn.scale(s, 'int8', 'percentile-99.9') FROM (
              SELECT run_id, tare.fn.merge(struct(*)) OVER (PARTITION BY tensor ORDER BY run_id) AS s
              FROM tare.statistics
              WHERE channel IS NULL AND tensor = 'x' AND run_id LIKE 'day-%')
            ORDER BY run_id
            """);
    assertThat(rows)
        .extracting(row -> row.getLong(1))
        .containsExactly((long) DailyRuns.VALUES, 2L * DailyRuns.VALUES);
    Row merged =
        one(
            "SELECT tare.fn.scale(struct(*), 'int8', 'percentile-99.9') FROM merged.statistics"
                + " WHERE tensor = 'x' AND channel IS NULL");
    assertThat(rows.get(1).getFloat(2)).isEqualTo(merged.getFloat(0));
  }

  @Test
  void channelsOfOneAxisMergeToTheirUnion() {
    Row row =
        one(
            """
            SELECT s.count, s.min, s.max FROM (SELECT tare.fn.merge(struct(*)) AS s
            FROM merged.statistics WHERE tensor = 'x' AND channel IS NOT NULL)
            """);
    Row whole =
        one("SELECT count, min, max FROM merged.statistics WHERE tensor = 'x' AND channel IS NULL");
    assertThat(row).isEqualTo(whole);
  }

  @Test
  void quantilesLieBetweenTheExtremesAndMeetThePercentileRange() {
    Row row =
        one(
            """
            SELECT tare.fn.quantile(s, 0), min, tare.fn.quantile(s, 1), max,
              tare.fn.quantile(s, array(0.0, 0.0503, 1)),
              tare.fn.range(s, 'int8', 'percentile-89.94').low,
              tare.fn.clip_share(s, tare.fn.quantile(s, 0.0503), max)
            FROM (SELECT *, struct(*) AS s FROM merged.statistics
              WHERE tensor = 'x' AND channel IS NULL)
            """);
    assertThat(row.getFloat(0)).isEqualTo(row.getFloat(1));
    assertThat(row.getFloat(2)).isEqualTo(row.getFloat(3));
    assertThat(row.<Float>getList(4)).startsWith(row.getFloat(1)).endsWith(row.getFloat(3));
    assertThat(row.<Float>getList(4).get(1)).isCloseTo(row.getFloat(5), within(1e-4f));
    assertThat(row.getDouble(6)).isCloseTo(0.0503, within(1e-6));
  }

  @Test
  void histogramConservesTheFiniteValues() {
    List<Row> rows =
        sql(
            """
            SELECT count(*), sum(b.count), min(b.lower), max(b.upper), any_value(total),
              any_value(min), any_value(max)
            FROM (SELECT tensor, channel, count - nans - pos_infs - neg_infs AS total, min, max,
                explode(tare.fn.histogram(struct(*), 40)) AS b FROM merged.statistics)
            GROUP BY tensor, channel
            """);
    assertThat(rows).hasSize(16);
    for (Row row : rows) {
      assertThat(row.getLong(0)).isEqualTo(40);
      assertThat(row.getLong(1)).isEqualTo(row.getLong(4));
      assertThat((float) row.getDouble(2)).isEqualTo(row.getFloat(5));
      assertThat((float) row.getDouble(3)).isEqualTo(row.getFloat(6));
    }
    List<Row> laidOver =
        sql(
            """
            SELECT tare.fn.histogram(struct(*), 4, -1, 1) FROM tare.statistics
            WHERE tensor = 'x' AND channel IS NULL AND run_id LIKE 'day-%'
            """);
    assertThat(laidOver.stream().map(row -> edges(row.getList(0))).distinct())
        .containsExactly(List.of(-1.0, -0.5, 0.0, 0.5));
  }

  private static List<Double> edges(List<Row> bins) {
    return bins.stream().map(bin -> bin.getDouble(0)).toList();
  }

  @Test
  void dequantizeGivesTheWeightsThatTheIntegersStandFor() {
    assertThat(one("SELECT tare.fn.dequantize(-5, 0.25, 3)").getFloat(0)).isEqualTo(-2f);
    List<Row> constants =
        sql(
            """
            SELECT t.tensor, t.scales, t.zero_points, t.shape, t.axis, w.data,
              tare.fn.dequantize(w.data, w.offset, struct(t.*))
            FROM tare.tensors t JOIN tare.weights w USING (run_id, tensor)
            WHERE t.type = 'int8'
            """);
    assertThat(constants).extracting(row -> row.getString(0)).containsExactlyInAnyOrder("w1", "w2");
    for (Row row : constants) {
      byte[] codes = row.getAs(5);
      List<Float> real = row.getList(6);
      assertThat(real).hasSize(codes.length);
      List<Long> shape = row.getList(3);
      for (int i = 0; i < codes.length; i++) {
        int channel = (int) (row.getInt(4) == 0 ? i / shape.get(1) : i % shape.get(1));
        float scale = row.<Float>getList(1).get(channel);
        int zeroPoint = row.<Integer>getList(2).get(channel);
        assertThat(real.get(i)).isEqualTo((codes[i] - zeroPoint) * scale);
      }
    }
  }

  @Test
  void nullGivesNullAndSoDoesATensorThatSawNothing() {
    Row row =
        one(
            """
            SELECT tare.fn.scale(s, 'int8'), tare.fn.scale(t, NULL), tare.fn.quantile(s, 0.5),
              tare.fn.histogram(s, 3), tare.fn.sqnr(t, 'int8', NULL), tare.fn.dequantize(NULL, 1, 0),
              tare.fn.clip_share(t, NULL, 1)
            FROM (SELECT if(channel > 99, struct(*), NULL) AS s, struct(*) AS t
              FROM merged.statistics WHERE tensor = 'x' AND channel = 0)
            """);
    for (int i = 0; i < row.length(); i++) {
      assertThat(row.get(i)).as("column " + i).isNull();
    }
    assertThat(one("SELECT tare.fn.merge(struct(*)) FROM tare.statistics WHERE false").get(0))
        .isNull();
    String nothing =
        """
        named_struct('mantissa_bits', 10, 'count', 2L, 'zeros', 0L, 'nans', 2L, 'pos_infs', 0L,
          'neg_infs', 0L, 'min', CAST(NULL AS FLOAT), 'max', CAST(NULL AS FLOAT),
          'bin', CAST(array() AS ARRAY<INT>), 'bin_count', CAST(array() AS ARRAY<BIGINT>))
        """;
    Row empty =
        one(
            """
            SELECT tare.fn.scale(s, 'int8'), tare.fn.quantile(s, 0.5), tare.fn.sqnr(s, 'int8'),
              tare.fn.clip_share(s, -1, 1), tare.fn.merge(s).count, tare.fn.histogram(s, 3)
            FROM (SELECT %s AS s) GROUP BY s
            """
                .formatted(nothing));
    assertThat(empty.isNullAt(0) && empty.isNullAt(1)).isTrue();
    assertThat(empty.isNullAt(2) && empty.isNullAt(3)).isTrue();
    assertThat(empty.getLong(4)).isEqualTo(2);
    assertThat(empty.getList(5)).isEmpty();
  }

  @Test
  void typesAndMethodsAreListedWhereOneIsUnknown() {
    String from = " FROM merged.statistics WHERE tensor = 'x' AND channel IS NULL";
    assertThatThrownBy(() -> sql("SELECT tare.fn.scale(struct(*), 'int9')" + from))
        .isInstanceOf(AnalysisException.class)
        .hasNoCause()
        .hasMessageStartingWith("fn.scale: Unknown type 'int9': expected one of int4, uint4, int8,")
        .hasMessageContaining("the words symmetric, narrow, reduced may follow");
    assertThatThrownBy(() -> sql("SELECT tare.fn.sqnr(struct(*), 'int8', 'percentil')" + from))
        .isInstanceOf(AnalysisException.class)
        .hasMessageStartingWith("fn.sqnr: Unknown range selection method 'percentil' (did you mean")
        .hasMessageContaining(String.join(", ", RangeSelector.NAMES));
    assertThatThrownBy(() -> sql("SELECT tare.fn.sqnr(struct(*), 'byte', 0.1, 0)" + from))
        .hasMessageStartingWith("fn.sqnr: Unknown type 'byte'");
    assertThatThrownBy(() -> sql("SELECT tare.fn.scale(struct(*), concat('int', count))" + from))
        .hasStackTraceContaining("fn.scale of tensor 'x': Unknown type 'int");
    assertThatThrownBy(() -> sql("SELECT tare.fn.quantile(struct(*), 1.5)" + from))
        .hasStackTraceContaining("fn.quantile of tensor 'x': Invalid quantile 1.5: must be in");
    assertThatThrownBy(() -> sql("SELECT tare.fn.histogram(struct(*), 0)" + from))
        .hasStackTraceContaining("fn.histogram of tensor 'x': Invalid number of bins: 0");
    assertThatThrownBy(() -> sql("SELECT tare.fn.clip_share(struct(*), 'int8', -1, 0)" + from))
        .hasStackTraceContaining("fn.clip_share of tensor 'x': Invalid scale: -1.0");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "scale(1, 'int8')|fn.scale: statistics are a struct with the columns",
        "scale(struct(count), 'int8')|lacks the column 'mantissa_bits'; it has count",
        "scale(struct(*), 8)|argument 2 must be a type, a text such as 'int8' or 'uint8 symmetric'",
        "scale(struct(*), 'int8', 99.9)|argument 3 must be a method, a text such as 'percentile-99",
        "scale(struct(*))|fn.scale: takes 2 to 3 arguments, not 1. Usage: scale(statistics, type",
        "clip_share(struct(*), 1)|fn.clip_share: takes 3 arguments, not 2",
        "histogram(struct(*), 1, 2)|fn.histogram: takes 2 or 4 arguments, not 3",
        "dequantize(data, 0, 1)|the third argument must be a struct with the columns type, shape",
      })
  void wrongArgumentsAreRefusedBeforeAnyRowIsRead(String call, String message) {
    String from = call.startsWith("dequantize") ? " FROM tare.weights" : " FROM merged.statistics";
    assertThatThrownBy(() -> LocalSpark.spark().sql("SELECT tare.fn." + call + from))
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "channel IS NULL|Cannot merge rows of tensors ",
        "tensor = 'x'|Cannot merge the row of the whole tensor with rows of its channels",
      })
  void mergeRefusesWhatIsNotTheSame(String where, String message) {
    assertThatThrownBy(
            () -> sql("SELECT tare.fn.merge(struct(*)) FROM tare.statistics WHERE " + where))
        .hasStackTraceContaining("fn.merge")
        .hasStackTraceContaining(message);
    // EXCEPT is of Spark 4.
    String others =
        Stream.of(LocalSpark.spark().table("tare.statistics").columns())
            .filter(column -> !column.equals("model_sha256"))
            .collect(Collectors.joining(", "));
    assertThatThrownBy(
            () ->
                sql(
                    "SELECT tare.fn.merge(struct(if(run_id = 'day-02', 'a', 'b') AS model_sha256, "
                        + others
                        + ")) FROM tare.statistics WHERE tensor = 'x' AND channel IS NULL"))
        .hasStackTraceContaining("Cannot merge rows of models ");
  }

  @Test
  void equalCallsAreEqualToSpark() {
    List<Row> rows =
        sql(
            """
            SELECT tare.fn.scale(s, 'int8', 'mse'), count(*)
            FROM (SELECT struct(*) AS s FROM merged.statistics WHERE channel IS NULL)
            GROUP BY tare.fn.scale(s, 'int8', 'mse')
            """);
    assertThat(rows).hasSize(2);
  }

  @Test
  void everyTypeIsAccepted() {
    for (QuantType type : QuantType.values()) {
      if (type.learned()) {
        continue;
      }
      Row row =
          one(
              "SELECT tare.fn.scale(struct(*), '%s') FROM merged.statistics".formatted(type)
                  + " WHERE tensor = 'x' AND channel IS NULL");
      assertThat(row.getFloat(0)).as(type.name()).isPositive();
    }
  }

  @Test
  void functionsAndTablesCanBeListed() {
    assertThat(sql("SHOW TABLES IN tare"))
        .extracting(row -> row.getString(1))
        .containsExactlyInAnyOrderElementsOf(RunTables.NAMES);
    assertThat(sql("SHOW NAMESPACES IN tare"))
        .extracting(row -> row.getString(0))
        .containsExactly("fn");
    for (String table : RunTables.NAMES) {
      assertThat(sql("DESCRIBE tare." + table))
          .isNotEmpty()
          .allSatisfy(row -> assertThat(row.getString(2)).as(table + row).isNotEmpty());
    }
    for (String change : List.of("DROP TABLE tare.statistics", "CREATE TABLE tare.own (x INT)")) {
      assertThatThrownBy(() -> sql(change))
          .hasMessageContaining("Catalog 'tare' cannot be changed");
    }
    assertThatThrownBy(() -> sql("SELECT tare.fn.nothing(1)"))
        .hasMessageContaining("tare`.`fn`.`nothing");
    assertThatThrownBy(() -> sql("SELECT * FROM tare.nothing"))
        .hasMessageContaining("tare`.`nothing");
  }

  @Test
  void whereSparkHasNoProceduresACatalogThatShallHaveThemIsRefused() {
    assumeThat(LocalSpark.spark().version()).as("Spark 4 has procedures").startsWith("3.");
    SparkSession spark = LocalSpark.spark();
    spark.conf().set("spark.sql.catalog.calls", "dev.tare.jobs.sql.TareCatalog");
    spark.conf().set("spark.sql.catalog.calls.procedures", "true");
    assertThatThrownBy(() -> sql("SHOW TABLES IN calls"))
        .hasMessage(
            "Spark 3.5 has no procedures (CALL): leave out spark.sql.catalog.calls.procedures, and"
                + " use the subcommands of tare; functions and tables are there");
    spark.conf().set("spark.sql.catalog.calls.procedures", "false");
    assertThat(sql("SHOW NAMESPACES IN calls"))
        .extracting(row -> row.getString(0))
        .containsExactly("fn");
  }
}
