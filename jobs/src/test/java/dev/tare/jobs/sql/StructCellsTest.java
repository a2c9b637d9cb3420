package dev.tare.jobs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.table.StatisticsTable;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A query reads from a row what the pipeline reads from it, or refuses it for the same reason. */
class StructCellsTest {

  private static final Statistics STATISTICS = statistics();

  private static Statistics statistics() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    observer.observe(FloatBuffer.wrap(new float[] {-3, -.25f, 0, .5f, 7}), Shape.of(5, 1));
    SampleOrigin origin = SampleOrigin.of(new byte[32]).at("file:/d.parquet", OptionalLong.of(3));
    return observer
        .statistics()
        .whole()
        .orElseThrow()
        .heldBy(Optional.of(origin), Optional.empty());
  }

  private static Dataset<Row> table() {
    return LocalSpark.spark()
        .createDataFrame(
            StatisticsTable.toRows(StatisticsBlock.ofWhole("x", STATISTICS), "run", "ab"),
            StatisticsTable.SCHEMA);
  }

  private static Statistics ofStruct(Row row, StructType type) {
    InternalRow struct =
        (InternalRow) CatalystTypeConverters.createToCatalystConverter(type).apply(row);
    return StatisticsColumns.of(type).statistics(struct);
  }

  @Test
  void bothKindsOfRowsGiveTheSameState() {
    Row row = table().head();
    assertThat(StatisticsTable.toStatistics(row)).isEqualTo(STATISTICS);
    assertThat(ofStruct(row, row.schema())).isEqualTo(STATISTICS);
  }

  @Test
  void columnsThatFollowFromOthersNeedNotBeThere() {
    Row row =
        table()
            .drop("format_version", "lower", "upper", "min_file", "min_row")
            .withColumn("max_sample", functions.lit(7))
            .head();
    Statistics read = ofStruct(row, row.schema());
    assertThat(read.histogram()).isEqualTo(STATISTICS.histogram());
    assertThat(read.minSample()).contains(SampleOrigin.of(new byte[32]));
    assertThat(read.maxSample()).as("a column of another type is another").isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "format_version|9|format version 9, only 1 to 2 are known",
        "mantissa_bits|CAST(NULL AS INT)|'bin' is there, but 'mantissa_bits' is null",
        "bin|CAST(NULL AS ARRAY<INT>)|'bin' is null, but 'mantissa_bits' is 10",
        "bin_count|transform(bin_count, (n, i) -> if(i = 1, NULL, n))|'bin_count' has a null at 1",
        "lower|transform(lower, e -> CAST(e * 2 AS FLOAT))|'lower' of bin ",
        "upper|slice(upper, 1, 2)|4 bins, but 2 in 'upper'",
        "min_sample|CAST(NULL AS STRING)|the place of a sample without 'min_sample'",
        "count|count + 1|Invalid statistics: count 6 vs zeros 1",
      })
  void bothRefuseTheSameForTheSameReason(String column, String change, String reason) {
    Row row = table().withColumn(column, functions.expr(change)).head();
    Throwable ofRow = catchThrowable(() -> StatisticsTable.toStatistics(row));
    Throwable ofStruct = catchThrowable(() -> ofStruct(row, row.schema()));
    assertThat(ofStruct)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(reason);
    assertThat(ofRow)
        .isInstanceOf(TareException.class)
        .hasMessage("Cannot read statistics of tensor 'x': " + ofStruct.getMessage());
  }

  @Test
  void countThatIsNullIsRefused() {
    Row row = table().withColumn("zeros", functions.expr("CAST(NULL AS BIGINT)")).head();
    assertThat(List.of(catchThrowable(() -> ofStruct(row, row.schema())).getMessage()))
        .containsExactly("'zeros' is null");
    assertThat(catchThrowable(() -> StatisticsTable.toStatistics(row)))
        .hasMessage("Cannot read statistics of tensor 'x': 'zeros' is null");
  }
}
