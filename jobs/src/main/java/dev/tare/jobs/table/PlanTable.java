package dev.tare.jobs.table;

import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.UnclippedRange;
import dev.tare.engine.quant.Codebook;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The plan as a table, format version 6: one row per tensor and channel, with {@code channel} null
 * for a tensor with a single scale, one row with a {@code reason} for a tensor that stays float,
 * and one without a scale for an activation whose scale is computed at run time. For a tensor in
 * blocks, {@code channel} counts the blocks, row-major in the shape of the scales. Version 2 has no
 * {@code target}; its plans are for the default one. Version 3 has no {@code placement}, which is
 * null where the recipe alone decided. Version 4 has no {@code codebook}, the numbers of a learned
 * type by code, before the scale. Version 5 has none of the columns from {@code min_max_low} on,
 * which compare the tensor with the range of all its values; they are null where that was chosen,
 * or is not known.
 */
public final class PlanTable {

  public static final int FORMAT_VERSION = 6;

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("recipe", DataTypes.StringType, false)
          .add("target", DataTypes.StringType, false)
          .add("placement", DataTypes.StringType, true)
          .add("tensor", DataTypes.StringType, false)
          .add("role", DataTypes.StringType, false)
          .add("format", DataTypes.StringType, false)
          .add("quantized", DataTypes.BooleanType, false)
          .add("reason", DataTypes.StringType, true)
          .add("consumers", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("type", DataTypes.StringType, false)
          .add("symmetric", DataTypes.BooleanType, false)
          .add("narrow_range", DataTypes.BooleanType, false)
          .add("reduce_range", DataTypes.BooleanType, false)
          .add("method", DataTypes.StringType, false)
          .add("decided_by", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, true)
          .add("block_size", DataTypes.IntegerType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add("low", DataTypes.FloatType, true)
          .add("high", DataTypes.FloatType, true)
          .add("scale", DataTypes.FloatType, true)
          .add("zero_point", DataTypes.IntegerType, true)
          .add("clipped_share", DataTypes.DoubleType, true)
          .add("expected_sqnr_db", DataTypes.DoubleType, true)
          .add("codebook", DataTypes.createArrayType(DataTypes.FloatType, false), true)
          .add("min_max_low", DataTypes.FloatType, true)
          .add("min_max_high", DataTypes.FloatType, true)
          .add("min_max_sqnr_db", DataTypes.DoubleType, true)
          .add("chosen_sqnr_db", DataTypes.DoubleType, true)
          .add("clipped_channels", DataTypes.IntegerType, true)
          .add("farthest_channels", DataTypes.createArrayType(DataTypes.IntegerType, false), true);

  private PlanTable() {}

  /**
   * The rows of one tensor, by channel, each made when it is asked for.
   *
   * @param recipe name of the plan's recipe
   * @param target what the plan is for
   * @param placement name of the target's placement; "" if the recipe alone decided
   * @param modelSha256 the model that the plan was made for
   */
  public static Stream<Row> rows(
      TensorPlan tensor,
      String recipe,
      String target,
      String placement,
      String modelSha256,
      String runId) {
    int scales = tensor.channels().size();
    return IntStream.range(scales == 0 ? -1 : 0, scales)
        .mapToObj(c -> row(recipe, target, placement, modelSha256, runId, tensor, c));
  }

  private static Row row(
      String recipe,
      String target,
      String placement,
      String modelSha256,
      String runId,
      TensorPlan tensor,
      int c) {
    ScaleColumns scales = tensor.channels();
    boolean perChannel = tensor.axis().isPresent();
    UnclippedRange all = scales.unclipped().orElse(null);
    return RowFactory.create(
        FORMAT_VERSION,
        runId,
        modelSha256,
        recipe,
        target,
        placement.isEmpty() ? null : placement,
        tensor.tensor(),
        tensor.role().name().toLowerCase(Locale.ROOT),
        tensor.format().name().toLowerCase(Locale.ROOT),
        tensor.quantized(),
        tensor.floatReason().orElse(null),
        tensor.consumers().toArray(new String[0]),
        tensor.type().name().toLowerCase(Locale.ROOT),
        tensor.target().symmetric(),
        tensor.target().narrowRange(),
        tensor.target().reduceRange(),
        tensor.method(),
        tensor.decidedBy(),
        perChannel ? tensor.axis().getAsInt() : null,
        tensor.granularity().blockSize().isPresent()
            ? tensor.granularity().blockSize().getAsInt()
            : null,
        perChannel && c >= 0 ? c : null,
        c < 0 ? null : scales.low(c),
        c < 0 ? null : scales.high(c),
        c < 0 ? null : scales.scale(c),
        c < 0 ? null : scales.zeroPoint(c),
        c < 0 ? null : scales.clippedShare(c),
        c < 0 ? null : scales.expectedSqnrDb(c),
        c < 0 ? null : scales.params(c).codebook().map(PlanTable::numbers).orElse(null),
        all == null ? null : all.range().low(),
        all == null ? null : all.range().high(),
        all == null ? null : all.expectedSqnrDb(),
        all == null ? null : all.chosenSqnrDb(),
        all == null || all.clippedChannels().isEmpty() ? null : all.clippedChannels().getAsInt(),
        all == null || all.clippedChannels().isEmpty()
            ? null
            : all.farthest().stream().map(UnclippedRange.Channel::channel).toArray(Integer[]::new));
  }

  private static Float[] numbers(Codebook table) {
    Float[] numbers = new Float[table.size()];
    for (int code = 0; code < numbers.length; code++) {
      numbers[code] = table.decode(code);
    }
    return numbers;
  }
}
