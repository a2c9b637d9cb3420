package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.append;
import static dev.tare.jobs.input.LocalSpark.hashes;
import static dev.tare.jobs.input.LocalSpark.spark;
import static dev.tare.jobs.input.LocalSpark.table;
import static dev.tare.jobs.input.LocalSpark.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetSourceTest {

  private static final ModelInputs MATRIX =
      ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.fixed(2), Dim.unknown()));

  private static final ModelInputs MASKED =
      ModelInputs.of(
          InputSpec.of("input_ids", DType.INT64, Dim.symbol("s")),
          InputSpec.of("attention_mask", DType.INT64, Dim.symbol("s")),
          InputSpec.of("boxes", DType.INT64, Dim.symbol("s"), Dim.fixed(2)));

  @TempDir Path folder;

  private static DataSource open(String uri, ModelInputs inputs) {
    return DescribedData.open(spark(), DescribedData.of(uri, inputs));
  }

  private static Sample only(Dataset<Row> rows) {
    List<Row> all = rows.collectAsList();
    assertThat(all).hasSize(1);
    assertThat((String) all.get(0).getAs(SampleRows.ERROR)).isNull();
    Sample sample = Sample.decode(all.get(0).getAs(SampleRows.SAMPLE));
    assertThat((byte[]) all.get(0).getAs(SampleRows.HASH)).isEqualTo(Sample.hash(sample.encode()));
    assertThat((String) all.get(0).getAs(SampleRows.SHAPE_KEY)).isEqualTo(sample.shapeKey());
    return sample;
  }

  private static byte[] littleEndian(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  @Test
  void nestedListsBinaryWithShapeAndFixedBinaryGiveTheSameSample() {
    Tensor expected = Tensor.ofFloats(Shape.of(2, 2), 1, 2, 3, 4);
    Row lists = RowFactory.create((Object) List.of(List.of(1f, 2f), List.of(3f, 4f)));
    String a = write(table("x array<array<float>>", lists), folder.resolve("a"), 1);
    assertThat(only(open(a, MATRIX).rows()).inputs()).containsEntry("x", expected);

    String query = "sql:SELECT array(array(1f, 2f), array(3f, 4f)) AS x";
    assertThat(only(open(query, MATRIX).rows()).inputs()).containsEntry("x", expected);

    Row binary = RowFactory.create(littleEndian(1, 2, 3, 4), List.of(2, 2));
    String b = write(table("x binary, x_shape array<int>", binary), folder.resolve("b"), 1);
    assertThat(only(open(b, MATRIX).rows()).inputs()).containsEntry("x", expected);

    ModelInputs fixed =
        ModelInputs.of(InputSpec.of("x", DType.FLOAT32, Dim.fixed(2), Dim.fixed(2)));
    Row bare = RowFactory.create((Object) littleEndian(1, 2, 3, 4));
    String c = write(table("x binary", bare), folder.resolve("c"), 1);
    assertThat(only(open(c, fixed).rows()).inputs()).containsEntry("x", expected);
  }

  @Test
  void everyLosslessElementTypeIsConverted() {
    ModelInputs inputs =
        ModelInputs.of(
            InputSpec.of("a", DType.INT64, Dim.unknown()),
            InputSpec.of("b", DType.INT32, Dim.unknown()),
            InputSpec.of("c", DType.BOOL, Dim.unknown()),
            InputSpec.of("d", DType.FLOAT64, Dim.unknown()),
            InputSpec.of("e", DType.UINT8),
            InputSpec.of("f", DType.FLOAT64));
    Row row =
        RowFactory.create(
            List.of((short) 7, (short) -7),
            List.of(Integer.MAX_VALUE + 0L),
            List.of(true, false),
            List.of(0.1),
            (byte) 100,
            0.5f);
    String uri =
        write(
            table(
                "a array<smallint>, b array<bigint>, c array<boolean>, d array<double>,"
                    + " e tinyint, f float, other date",
                RowFactory.create(
                    row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5), null)),
            folder.resolve("t"),
            1);
    Map<String, Tensor> got = only(open(uri, inputs).rows()).inputs();
    assertThat(got).containsEntry("a", Tensor.ofLongs(Shape.of(2), 7, -7));
    assertThat(got.get("b").bytes().getInt(0)).isEqualTo(Integer.MAX_VALUE);
    assertThat(got.get("c").bytes().get(0)).isEqualTo((byte) 1);
    assertThat(got.get("d").bytes().getDouble(0)).isEqualTo(0.1);
    assertThat(got.get("e").bytes().get(0)).isEqualTo((byte) 100);
    assertThat(got.get("e").shape()).isEqualTo(Shape.SCALAR);
    assertThat(got.get("f").bytes().getDouble(0)).isEqualTo(0.5);
  }

  @Test
  void paddingOnTheRightIsTrimmedAlongEveryAxisOfTheMasksName() {
    Row padded =
        RowFactory.create(
            List.of(5L, 6L, 0L),
            List.of(1, 1, 0),
            List.of(List.of(1, 2), List.of(3, 4), List.of(0, 0)));
    Row bare =
        RowFactory.create(List.of(5L, 6L), List.of(1, 1), List.of(List.of(1, 2), List.of(3, 4)));
    String ddl = "input_ids array<bigint>, attention_mask array<int>, boxes array<array<int>>";
    String a = write(table(ddl, padded), folder.resolve("padded"), 1);
    String b = write(table(ddl, bare), folder.resolve("bare"), 1);
    assertThat(only(open(a, MASKED).rows())).isEqualTo(only(open(b, MASKED).rows()));
  }

  @Test
  void maskInTheMiddleOrOnTheLeftOrEmptyOrNotBinaryIsRefusedAndCounted() {
    String ddl = "input_ids array<bigint>, attention_mask array<int>, boxes array<array<int>>";
    Dataset<Row> rows =
        table(
            ddl,
            masked(List.of(0, 1)),
            masked(List.of(0, 0)),
            masked(List.of(1, 2)),
            masked(List.of(1, 0)));
    String uri = append(rows, folder.resolve("masks"));
    InputReport report = open(uri, MASKED).report();
    assertThat(report.rows()).isEqualTo(4);
    assertThat(report.samples()).isEqualTo(1);
    assertThat(report.bad()).isEqualTo(Map.of(Reason.ATTENTION_MASK, 3L));
    assertThat(report.first().get(Reason.ATTENTION_MASK).error())
        .isEqualTo(
            "input 'attention_mask' is 0 at element 0 and 1 at element 1;"
                + " only padding on the right can be trimmed");
    assertThatThrownBy(() -> report.check(0))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "3 of 4 rows of "
                + uri
                + " do not fit (--max-bad-rows 0): input 'attention_mask' is 0 at element 0")
        .hasMessageContaining("(3 attention-mask, first: ")
        .hasMessageEndingWith(".parquet, row 0)");
    report.check(3);
  }

  private static Row masked(List<Integer> mask) {
    return RowFactory.create(List.of(1L, 2L), mask, List.of(List.of(1, 1), List.of(1, 1)));
  }

  @Test
  void everyKindOfBadRowIsCountedWithItsReasonAndPosition() {
    List<List<Float>> withNull = Arrays.asList(Arrays.asList(1f, null), List.of(1f, 2f));
    Dataset<Row> rows =
        table(
            "x array<array<float>>",
            RowFactory.create((Object) List.of(List.of(1f), List.of(2f))),
            RowFactory.create((Object) List.of(List.of(1f), List.of(Float.NaN))),
            RowFactory.create((Object) List.of(List.of(Float.NEGATIVE_INFINITY), List.of(2f))),
            RowFactory.create((Object) null),
            RowFactory.create((Object) withNull),
            RowFactory.create((Object) List.of(List.of(1f, 2f), List.of(2f))),
            RowFactory.create((Object) List.of(List.of(1f))),
            RowFactory.create((Object) List.of()),
            RowFactory.create((Object) List.of(List.of(), List.of())));
    InputReport report = open(append(rows, folder.resolve("bad")), MATRIX).report();
    assertThat(report.rows()).isEqualTo(9);
    assertThat(report.samples()).isEqualTo(1);
    assertThat(report.bad())
        .isEqualTo(
            Map.of(
                Reason.NAN_IN_INPUT, 1L,
                Reason.INFINITY_IN_INPUT, 1L,
                Reason.NULL, 2L,
                Reason.RAGGED, 1L,
                Reason.SHAPE, 1L,
                Reason.EMPTY, 2L));
    assertFirst(report, Reason.NAN_IN_INPUT, 1, "input 'x' contains NaN at element 1");
    assertFirst(report, Reason.INFINITY_IN_INPUT, 2, "input 'x' contains infinity at element 0");
    assertFirst(report, Reason.NULL, 3, "input 'x' is null or contains a null");
    assertFirst(
        report, Reason.RAGGED, 5, "input 'x' is ragged: lists of 2 and of 1 values at depth 1");
    assertFirst(
        report, Reason.SHAPE, 6, "input 'x' is FLOAT32 [1, 1] but the model wants FLOAT32 [2, ?]");
    assertFirst(report, Reason.EMPTY, 7, "input 'x' has no elements");
  }

  private static void assertFirst(InputReport report, Reason reason, long row, String error) {
    assertThat(report.first().get(reason).row()).hasValue(row);
    assertThat(report.first().get(reason).error()).isEqualTo(error);
  }

  @Test
  void binaryOfAnotherLengthAndIntegersOutOfRangeAndUnknownTokensAreBad() {
    Row longer = RowFactory.create(littleEndian(1, 2, 3), List.of(2L, 1L));
    Row negative = RowFactory.create(littleEndian(1, 2), List.of(-2L, -1L));
    String uri =
        append(table("x binary, x_shape array<bigint>", longer, negative), folder.resolve("l"));
    InputReport report = open(uri, MATRIX).report();
    assertThat(report.bad()).isEqualTo(Map.of(Reason.SHAPE, 2L));
    assertFirst(
        report, Reason.SHAPE, 0, "input 'x' has 12 bytes but shape [2, 1] of FLOAT32 takes 8");

    ModelInputs ids = ModelInputs.of(InputSpec.of("input_ids", DType.INT32, Dim.unknown()));
    String tokens =
        append(
            table(
                "input_ids array<bigint>",
                RowFactory.create((Object) List.of(3_000_000_000L)),
                RowFactory.create((Object) List.of(99L)),
                RowFactory.create((Object) List.of(100L))),
            folder.resolve("tokens"));
    InputReport refused =
        DescribedData.open(spark(), DescribedData.of(tokens, ids).withVocabularySize(100)).report();
    assertThat(refused.bad()).isEqualTo(Map.of(Reason.RANGE, 1L, Reason.TOKEN_ID, 1L));
    assertFirst(
        refused, Reason.RANGE, 0, "input 'input_ids' contains 3000000000, which exceeds INT32");
    assertFirst(
        refused,
        Reason.TOKEN_ID,
        2,
        "input 'input_ids' contains token id 100 but the model's vocabulary has 100 rows");
  }

  @Test
  void selectionIsTheSameForAnyFilesAndOrder() {
    Row[] rows = new Row[50];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = RowFactory.create((Object) List.of(List.of(i % 40 + 0f), List.of(1f)));
    }
    List<List<String>> selected =
        List.of(1, 2, 7).stream()
            .map(
                files -> {
                  Dataset<Row> table = table("x array<array<float>>", rows);
                  String uri = write(table, folder.resolve("files" + files), files);
                  DataSource source = open(uri, MATRIX);
                  assertThat(source.report().rowsPerFile()).hasSize(files);
                  return hashes(Sampling.select(source.rows(), OptionalLong.of(20)));
                })
            .toList();
    assertThat(selected.get(0)).hasSize(20);
    assertThat(selected.get(1)).isEqualTo(selected.get(0));
    assertThat(selected.get(2)).isEqualTo(selected.get(0));
  }

  @Tag("slow")
  @Test
  void rowsOfManyBytesAreReadInSmallerBatches() {
    String key = "spark.sql.parquet.columnarReaderBatchSize";
    String before = spark().conf().get(key);
    float[] values = new float[2 * 100_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.37f;
    }
    Row row = RowFactory.create(littleEndian(values), List.of(2, 100_000));
    try {
      String uri = append(table("x binary, x_shape array<int>", row), folder.resolve("large"));
      DataSource source = open(uri, MATRIX);
      assertThat(Long.parseLong(spark().conf().get(key))).isBetween(70L, 90L);
      assertThat(source.report().samples()).isEqualTo(1);
    } finally {
      spark().conf().set(key, before);
    }
  }
}
