package dev.tare.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.UnclippedRange;
import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.engine.tensor.SampleOrigin;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** Rows as they are documented, column by column. */
class TablesTest {

  private static List<Object> cells(Row row) {
    List<Object> cells = new ArrayList<>();
    for (int i = 0; i < row.length(); i++) {
      Object cell = row.get(i);
      cells.add(
          cell instanceof int[] ints
              ? Arrays.stream(ints).boxed().toList()
              : cell instanceof long[] longs
                  ? Arrays.stream(longs).boxed().toList()
                  : cell instanceof float[] floats
                      ? list(floats)
                      : cell instanceof Object[] objects ? Arrays.asList(objects) : cell);
    }
    return cells;
  }

  private static List<Float> list(float... floats) {
    List<Float> list = new ArrayList<>();
    for (float f : floats) {
      list.add(f);
    }
    return list;
  }

  private static List<StatisticsBlock> observed(ChannelMode mode) {
    Observer observer = Observer.create("t", new ObserverOptions(1, mode, 1, OptionalInt.of(-1)));
    observer.observe(
        FloatBuffer.wrap(new float[] {-1.25f, 0, Float.NaN, 1.1f, Float.POSITIVE_INFINITY, 1.1f}),
        Shape.of(3, 2));
    return observer.statistics().toBlocks();
  }

  @Test
  void statisticsOfAWholeTensor() {
    List<Row> rows = StatisticsTable.toRows(observed(ChannelMode.NONE).get(0), "run", "ab");
    assertThat(rows).hasSize(1);
    assertThat(cells(rows.get(0)))
        .containsExactly(
            2,
            "run",
            "ab",
            "t",
            null,
            null,
            1,
            6L,
            1L,
            1L,
            1L,
            0L,
            -1.25f,
            1.1f,
            List.of(-255, 254),
            list(-1.5f, 1),
            list(-1, 1.5f),
            List.of(1L, 2L),
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(StatisticsTable.columns()).hasSize(rows.get(0).length());
  }

  @Test
  void statisticsOfATensorNameTheSamplesOfItsExtremes() {
    SampleOrigin low = SampleOrigin.of(new byte[32]).at("f", OptionalLong.of(7));
    SampleOrigin high = SampleOrigin.of(new byte[32]).at("g", OptionalLong.empty());
    Statistics held =
        observed(ChannelMode.NONE).get(0).rows().get(0).heldBy(Optional.of(low), Optional.of(high));
    Row row = StatisticsTable.toRows(StatisticsBlock.ofWhole("t", held), "run", "ab").get(0);
    assertThat(cells(row).subList(18, 24))
        .containsExactly("00".repeat(32), "f", 7L, "00".repeat(32), "g", null);
    assertThat(StatisticsTable.columns().subList(18, 24))
        .containsExactly("min_sample", "min_file", "min_row", "max_sample", "max_file", "max_row");
  }

  @Test
  void statisticsOfChannels() {
    List<Row> rows = StatisticsTable.toRows(observed(ChannelMode.HISTOGRAM).get(1), "run", "ab");
    assertThat(rows).hasSize(2);
    assertThat(cells(rows.get(0)))
        .containsExactly(
            2,
            "run",
            "ab",
            "t",
            1,
            0,
            1,
            3L,
            0L,
            1L,
            1L,
            0L,
            -1.25f,
            -1.25f,
            List.of(-255),
            list(-1.5f),
            list(-1),
            List.of(1L),
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(cells(rows.get(1)))
        .containsExactly(
            2,
            "run",
            "ab",
            "t",
            1,
            1,
            1,
            3L,
            1L,
            0L,
            0L,
            0L,
            0f,
            1.1f,
            List.of(254),
            list(1),
            list(1.5f),
            List.of(2L),
            null,
            null,
            null,
            null,
            null,
            null);
    Row extremes =
        StatisticsTable.toRows(observed(ChannelMode.EXTREMES).get(1), "run", "ab").get(1);
    assertThat(cells(extremes))
        .containsExactly(
            2, "run", "ab", "t", 1, 1, null, 3L, 1L, 0L, 0L, 0L, 0f, 1.1f, null, null, null, null,
            null, null, null, null, null, null);
  }

  private static TensorPlan plan(
      String name,
      Role role,
      Optional<String> reason,
      Shape shape,
      OptionalInt axis,
      float... scales) {
    QuantType type = role == Role.ACTIVATION ? QuantType.UINT8 : QuantType.INT8;
    List<ChannelPlan> channels = new ArrayList<>();
    for (float scale : scales) {
      QuantParams params = new QuantParams(type, scale, 7);
      channels.add(new ChannelPlan(new Range(-1, scale), params, .25, 40));
    }
    return new TensorPlan(
        name,
        role,
        Format.QDQ,
        List.of("n1", "n2"),
        reason,
        role == Role.ACTIVATION ? Optional.empty() : Optional.of(shape),
        new Target(type, role == Role.WEIGHT, role == Role.WEIGHT, false),
        "min-max",
        "rule 1",
        new Granularity(axis, OptionalInt.empty()),
        ScaleColumns.of(channels));
  }

  private static TensorPlan weight(long... dims) {
    return plan("w", Role.WEIGHT, Optional.empty(), Shape.of(dims), OptionalInt.of(1), .5f, .25f);
  }

  @Test
  void planHasARowPerScaleAndOneForATensorThatStaysFloat() {
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "ab",
            "cd",
            List.of(
                plan("f", Role.ACTIVATION, Optional.of("NaN"), Shape.SCALAR, OptionalInt.empty()),
                weight(3, 2),
                plan(
                    "x", Role.ACTIVATION, Optional.empty(), Shape.SCALAR, OptionalInt.empty(), 2)));
    List<Row> rows =
        plan.tensors().stream()
            .flatMap(
                t ->
                    PlanTable.rows(
                        t, plan.recipe(), plan.target(), "outputs", plan.modelSha256(), "run"))
            .toList();
    List<String> nodes = List.of("n1", "n2");
    assertThat(rows).hasSize(4).allMatch(row -> row.length() == PlanTable.SCHEMA.length());
    assertThat(cells(rows.get(0)))
        .containsExactly(
            6,
            "run",
            "ab",
            "int8",
            "onnxruntime",
            "outputs",
            "f",
            "activation",
            "qdq",
            false,
            "NaN",
            nodes,
            "uint8",
            false,
            false,
            false,
            "min-max",
            "rule 1",
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(cells(rows.get(1)))
        .containsExactly(
            6,
            "run",
            "ab",
            "int8",
            "onnxruntime",
            "outputs",
            "w",
            "weight",
            "qdq",
            true,
            null,
            nodes,
            "int8",
            true,
            true,
            false,
            "min-max",
            "rule 1",
            1,
            null,
            0,
            -1f,
            .5f,
            .5f,
            7,
            .25,
            40.0,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(cells(rows.get(2)).subList(18, 24)).containsExactly(1, null, 1, -1f, .25f, .25f);
    assertThat(cells(rows.get(3)))
        .containsExactly(
            6,
            "run",
            "ab",
            "int8",
            "onnxruntime",
            "outputs",
            "x",
            "activation",
            "qdq",
            true,
            null,
            nodes,
            "uint8",
            false,
            false,
            false,
            "min-max",
            "rule 1",
            null,
            null,
            null,
            -1f,
            2f,
            2f,
            7,
            .25,
            40.0,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
  }

  @Test
  void whatTheRangeOfAllValuesWouldGiveIsInTheRows() {
    TensorPlan plan =
        plan("x", Role.ACTIVATION, Optional.empty(), Shape.SCALAR, OptionalInt.empty(), 2);
    ScaleColumns compared =
        plan.channels()
            .with(
                new UnclippedRange(
                    new Range(-1, 24),
                    20.5,
                    40,
                    OptionalInt.of(3),
                    List.of(new UnclippedRange.Channel(99, new Range(0, 24), 31, 12))));
    TensorPlan mse =
        new TensorPlan(
            plan.tensor(),
            plan.role(),
            plan.format(),
            plan.consumers(),
            Optional.empty(),
            Optional.empty(),
            plan.target(),
            "mse",
            "recipe",
            plan.granularity(),
            compared);
    Row row = PlanTable.rows(mse, "r", "t", "", "m", "run").toList().get(0);
    int from = PlanTable.SCHEMA.fieldIndex("min_max_low");
    assertThat(cells(row).subList(from, row.length()))
        .containsExactly(-1f, 24f, 20.5, 40.0, 3, List.of(99));
  }

  @Test
  void tableOfALearnedTypeIsInItsRow() {
    float[] numbers = new float[16];
    for (int code = 0; code < numbers.length; code++) {
      numbers[code] = (code - 8) / 8f;
    }
    QuantParams params = new QuantParams(QuantType.CODEBOOK4, .5f, 0).with(new Codebook(numbers));
    TensorPlan plan =
        new TensorPlan(
            "w",
            Role.WEIGHT,
            Format.GATHER,
            List.of("n1"),
            Optional.empty(),
            Optional.of(Shape.of(3, 2)),
            new Target(QuantType.CODEBOOK4, true, false, false),
            "min-max",
            "rule 1",
            Granularity.perTensor(),
            ScaleColumns.of(new ChannelPlan(new Range(-.5f, .5f), params, 0, 20)));
    List<Row> rows = PlanTable.rows(plan, "r", "t", "", "m", "run").toList();
    assertThat(rows).hasSize(1);
    assertThat((Float[]) rows.get(0).get(PlanTable.SCHEMA.fieldIndex("codebook")))
        .containsExactly(
            -1f, -.875f, -.75f, -.625f, -.5f, -.375f, -.25f, -.125f, 0f, .125f, .25f, .375f, .5f,
            .625f, .75f, .875f);
  }

  @Test
  void weightsAreCutIntoSlicesBySizeAlone() {
    int most = WeightTables.MAX_SLICE_BYTES;
    assertThat(WeightTables.slices(weight(3, 2))).containsExactly(new WeightTables.Slice(0, 0, 6));
    assertThat(WeightTables.slices(weight(most / 2, 2)))
        .containsExactly(new WeightTables.Slice(0, 0, most));
    assertThat(WeightTables.slices(weight(most + 1, 2)))
        .containsExactly(
            new WeightTables.Slice(0, 0, most),
            new WeightTables.Slice(1, most, most),
            new WeightTables.Slice(2, 2L * most, 2));
    assertThat(WeightTables.slices(weight(1L << 32, 2)))
        .hasSize(1024)
        .last()
        .isEqualTo(new WeightTables.Slice(1023, 1023L * most, most));
    assertThat(WeightTables.slices(weight(0, 2))).isEmpty();
  }

  @Test
  void constantHasARow() {
    Row row = WeightTables.tensorRow(weight(3, 2), "run", "ab");
    assertThat(row.length()).isEqualTo(WeightTables.TENSORS_SCHEMA.length());
    assertThat(cells(row))
        .containsExactly(
            2,
            "run",
            "ab",
            "w",
            "weight",
            "int8",
            List.of(3L, 2L),
            1,
            null,
            list(.5f, .25f),
            List.of(7, 7),
            6L,
            1);
  }
}
