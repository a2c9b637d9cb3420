package dev.tare.jobs.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalSpark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightStoreTest {
  private static final TensorPlan WEIGHT = plan(Role.WEIGHT, QuantType.INT8);
  private static final TensorPlan BIAS = plan(Role.BIAS, QuantType.INT32);

  @TempDir private java.nio.file.Path folder;

  private static TensorPlan plan(Role role, QuantType type) {
    return new TensorPlan(
        "shared",
        role,
        Format.QDQ,
        List.of("node"),
        Optional.empty(),
        Optional.of(Shape.of(2)),
        new Target(type, true, false, false),
        "min-max",
        "recipe",
        Granularity.perTensor(),
        ScaleColumns.of(new ChannelPlan(new Range(-1, 1), new QuantParams(type, 1, 0), 0, 0)));
  }

  private static Row row(TensorPlan plan, int slice, long offset, int... data) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return RowFactory.create(
        WeightTables.FORMAT_VERSION,
        "run",
        plan.tensor(),
        plan.role().name().toLowerCase(Locale.ROOT),
        slice,
        offset,
        bytes);
  }

  private Map<ConstantKey, ByteBuffer> read(Row... rows) throws IOException {
    Path table = new Path(folder.resolve("t" + System.nanoTime()).toUri());
    LocalSpark.spark()
        .createDataFrame(List.of(rows), WeightTables.WEIGHTS_SCHEMA)
        .coalesce(1)
        .write()
        .parquet(table.toString());
    return WeightStore.read(
        new Configuration(), table, List.of(WEIGHT, BIAS), ByteBuffer::allocate);
  }

  @Test
  void aTensorThatIsWeightAndBiasHasTheIntegersOfBoth() throws IOException {
    Map<ConstantKey, ByteBuffer> codes =
        read(row(BIAS, 1, 4, 5, 6, 7, 8), row(WEIGHT, 0, 0, -1, -2), row(BIAS, 0, 0, 1, 2, 3, 4));
    assertThat(codes.get(ConstantKey.of(WEIGHT)).array()).containsExactly(-1, -2);
    assertThat(codes.get(ConstantKey.of(BIAS)).array()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
  }

  @Test
  void aTableThatIsNotEachByteOnceIsRefusedByItsTensor() {
    Row weight = row(WEIGHT, 0, 0, -1, -2);
    Row bias = row(BIAS, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    refused("bias 'shared': its slices have 0 bytes, but the plan gives 8", weight);
    refused("bias 'shared': slice 1 begins at 5", weight, row(BIAS, 0, 0, 1), row(BIAS, 1, 5, 1));
    refused("weight 'shared': slice 0 has 2 bytes at 1", row(WEIGHT, 0, 1, 1, 2), bias);
    refused("weight 'shared': slice 0 has 2 bytes at -1", row(WEIGHT, 0, -1, 1, 2), bias);
    refused("weight 'shared': slice 0 has 0 bytes", row(WEIGHT, 0, 0), bias);
    refused("weight 'shared': slice 0 at 0 occurs twice", weight, weight, bias);
    refused(
        "weight 'shared': slice 1 begins at 1, where slice 1 must begin at 2",
        row(WEIGHT, 0, 0, 1, 2),
        row(WEIGHT, 1, 1, 2),
        bias);
  }

  private void refused(String message, Row... rows) {
    assertThatThrownBy(() -> read(rows))
        .isInstanceOf(TareException.class)
        .hasMessageStartingWith("The table of weights contradicts the plan about the " + message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
