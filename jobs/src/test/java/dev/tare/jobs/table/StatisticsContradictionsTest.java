package dev.tare.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every column of a row of statistics, changed in every way that makes it untrue. */
class StatisticsContradictionsTest {
  private static final long SEED = 20261126;
  private static final float[] VALUES = {
    -3,
    -1.5f,
    -.25f,
    0,
    0,
    .5f,
    1,
    2,
    7,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY
  };

  @TempDir java.nio.file.Path folder;

  private final Random random = new Random(SEED);
  private final StructType nullable = nullable();

  private static StructType nullable() {
    StructType type = new StructType();
    for (StructField field : StatisticsTable.SCHEMA.fields()) {
      type = type.add(field.name(), field.dataType(), true);
    }
    return type;
  }

  private static Object[] row() {
    Observer observer = Observer.create("x", ObserverOptions.ofWhole());
    observer.observe(FloatBuffer.wrap(VALUES), Shape.of(VALUES.length, 1));
    SampleOrigin origin = SampleOrigin.of(new byte[32]).at("file:/d.parquet", OptionalLong.of(3));
    Statistics statistics =
        observer
            .statistics()
            .whole()
            .orElseThrow()
            .heldBy(Optional.of(origin), Optional.of(origin));
    Row row = StatisticsTable.toRows(StatisticsBlock.ofWhole("x", statistics), "run", "ab").get(0);
    Object[] cells = new Object[row.length()];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = list(row.get(i));
    }
    return cells;
  }

  private static Object list(Object cell) {
    List<Object> list = new ArrayList<>();
    if (cell instanceof int[] ints) {
      Arrays.stream(ints).forEach(list::add);
    } else if (cell instanceof long[] longs) {
      Arrays.stream(longs).forEach(list::add);
    } else if (cell instanceof float[] floats) {
      for (float value : floats) {
        list.add(value);
      }
    } else {
      return cell;
    }
    return list;
  }

  /** Untrue values by column. */
  private Map<String, List<Object>> untrue(Object[] cells) {
    Map<String, List<Object>> untrue = new LinkedHashMap<>();
    untrue.put("format_version", Arrays.asList(null, 0, -1, 3, Integer.MAX_VALUE));
    untrue.put("run_id", Arrays.asList((Object) null));
    untrue.put("model_sha256", Arrays.asList((Object) null));
    untrue.put("tensor", Arrays.asList(null, ""));
    untrue.put("axis", Arrays.asList(0, -1, 9));
    untrue.put("channel", Arrays.asList(0, -1, Integer.MAX_VALUE));
    untrue.put("mantissa_bits", Arrays.asList(null, -1, 0, 3, 24, Integer.MAX_VALUE));
    for (String count : List.of("count", "zeros", "nans", "pos_infs", "neg_infs")) {
      untrue.put(
          count, Arrays.asList(null, -5L, 3L + VALUES.length, Long.MAX_VALUE, Long.MIN_VALUE));
    }
    untrue.put("min", Arrays.asList(null, Float.NaN, Float.NEGATIVE_INFINITY, -4f, 9f));
    untrue.put("max", Arrays.asList(null, Float.NaN, Float.POSITIVE_INFINITY, 9f, -4f));
    for (String name : List.of("bin", "lower", "upper", "bin_count")) {
      List<?> list = (List<?>) cells[StatisticsTable.SCHEMA.fieldIndex(name)];
      int at = random.nextInt(list.size());
      untrue.put(
          name,
          new ArrayList<>(
              Arrays.asList(
                  null,
                  List.of(),
                  list.subList(1, list.size()),
                  with(list, at, null),
                  with(list, at, more(list.get(at))))));
      if (!name.equals("bin_count")) {
        List<Object> reversed = new ArrayList<>(list);
        Collections.reverse(reversed);
        untrue.get(name).add(reversed);
      }
    }
    List<?> counts = (List<?>) cells[StatisticsTable.SCHEMA.fieldIndex("bin_count")];
    untrue.get("bin_count").add(with(counts, 0, 0L));
    untrue.get("bin_count").add(with(counts, 0, -1L));
    untrue.get("bin_count").add(with(with(counts, 0, Long.MAX_VALUE), 1, Long.MAX_VALUE));
    for (String extreme : List.of("min", "max")) {
      untrue.put(extreme + "_sample", Arrays.asList(null, "", "xyz", "A".repeat(64)));
      untrue.put(extreme + "_file", Arrays.asList(null, ""));
      untrue.put(extreme + "_row", Arrays.asList(-1L, Long.MIN_VALUE));
    }
    return untrue;
  }

  private static Object more(Object number) {
    return number instanceof Integer i
        ? (Object) (i + 1)
        : number instanceof Long n ? (Object) (n + 1) : (Object) ((Float) number + 1);
  }

  private static List<Object> with(List<?> list, int at, Object value) {
    List<Object> changed = new ArrayList<>(list);
    changed.set(at, value);
    return changed;
  }

  @Test
  void noUntrueCellPassesAndEachIsNamedByItsTensor() throws IOException {
    Object[] cells = row();
    List<Row> rows = new ArrayList<>(List.of(RowFactory.create(cells.clone())));
    List<String> changes = new ArrayList<>(List.of("none"));
    untrue(cells)
        .forEach(
            (column, values) ->
                values.forEach(
                    value -> {
                      Object[] changed = cells.clone();
                      changed[StatisticsTable.SCHEMA.fieldIndex(column)] = value;
                      rows.add(RowFactory.create(changed));
                      changes.add(column + " = " + value);
                    }));
    assertThat(untrue(cells).keySet())
        .containsExactlyInAnyOrder(StatisticsTable.SCHEMA.fieldNames());
    List<Row> read = LocalSpark.spark().createDataFrame(rows, nullable).collectAsList();
    List<Row> local = local(rows);
    assertThat(local).hasSameSizeAs(read);
    assertThat(StatisticsTable.toStatistics(local.get(0)))
        .isEqualTo(StatisticsTable.toStatistics(read.get(0)));

    assertThat(StatisticsTable.toStatistics(read.get(0)).count()).isEqualTo(VALUES.length);
    for (int i = 1; i < read.size(); i++) {
      Row row = read.get(i);
      String what = "seed %d, %s".formatted(SEED, changes.get(i));
      Throwable failure = catchThrowable(() -> StatisticsTable.toStatistics(row));
      assertThat(failure).as(what).isInstanceOf(TareException.class);
      assertThat(((TareException) failure).exitCode()).as(what).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(failure)
          .as(what)
          .hasMessageStartingWith(
              "Cannot read statistics of tensor '%s'".formatted(row.<String>getAs("tensor")));
      Row same = local.get(i);
      assertThatThrownBy(() -> StatisticsTable.toStatistics(same))
          .as(what)
          .isInstanceOf(TareException.class)
          .hasMessage(failure.getMessage());
    }
  }

  /** The rows as this JVM reads them from a file. */
  private List<Row> local(List<Row> rows) throws IOException {
    Path table = new Path(folder.resolve("table").toUri());
    LocalSpark.spark()
        .createDataFrame(rows, nullable)
        .coalesce(1)
        .write()
        .parquet(table.toString());
    List<Row> read = new ArrayList<>();
    LocalParquet.forEach(table, nullable, SparkJobs.hadoop(LocalSpark.spark()), read::add);
    return read;
  }
}
